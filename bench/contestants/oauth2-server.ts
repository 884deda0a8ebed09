// @node-oauth/oauth2-server on Express: client_credentials for an access token that is an ES256 JWT. Nothing is stored: the token
// carries what there is to know.
//
//   PORT=… KEY='{private JWK}' CLIENT_SECRET=… node oauth2-server.ts

import { createPrivateKey } from 'node:crypto';
import { env } from 'node:process';
import OAuth2Server from '@node-oauth/oauth2-server';
import express from 'express';
import helmet from 'helmet';
import jwt from 'jsonwebtoken';
import { AUDIENCE, CLIENT_ID, SCOPE } from './names.ts';

const port = Number(env['PORT']);
const key = createPrivateKey({ key: JSON.parse(env['KEY'] ?? ''), format: 'jwk' });
const LIFETIME_SECONDS = 300;

const CLIENT: OAuth2Server.Client = { id: CLIENT_ID, grants: ['client_credentials'] };

const server = new OAuth2Server({
  model: {
    getClient: async (id, secret) => id === CLIENT_ID && secret === env['CLIENT_SECRET'] && CLIENT,
    getUserFromClient: async (client) => ({ id: client.id }),
    validateScope: async (_user, _client, scope) => (scope?.includes(SCOPE) ? [SCOPE] : false),
    generateAccessToken: async (client, _user, scope) =>
      jwt.sign({ client_id: client.id, scope: scope.join(' ') }, key, {
        algorithm: 'ES256',
        issuer: `http://127.0.0.1:${port}`,
        audience: AUDIENCE,
        subject: client.id,
        expiresIn: LIFETIME_SECONDS,
      }),
    saveToken: async (token, client, user) => ({ ...token, client, user }),
    getAccessToken: async () => false,
  },
  accessTokenLifetime: LIFETIME_SECONDS,
});

const app = express();
app.disable('x-powered-by');
app.use(helmet());
app.post('/token', express.urlencoded({ extended: false }), (request, response) => {
  const answer = new OAuth2Server.Response(response);
  const send = () => {
    const { headers, status, body } = answer;
    response
      .set(headers)
      .status(status ?? 500)
      .json(body);
  };
  // Express 5 hands a rejection on to its error handler.
  return server.token(new OAuth2Server.Request(request), answer).then(send);
});
app.listen(port, '127.0.0.1');

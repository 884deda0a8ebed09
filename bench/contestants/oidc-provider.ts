// oidc-provider: client_credentials for an access token that is an ES256 JWT, by resource indicators. Nothing is stored.
//
//   PORT=… KEY='{private JWK}' CLIENT_SECRET=… node oidc-provider.ts

import { env } from 'node:process';
import { Provider } from 'oidc-provider';
import { AUDIENCE, CLIENT_ID, SCOPE } from './names.ts';

const port = Number(env['PORT']);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: env['CLIENT_SECRET'] ?? '',
      grant_types: ['client_credentials'],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  jwks: { keys: [JSON.parse(env['KEY'] ?? '')] },
  cookies: { keys: [env['CLIENT_SECRET'] ?? ''] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => AUDIENCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: SCOPE,
        audience: AUDIENCE,
        accessTokenTTL: 300,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});
provider.listen(port, '127.0.0.1');

// The peers that answer client_credentials with a signed token: oidc-provider and @node-oauth/oauth2-server.

import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { AUDIENCE, CLIENT_ID, SCOPE } from '../contestants/names.ts';
import { freePort } from '../../test/support/ports.ts';
import type { HttpRequest } from '../load/request.ts';
import { type Contestant, json, require } from './contestant.ts';
import { FLOORS } from './floors.ts';
import { newSampleKey, verifiedClaims } from './keys.ts';

const CONTESTANTS = fileURLToPath(new URL('../contestants', import.meta.url));

function tokenRequest(secret: string): HttpRequest {
  const credentials = Buffer.from(`${CLIENT_ID}:${secret}`).toString('base64');
  return {
    method: 'POST',
    path: '/token',
    headers: {
      authorization: `Basic ${credentials}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      'user-agent': 'sample-practice-software/1.0',
    },
    body: `grant_type=client_credentials&scope=${encodeURIComponent(SCOPE)}`,
  };
}

async function createOauthPeer(peer: { name: string; file: string; about: string }): Promise<Contestant> {
  const key = newSampleKey();
  const secret = randomBytes(32).toString('hex');
  const request = tokenRequest(secret);
  return {
    ...peer,
    port: await freePort(),
    args: [`${CONTESTANTS}/${peer.file}`],
    cwd: CONTESTANTS,
    env: { KEY: key.text, CLIENT_SECRET: secret },
    probe: request,
    probe_status: 200,
    shares_load_core: false,
    cases: [
      {
        name: peer.name,
        kind: 'mint',
        floor: FLOORS.sign,
        status: 200,
        once: false,
        requests: async () => [request],
        check: async (answer) => {
          require(answer.status === 200, 'refused', answer);
          const { access_token, token_type } = json(answer);
          require(token_type === 'Bearer', 'no bearer token', answer);
          const { aud, client_id, scope } = await verifiedClaims(access_token, key);
          require(aud === AUDIENCE && client_id === CLIENT_ID && scope === SCOPE, 'another token', answer);
        },
      },
    ],
    close: async () => undefined,
  };
}

export const createOidcProvider = () =>
  createOauthPeer({
    name: 'oidc-provider',
    file: 'oidc-provider.ts',
    about:
      'client_credentials with client_secret_basic, an ES256 JWT access token by resource indicators, development interactions off; no log, nothing on disk, no user',
  });

export const createOauth2Server = () =>
  createOauthPeer({
    name: '@node-oauth/oauth2-server',
    file: 'oauth2-server.ts',
    about:
      'client_credentials with client_secret_basic on Express with helmet, an ES256 JWT by jsonwebtoken; no log, nothing on disk, no user',
  });

// The floors of floor.ts as contestants.

import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { freePort } from '../../test/support/ports.ts';
import type { HttpRequest } from '../load/request.ts';
import { type Case, type Contestant, json, require } from './contestant.ts';
import { newSampleKey, type SampleKey, verifiedClaims } from './keys.ts';
import { mintRequest, REDIRECT_PATH } from './sample.ts';

export const FLOORS = { json: 'raw', sign: 'raw + sign', verify: 'raw + verify' } as const;

/** A floor for nobody: how near to the one of a mint anything can come that has its rows on disk. */
export const ROWS_FLOOR = 'raw + sign + rows on disk';

const CONTESTANTS = fileURLToPath(new URL('../contestants', import.meta.url));

/** Of the length of a real one's ids and secrets. */
const CALLER = {
  partner_id: `ptr_${'0'.repeat(32)}`,
  partner_secret: `hps_${'A'.repeat(38)}`,
  organization_id: `org_${'0'.repeat(32)}`,
  organization_secret: `hos_${'A'.repeat(38)}`,
};

const USERS = Array.from({ length: 1000 }, (_, index) => `usr_${String(index).padStart(32, '0')}`);

/** Claims as long as those of an sso_token. */
async function signedTokens({ text }: SampleKey): Promise<string[]> {
  const key = createPrivateKey({ key: JSON.parse(text), format: 'jwk' });
  return Promise.all(
    USERS.map((user_id) =>
      new SignJWT({ org: CALLER.organization_id, client_id: CALLER.partner_id, redirect_path: REDIRECT_PATH })
        .setProtectedHeader({ alg: 'ES256', kid: `key_${'0'.repeat(32)}`, typ: 'sso+jwt' })
        .setIssuer('http://localhost:8787')
        .setAudience('http://localhost:8787')
        .setSubject(user_id)
        .setJti(`sso_${'0'.repeat(32)}`)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(key),
    ),
  );
}

async function requestsOf(mode: keyof typeof FLOORS, key: SampleKey): Promise<HttpRequest[]> {
  if (mode !== 'verify') return USERS.map((user_id) => mintRequest(CALLER, user_id));
  const tokens = await signedTokens(key);
  return tokens.map((token) => ({
    ...mintRequest(CALLER, USERS[0] ?? ''),
    body: JSON.stringify({ token, redirect: REDIRECT_PATH }),
  }));
}

export async function createFloor(mode: keyof typeof FLOORS): Promise<Contestant> {
  const key = newSampleKey();
  const requests = await requestsOf(mode, key);
  const only: Case = {
    name: FLOORS[mode],
    kind: 'floor',
    status: 200,
    once: false,
    requests: async () => requests,
    check: async (answer, request) => {
      require(answer.status === 200, 'refused', answer);
      const body = json(answer);
      const claims = mode === 'sign' ? await verifiedClaims(body['token'], key) : body;
      const user_id = mode === 'verify' ? claims['sub'] : claims['user_id'];
      const asked = mode === 'verify' ? user_id : request.headers['x-user-id'];
      require(typeof user_id === 'string' && user_id === asked, 'another user', answer);
      require(claims['redirect_path'] === REDIRECT_PATH, 'another path', answer);
    },
  };
  return {
    name: FLOORS[mode],
    about: 'node:http by itself, headers and JSON in and out, node:crypto; no log, no database',
    port: await freePort(),
    args: [`${CONTESTANTS}/floor.ts`, mode],
    cwd: CONTESTANTS,
    env: { KEY: key.text },
    probe: requests[0] ?? mintRequest(CALLER, ''),
    probe_status: 200,
    shares_load_core: false,
    cases: [only],
    close: async () => undefined,
  };
}

/** The floor of a mint with its look-ups and its two rows. */
export async function createRowsFloor(folder: string): Promise<Contestant> {
  const floor = await createFloor('sign');
  return {
    ...floor,
    name: ROWS_FLOOR,
    about:
      'node:http, five look-ups, a signature, and two rows in a durable commit for what comes in one turn of the event loop, straight on better-sqlite3 with the schema of Handoff; no framework, no checks, no log',
    args: [`${CONTESTANTS}/floor-with-rows.ts`],
    env: { ...floor.env, DATABASE: join(folder, 'floor.db') },
    cases: floor.cases.map((one) => ({ ...one, name: ROWS_FLOOR })),
  };
}

// better-auth's one-time tokens as a contestant: `generate` with a session's cookies, `verify` of a token.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getMigrations } from 'better-auth/db/migration';
import BetterSqlite3 from 'better-sqlite3';
import { createAuth } from '../contestants/better-auth-config.ts';
import { freePort } from '../../test/support/ports.ts';
import { gather } from '../load/gather.ts';
import type { HttpAnswer, HttpRequest } from '../load/request.ts';
import { type Contestant, type Field, json, require } from './contestant.ts';
import { FLOORS } from './floors.ts';
import { BROWSER } from './sample.ts';

const CONTESTANTS = fileURLToPath(new URL('../contestants', import.meta.url));
const USERS = 50;

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

/** Makes the tables and `USERS` users; returns what a sign-in of each of them is. */
async function fill(settings: Parameters<typeof createAuth>[0]): Promise<HttpRequest[]> {
  const auth = createAuth(settings);
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
  const password = randomBytes(16).toString('hex');
  const sign_ins: HttpRequest[] = [];
  for (let index = 0; index < USERS; index += 1) {
    const email = `pat.provider.${index}@clinic.example`;
    await auth.api.signUpEmail({ body: { email, password, name: `Pat Provider ${index}` } });
    const body = JSON.stringify({ email, password });
    sign_ins.push({
      method: 'POST',
      path: '/api/auth/sign-in/email',
      headers: { ...JSON_HEADERS, origin: settings.base_url },
      body,
    });
  }
  auth.options.database.close();
  return sign_ins;
}

function generateRequest(signed_in: HttpAnswer): HttpRequest {
  require(signed_in.status === 200, 'not signed in', signed_in);
  const cookie = signed_in.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  const headers = { cookie, accept: 'application/json', 'user-agent': BROWSER['user-agent'] };
  return { method: 'GET', path: '/api/auth/one-time-token/generate', headers };
}

function verifyRequest(answer: HttpAnswer): HttpRequest {
  require(answer.status === 200, 'no token', answer);
  const headers = { ...JSON_HEADERS, 'user-agent': BROWSER['user-agent'] };
  return { method: 'POST', path: '/api/auth/one-time-token/verify', headers, body: answer.body };
}

function checkGenerated(answer: HttpAnswer): void {
  require(answer.status === 200, 'refused', answer);
  const { token } = json(answer);
  require(typeof token === 'string' && /^[\w-]{32}$/.test(token), 'no token', answer);
}

function checkVerified(answer: HttpAnswer): void {
  require(answer.status === 200, 'refused', answer);
  const { user } = json(answer);
  require(typeof user === 'object' && user !== null && 'email' in user, 'no user', answer);
  require(answer.headers.get('set-cookie')?.includes('session_token=') === true, 'no session', answer);
}

export async function createBetterAuth({ folder }: Field): Promise<Contestant> {
  const port = await freePort();
  const [database, secret] = [join(folder, 'better-auth.db'), randomBytes(32).toString('base64')];
  const sign_ins = await fill({ database, secret, base_url: `http://127.0.0.1:${port}` });
  const db = new BetterSqlite3(database, { readonly: true });
  const count = db.prepare<[], number>('SELECT count(*) FROM verification').pluck();
  // The cookies' cache lasts five minutes: each round signs in anew.
  const generate = async () => (await gather(port, sign_ins)).map(generateRequest);
  const verify = async (wanted: number) => {
    const requests = await generate();
    const asked = Array.from({ length: wanted }, (_, index) => requests[index % requests.length]);
    return (
      await gather(
        port,
        asked.filter((one) => one !== undefined),
      )
    ).map(verifyRequest);
  };
  return {
    name: 'better-auth',
    about:
      'one-time-token plugin on node:http, better-sqlite3 (WAL), cookie cache on, rate limit and telemetry off; no log, 50 users',
    port,
    args: [`${CONTESTANTS}/better-auth.ts`],
    cwd: CONTESTANTS,
    env: { DATABASE: database, SECRET: secret },
    probe: { method: 'GET', path: '/api/auth/ok', headers: {} },
    probe_status: 200,
    shares_load_core: false,
    cases: [
      {
        name: 'better-auth generate',
        kind: 'mint',
        floor: FLOORS.sign,
        status: 200,
        once: false,
        requests: generate,
        check: checkGenerated,
        countRows: async () => count.get() ?? 0,
      },
      {
        name: 'better-auth verify',
        kind: 'redeem',
        floor: FLOORS.verify,
        status: 200,
        once: true,
        requests: verify,
        check: checkVerified,
      },
    ],
    close: async () => void db.close(),
  };
}

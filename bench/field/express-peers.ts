// The two that people write themselves with Express and better-sqlite3: a mint, and a check of a session cookie.

import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { AUDIENCE, SESSION_COOKIE } from '../contestants/names.ts';
import { freePort } from '../../test/support/ports.ts';
import type { HttpRequest } from '../load/request.ts';
import { type Contestant, type Field, json, require } from './contestant.ts';
import { FLOORS } from './floors.ts';
import { newSampleKey, verifiedClaims } from './keys.ts';
import { BROWSER, mintRequest, REDIRECT_PATH, type SampleCaller } from './sample.ts';

const CONTESTANTS = fileURLToPath(new URL('../contestants', import.meta.url));
const USERS = 1000;
const SESSIONS = 500;

const MINT_TABLES = `
  CREATE TABLE partners (partner_id TEXT PRIMARY KEY, name TEXT, secret_hash TEXT);
  CREATE TABLE organizations (organization_id TEXT PRIMARY KEY, partner_id TEXT REFERENCES partners, name TEXT, secret_hash TEXT);
  CREATE TABLE users (user_id TEXT PRIMARY KEY, organization_id TEXT REFERENCES organizations, email TEXT, active INTEGER);
  CREATE TABLE audit (id TEXT PRIMARY KEY, at TEXT, action TEXT, partner_id TEXT, organization_id TEXT, user_id TEXT, jti TEXT);
`;

function sha256(secret: string, encoding: 'hex' | 'base64url'): string {
  return createHash('sha256').update(secret).digest(encoding);
}

function fillMint(db: BetterSqlite3.Database): { caller: SampleCaller; user_ids: string[] } {
  const caller = {
    partner_id: crypto.randomUUID(),
    partner_secret: randomBytes(24).toString('hex'),
    organization_id: crypto.randomUUID(),
    organization_secret: randomBytes(24).toString('hex'),
  };
  const { partner_id, organization_id } = caller;
  const user_ids = Array.from({ length: USERS }, () => crypto.randomUUID());
  db.exec(MINT_TABLES);
  db.transaction(() => {
    db.prepare('INSERT INTO partners VALUES (?, ?, ?)').run(partner_id, 'Sample', sha256(caller.partner_secret, 'hex'));
    db.prepare('INSERT INTO organizations VALUES (?, ?, ?, ?)').run(
      organization_id,
      partner_id,
      'Sample Clinic',
      sha256(caller.organization_secret, 'hex'),
    );
    const insert = db.prepare('INSERT INTO users VALUES (?, ?, ?, 1)');
    for (const [index, user_id] of user_ids.entries())
      insert.run(user_id, organization_id, `pat.${index}@clinic.example`);
  })();
  return { caller, user_ids };
}

export async function createExpressMint({ folder }: Field): Promise<Contestant> {
  const file = join(folder, 'express-mint.db');
  const db = new BetterSqlite3(file);
  db.pragma('journal_mode = WAL');
  const { caller, user_ids } = fillMint(db);
  const key = newSampleKey();
  const requests = user_ids.map((user_id) => mintRequest(caller, user_id));
  const count = db.prepare<[], number>('SELECT count(*) FROM audit').pluck();
  return {
    name: 'Express mint',
    about:
      'as usually written: Express with helmet and morgan (to a file), better-sqlite3 (WAL, synchronous=FULL, a commit for each audit row), jsonwebtoken; 1,000 users',
    port: await freePort(),
    args: [`${CONTESTANTS}/express-mint.ts`],
    cwd: CONTESTANTS,
    env: { KEY: key.text, DATABASE: file },
    probe: mintRequest(caller, user_ids[0] ?? ''),
    probe_status: 200,
    shares_load_core: false,
    cases: [
      {
        name: 'Express mint',
        kind: 'mint',
        floor: FLOORS.sign,
        status: 200,
        once: false,
        requests: async () => requests,
        check: async (answer, request) => {
          require(answer.status === 200, 'refused', answer);
          const { aud, sub, redirect_path } = await verifiedClaims(json(answer)['token'], key);
          require(aud === AUDIENCE && redirect_path === REDIRECT_PATH, 'another token', answer);
          require(sub === request.headers['x-user-id'], 'another user', answer);
        },
        countRows: async () => count.get() ?? 0,
      },
    ],
    close: async () => void db.close(),
  };
}

function sessionRequest(session_id: string): HttpRequest {
  const headers = {
    cookie: `${SESSION_COOKIE}=${session_id}`,
    'x-forwarded-uri': REDIRECT_PATH,
    accept: BROWSER.accept,
  };
  return { method: 'GET', path: '/oauth2/auth', headers: { ...headers, 'user-agent': BROWSER['user-agent'] } };
}

export async function createExpressSession({ folder }: Field): Promise<Contestant> {
  const file = join(folder, 'express-session.db');
  const db = new BetterSqlite3(file);
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE sessions (session_hash TEXT PRIMARY KEY, user_id TEXT, email TEXT, expires_at INTEGER)');
  const insert = db.prepare('INSERT INTO sessions VALUES (?, ?, ?, ?)');
  const session_ids = Array.from({ length: SESSIONS }, () => randomBytes(32).toString('base64url'));
  const a_day_on = Date.now() + 86_400_000;
  for (const id of session_ids) insert.run(sha256(id, 'base64url'), `user-${id}`, 'pat@clinic.example', a_day_on);
  db.close();
  const requests = session_ids.map(sessionRequest);
  return {
    name: 'Express forward-auth',
    about:
      'a middleware that looks a session cookie up in better-sqlite3 (WAL); no log, no prolonging, no user or partner looked up',
    port: await freePort(),
    args: [`${CONTESTANTS}/express-session.ts`],
    cwd: CONTESTANTS,
    env: { DATABASE: file },
    probe: sessionRequest(session_ids[0] ?? ''),
    probe_status: 202,
    shares_load_core: false,
    cases: [
      {
        name: 'Express forward-auth',
        kind: 'verify',
        floor: FLOORS.json,
        status: 202,
        once: false,
        requests: async () => requests,
        check: (answer, request) => {
          const user = answer.headers.get('x-auth-request-user') ?? '';
          const session_id = request.headers['cookie']?.split('=')[1];
          require(answer.status === 202 && user === `user-${session_id}`, 'another user', answer);
        },
      },
    ],
    close: async () => undefined,
  };
}

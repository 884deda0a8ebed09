// Handoff as it is shipped, on either database: the requests of the four cases, and the checks of their answers. Tokens, sessions
// and access tokens come from the measured server itself, over HTTP.

import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { Database } from '../../src/db/database.ts';
import { firstId } from '../../src/foundation/ids.ts';
import { ask, gather } from '../load/gather.ts';
import type { HttpAnswer, HttpRequest } from '../load/request.ts';
import { type Case, type Contestant, isRecord, json, require } from './contestant.ts';
import { createSampleUsers, handoffProgram, newDeployment, openDeployment, type SampleUser } from './deployment.ts';
import { type Engine, ENGINES, type Operation, OPERATIONS } from './engines.ts';
import { FLOORS } from './floors.ts';
import { BROWSER, mintRequest, REDIRECT_PATH, type SampleCaller } from './sample.ts';

const SESSIONS = 500;

function dataOf(answer: HttpAnswer): Record<string, unknown> {
  require(answer.status === 200, 'refused', answer);
  const { success, data } = json(answer);
  require(success === true && isRecord(data), 'no success', answer);
  return data;
}

function linkRequest(answer: HttpAnswer): HttpRequest {
  const { redirect_url } = dataOf(answer);
  const url = new URL(String(redirect_url));
  return { method: 'GET', path: url.pathname + url.search, headers: BROWSER };
}

function cookieOf(answer: HttpAnswer): string {
  const cookie = /(__Host-handoff=ses_[0-9a-f]{32}\.[\w-]{43});/.exec(answer.headers.get('set-cookie') ?? '')?.[1];
  require(cookie !== undefined, 'no session cookie', answer);
  return cookie;
}

function verifyRequest(cookie: string): HttpRequest {
  const headers = { cookie, 'x-forwarded-uri': REDIRECT_PATH, 'x-forwarded-method': 'GET', accept: BROWSER.accept };
  return { method: 'GET', path: '/auth/verify', headers: { ...headers, 'user-agent': BROWSER['user-agent'] } };
}

/** The requests of the four cases, for users of a deployment. */
function handoffRequests(port: number, users: readonly SampleUser[]) {
  const mint = users.map(({ caller, user_id }) => mintRequest(caller, user_id));
  const links = async (count: number) => {
    const asked = Array.from({ length: count }, (_, index) => mint[index % mint.length]).filter(
      (one) => one !== undefined,
    );
    return (await gather(port, asked)).map(linkRequest);
  };
  const sessions = async (count: number) => {
    const answers = await gather(port, await links(count));
    return answers.map((answer) => verifyRequest(cookieOf(answer)));
  };
  const reads = async () => {
    const tokens = new Map<SampleCaller, string>();
    for (const { caller } of users) {
      if (!tokens.has(caller)) tokens.set(caller, await accessToken(port, caller));
    }
    return users.map(({ caller, user_id }) => readRequest(caller, user_id, tokens.get(caller) ?? ''));
  };
  return { mint, links, sessions, reads };
}

async function accessToken(port: number, caller: SampleCaller): Promise<string> {
  const request = mintRequest(caller, '');
  const body = JSON.stringify({ grantType: 'client_credentials' });
  return String(dataOf(await ask(port, { ...request, path: '/v1/token', body }))['accessToken']);
}

function readRequest(caller: SampleCaller, user_id: string, token: string): HttpRequest {
  const path = `/v1/organizations/${caller.organization_id}/users/${user_id}`;
  const headers = { authorization: `Bearer ${token}`, 'x-organization-secret': caller.organization_secret };
  return { method: 'GET', path, headers: { ...headers, accept: 'application/json' } };
}

/** What has to be true of the answers of the four cases. */
function handoffChecks(port: number, url: string) {
  const keys = createRemoteJWKSet(new URL(`http://127.0.0.1:${port}/.well-known/jwks.json`));
  const whose = new Map<string, string>();
  return {
    mint: async (answer: HttpAnswer, request: HttpRequest) => {
      const { sso_token, redirect_url } = dataOf(answer);
      const rules = { issuer: url, audience: url, typ: 'sso+jwt', algorithms: ['ES256'] };
      const { payload } = await jwtVerify(String(sso_token), keys, rules);
      require(payload.sub === request.headers['x-user-id'], 'another user', answer);
      require(payload['redirect_path'] === REDIRECT_PATH, 'another path', answer);
      require(new URL(String(redirect_url)).searchParams.get('token') === sso_token, 'another link', answer);
    },
    redeem: async (answer: HttpAnswer, request: HttpRequest) => {
      require(answer.status === 303 && answer.headers.get('location') === REDIRECT_PATH, 'not signed in', answer);
      const verified = await ask(port, verifyRequest(cookieOf(answer)));
      const { sub } = decodeJwt(new URLSearchParams(request.path.split('?')[1]).get('token') ?? '');
      const is_hers = sub !== undefined && verified.headers.get('x-auth-user-id') === sub;
      require(verified.status === 200 && is_hers, 'no session of this user', verified);
    },
    verify: (answer: HttpAnswer, request: HttpRequest) => {
      const user_id = answer.headers.get('x-auth-user-id');
      require(answer.status === 200 && user_id !== null, 'nobody', answer);
      const cookie = request.headers['cookie'] ?? '';
      const session_id = answer.headers.get('x-auth-session-id') ?? '';
      require(cookie.startsWith(`__Host-handoff=${session_id}.`), 'another session', answer);
      require((whose.get(cookie) ?? user_id) === user_id, 'another user than before', answer);
      whose.set(cookie, user_id);
    },
    read: (answer: HttpAnswer, request: HttpRequest) => {
      const { user_id, email } = dataOf(answer);
      require(typeof user_id === 'string' && request.path.endsWith(user_id), 'another user', answer);
      require(typeof email === 'string' && email.endsWith('@clinic.example'), 'no e-mail', answer);
    },
  };
}

/** Rows of mints and of sessions from now on: ids sort by time, so that a big table costs no more to count in than a small one. */
function rowCounts(db: Database) {
  const [first_event, first_session] = [firstId('evt', Date.now()), firstId('ses', Date.now())];
  return {
    mint: async () => {
      const query = db.selectFrom('audit_events').select((eb) => eb.fn.countAll().as('rows'));
      const minted = query.where('event_id', '>=', first_event).where('action', '=', 'sso_token.minted');
      return Number((await minted.executeTakeFirst())?.rows);
    },
    redeem: async () => {
      const query = db.selectFrom('sessions').select((eb) => eb.fn.countAll().as('rows'));
      return Number((await query.where('session_id', '>=', first_session).executeTakeFirst())?.rows);
    },
  };
}

function caseName(engine: Engine, operation: Operation): string {
  return `Handoff ${OPERATIONS[operation]}, ${ENGINES[engine]}`;
}

export function handoffCaseNames(engine: Engine): string[] {
  return [caseName(engine, 'mint'), caseName(engine, 'redeem'), caseName(engine, 'verify'), caseName(engine, 'read')];
}

/** The four cases of a deployment. */
export function handoffCases(engine: Engine, deployment: { port: number; db: Database; users: SampleUser[] }): Case[] {
  const { port, db, users } = deployment;
  const { mint, links, sessions, reads } = handoffRequests(port, users);
  const check = handoffChecks(port, `http://localhost:${port}`);
  const rows = rowCounts(db);
  let signed_in: Promise<HttpRequest[]> | undefined;
  const again = { status: 200, once: false };
  return [
    {
      name: caseName(engine, 'mint'),
      kind: 'mint',
      floor: FLOORS.sign,
      ...again,
      requests: async () => mint,
      check: check.mint,
      countRows: rows.mint,
    },
    {
      name: caseName(engine, 'redeem'),
      kind: 'redeem',
      floor: FLOORS.verify,
      status: 303,
      once: true,
      requests: links,
      check: check.redeem,
      countRows: rows.redeem,
    },
    {
      name: caseName(engine, 'verify'),
      kind: 'verify',
      floor: FLOORS.json,
      ...again,
      requests: () => (signed_in ??= sessions(SESSIONS)),
      check: check.verify,
    },
    {
      name: caseName(engine, 'read'),
      kind: 'read',
      floor: FLOORS.verify,
      ...again,
      requests: reads,
      check: check.read,
    },
  ];
}

const ABOUT: Record<Engine, string> = {
  sqlite:
    '`handoff serve`, default settings (WAL, synchronous=FULL), log at info to a file, audit on; 1,000 users, 500 sessions',
  postgres:
    '`handoff serve`, default settings, log at info to a file, audit on; PostgreSQL with fsync and synchronous_commit on, its processes on the core of the load; 1,000 users, 500 sessions',
};

/** A fresh deployment with 1,000 users of one clinic. */
export async function createHandoff(engine: Engine, database_url: string): Promise<Contestant> {
  const { port, variables } = await newDeployment(database_url);
  const db = await openDeployment(variables);
  const users = await createSampleUsers(db);
  return {
    ...handoffProgram(engine, { port, variables, users }),
    about: ABOUT[engine],
    shares_load_core: engine === 'postgres',
    cases: handoffCases(engine, { port, db, users }),
    close: () => db.destroy(),
  };
}

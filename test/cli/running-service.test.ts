// The command line beside a running service: what an operator changes holds at once, what the service did can be read.

import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  call,
  CLICK,
  cookieOf,
  EMBED_PATH,
  FRAME,
  type Link,
  mintLink,
  PATIENT_PATH,
  problemOf,
  requestSso,
  PRACTICE_ORIGIN,
} from '../support/client.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { deploymentOn, endAll, type ServerProcess, startProcess, type Variables } from '../support/processes.ts';
import type { Sample } from '../support/sample.ts';
import { Operator } from './operator.ts';

let database: TestDatabase;
let variables: Variables;
let service: ServerProcess;
let operator: Operator;
let sample: Sample;
beforeAll(async () => {
  database = await createDatabase();
  variables = await deploymentOn(database);
  service = await startProcess(variables);
  operator = new Operator(database.url);
  sample = await createEverything();
});
afterAll(async () => {
  await endAll([service]);
  await database.drop();
});

/** A partner, an organization, an integration and a user, all by the command line. */
async function createEverything(): Promise<Sample> {
  const { partner_id = '', partner_secret = '' } = await operator.json('partner', 'create', '--name', 'Practice');
  const { organization_id = '' } = await operator.json('organization', 'create', '--name', 'Clinic');
  const pair = ['--partner', partner_id, '--organization', organization_id];
  const enable = ['integration', 'enable', ...pair, '--embed-origin', PRACTICE_ORIGIN];
  const { organization_secret = '' } = await operator.json(...enable);
  const user_id = await createUser(organization_id);
  return { partner_id, partner_secret, organization_id, organization_secret, user_id };
}

let people = 0;
async function createUser(organization_id: string): Promise<string> {
  people += 1;
  const person = ['--email', `pat${people}@clinic.example`, '--given-name', 'Pat', '--family-name', 'Provider'];
  const create = ['user', 'create', '--organization', organization_id, ...person, '--role', 'provider'];
  return (await operator.json(...create))['user_id'] ?? '';
}

async function open(link: Link, headers: Record<string, string> = CLICK): Promise<string> {
  const answer = await call(service, link.path, { headers });
  if (answer.status !== 303) throw new Error(`not signed in: ${answer.status}`);
  return cookieOf(answer) ?? '';
}

async function statusOf(cookie: string): Promise<number> {
  return (await call(service, '/auth/session?embed=true', { headers: { cookie } })).status;
}

type SessionRow = { session_id: string; user_id: string; kind: string; end_reason: string | null };

describe('suspending a user', () => {
  test('ends the sessions at once, and the links that are under way', async () => {
    const own = { ...sample, user_id: await createUser(sample.organization_id) };
    const [cookie, other_cookie] = [
      await open(await mintLink(service, own)),
      await open(await mintLink(service, sample)),
    ];
    const link = await mintLink(service, own);
    expect(await statusOf(cookie)).toBe(200);

    await operator.read('user', 'suspend', own.user_id);
    expect(await statusOf(cookie)).toBe(401);
    expect(problemOf(await call(service, link.path))).toBe('user-suspended');
    expect(problemOf(await requestSso(service, own))).toBe('user-suspended');
    expect(await statusOf(other_cookie)).toBe(200);

    await operator.read('user', 'resume', own.user_id);
    expect(await statusOf(cookie)).toBe(401);
    expect(await statusOf(await open(await mintLink(service, own)))).toBe(200);
  });
});

describe('session', () => {
  test('list tells who is signed in, and revoke ends one of them', async () => {
    const own = { ...sample, user_id: await createUser(sample.organization_id) };
    const top_level = await open(await mintLink(service, own));
    const embedded = await open(await mintLink(service, own, EMBED_PATH), FRAME);
    const list = ['session', 'list', '--user', own.user_id];
    const [newest, older] = await operator.json<SessionRow[]>(...list, '--live');
    expect(newest).toMatchObject({ user_id: own.user_id, kind: 'embed', end_reason: null });
    expect(older).toMatchObject({ kind: 'top_level' });
    expect(Object.keys(newest ?? {})).not.toContain('secret_hash');

    const session_id = older?.session_id ?? '';
    expect(await operator.json('session', 'revoke', session_id)).toEqual({ session_id, changed: true });
    expect(await statusOf(top_level)).toBe(401);
    expect(await statusOf(embedded)).toBe(200);
    expect(await operator.read('session', 'revoke', '--session', session_id)).toMatch(/Was ended already/);
    expect(await operator.json(...list, '--live')).toMatchObject([{ kind: 'embed' }]);
    expect(await operator.read(...list)).toMatch(/ revoked$/m);
  });

  test('list is by organization and partner too, and goes on where the one before ended', async () => {
    const other = await createEverything();
    for (let count = 0; count < 3; count += 1) await open(await mintLink(service, other));
    for (const of of [
      ['--organization', other.organization_id],
      ['--partner', other.partner_id],
    ]) {
      const first = await operator.json<SessionRow[]>('session', 'list', ...of, '--limit', '2');
      const rest = await operator.json<SessionRow[]>(
        'session',
        'list',
        ...of,
        '--limit',
        '2',
        '--after',
        first.at(-1)?.session_id ?? '',
      );
      const all = [...first, ...rest].map((row) => row.session_id);
      expect(all).toHaveLength(3);
      expect(all).toEqual(all.toSorted().toReversed());
    }
  });

  test('of somebody or something that is not there is an error, not an empty list', async () => {
    for (const [option, sentence] of [
      ['--user', 'there is no user nobody'],
      ['--organization', 'there is no organization nobody'],
      ['--partner', 'there is no partner nobody'],
    ] as const) {
      expect(await operator.refusal('session', 'list', option, 'nobody')).toBe(`error: ${sentence}`);
    }
    expect(await operator.refusal('session', 'revoke', 'ses_1')).toBe('error: there is no session ses_1');
  });
});

describe('credential', () => {
  test('rotate leaves both secrets good, and revoke ends one', async () => {
    const own = await createEverything();
    const { partner_secret = '' } = await operator.json('credential', 'rotate', '--partner', own.partner_id);
    for (const secret of [own.partner_secret, partner_secret]) {
      expect((await requestSso(service, { ...own, partner_secret: secret })).status).toBe(200);
    }
    const [, previous] = await operator.json<{ credential_id: string; last_used_at: string | null }[]>(
      'credential',
      'list',
      '--partner',
      own.partner_id,
    );
    expect(previous?.last_used_at).toMatch(/Z$/);
    await operator.read('credential', 'revoke', previous?.credential_id ?? '');
    expect((await requestSso(service, own)).status).toBe(401);
    expect((await requestSso(service, { ...own, partner_secret })).status).toBe(200);
  });

  test('rotate without an overlap ends the present secret at once', async () => {
    const own = await createEverything();
    const pair = ['--partner', own.partner_id, '--organization', own.organization_id];
    const { organization_secret = '' } = await operator.json('credential', 'rotate', ...pair, '--overlap-hours', '0');
    expect((await requestSso(service, own)).status).toBe(401);
    expect((await requestSso(service, { ...own, organization_secret })).status).toBe(200);
  });
});

test('what an integration’s path prefixes leave out is refused', async () => {
  const own = await createEverything();
  const pair = ['--partner', own.partner_id, '--organization', own.organization_id];
  expect((await requestSso(service, own)).status).toBe(200);
  await operator.read('integration', 'enable', ...pair, '--path-prefix', '/embed');
  expect((await requestSso(service, own, { redirect_path: PATIENT_PATH })).status).toBe(400);
  expect((await requestSso(service, own, { redirect_path: EMBED_PATH })).status).toBe(200);
});

describe('key', () => {
  type KeyRow = { kid: string; state: string };

  async function statesByKid(): Promise<Map<string, string>> {
    return new Map((await operator.json<KeyRow[]>('key', 'list')).map(({ kid, state }) => [kid, state]));
  }

  test('rotate moves every key on, and the service follows without refusing a token', { timeout: 20_000 }, async () => {
    const before = await statesByKid();
    const [next = ''] = [...before].find(([, state]) => state === 'next') ?? [];
    const [active = ''] = [...before].find(([, state]) => state === 'active') ?? [];
    const link = await mintLink(service, sample);

    const with_key = new Operator(database.url, { MASTER_KEY: variables['MASTER_KEY'] ?? '' });
    expect(await with_key.json('key', 'rotate')).toEqual({ kid: next });
    const after = await statesByKid();
    expect([after.get(active), after.get(next)]).toEqual(['retiring', 'active']);
    expect([...after.values()].filter((state) => state === 'next')).toHaveLength(1);
    expect(await statusOf(await open(link))).toBe(200);

    let kid: string | undefined;
    while (kid !== next) {
      const { sso_token } = await mintLink(service, sample);
      ({ kid } = JSON.parse(Buffer.from(sso_token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string });
      if (kid !== next) await pause(250);
    }
    expect(await statusOf(await open(await mintLink(service, sample)))).toBe(200);
  });

  test('list shows no key, encrypted or not', async () => {
    const [row] = await operator.json<object[]>('key', 'list');
    expect(Object.keys(row ?? {})).toEqual([
      'kid',
      'state',
      'algorithm',
      'encryption_key_id',
      'created_at',
      'activated_at',
      'retiring_at',
    ]);
  });

  test('rotate needs the MASTER_KEY of this database, and says so', async () => {
    const without = await operator.run('key', 'rotate');
    expect(without).toMatchObject({ code: 1, stderr: expect.stringMatching(/MASTER_KEY is not set/) });
    const wrong = new Operator(database.url, {
      MASTER_KEY: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64'),
    });
    expect(await wrong.refusal('key', 'rotate')).toMatch(/MASTER_KEY .* is not the key that encrypted signing key/);
  });
});

describe('audit list', () => {
  type EventRow = { event_id: string; occurred_at: string; action: string; outcome: string; problem: string | null };

  test('filters by action, outcome, partner, organization, user, request and time', async () => {
    const own = await createEverything();
    const link = await mintLink(service, own);
    await open(link);
    const used = await call(service, link.path);
    const list = ['audit', 'list', '--user', own.user_id];
    const events = await operator.json<EventRow[]>(...list);
    expect(events.map(({ action, outcome, problem }) => [action, outcome, problem])).toEqual([
      ['sso_token.redeemed', 'refused', 'token-used'],
      ['sso_token.redeemed', 'granted', null],
      ['sso_token.minted', 'granted', null],
      ['user.created', 'granted', null],
    ]);
    const [refused, redeemed, minted] = events;

    async function found(...filter: string[]): Promise<string[]> {
      return (await operator.json<EventRow[]>(...list, ...filter)).map((event) => event.event_id);
    }
    expect(await found('--outcome', 'refused')).toEqual([refused?.event_id]);
    expect(await found('--action', 'sso_token.minted')).toEqual([minted?.event_id]);
    expect(await found('--request', used.headers.get('x-request-id') ?? '')).toEqual([refused?.event_id]);
    expect(await found('--partner', own.partner_id, '--organization', own.organization_id)).toHaveLength(3);
    expect(await found('--partner', sample.partner_id)).toEqual([]);
    expect(await found('--from', redeemed?.occurred_at ?? '')).toHaveLength(2);
    expect(await found('--until', redeemed?.occurred_at ?? '')).toHaveLength(2);
    expect(await found('--until', '2026-01-01')).toEqual([]);
  });

  test('goes on where the list before ended, newest first', async () => {
    const first = await operator.json<EventRow[]>('audit', 'list', '--limit', '3');
    const last = first.at(-1)?.event_id ?? '';
    expect(await operator.read('audit', 'list', '--limit', '3')).toMatch(`There may be more: --after ${last}\n`);
    const rest = await operator.json<EventRow[]>('audit', 'list', '--limit', '3', '--after', last);
    const ids = [...first, ...rest].map((event) => event.event_id);
    expect(ids).toEqual([...new Set(ids)].toSorted().toReversed());
    expect(ids).toHaveLength(6);
  });

  test('for people leaves out what is in the way, and keeps the request id', async () => {
    const read = await operator.read('audit', 'list', '--action', 'sso_token.redeemed', '--outcome', 'refused');
    expect(read).toMatch(/^occurred_at +actor +action +outcome +problem +partner_id/);
    expect(read).toMatch(/ token-used .* req_[0-9a-f]{32}$/m);
    expect(read).not.toMatch(/dashboard/);
  });
});

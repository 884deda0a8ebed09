// Two real processes on one database: every token raced by both, and one process after the other killed meanwhile. How a
// process starts and ends in order is in processes-life.test.ts.

import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Deps } from '../src/deps.ts';
import { call, CLICK, cookieOf, type Link, mintLink, problemOf } from './support/client.ts';
import { createDatabase, type TestDatabase } from './support/database.ts';
import {
  deploymentOn,
  endAll,
  openDeployment,
  type ServerProcess,
  startProcess,
  type Variables,
} from './support/processes.ts';
import { createSample, type Sample } from './support/sample.ts';

const TOKENS = 200;
const KILLS = 8;
const NAVIGATION = { ...CLICK, accept: 'application/json' };

let database: TestDatabase;
let variables: Variables;
let deployment: Deps & { close: () => Promise<void> };
let sample: Sample;
const started: ServerProcess[] = [];

async function start(settings: Variables = variables, port?: number): Promise<ServerProcess> {
  const server = await startProcess(settings, port);
  started.push(server);
  return server;
}

beforeAll(async () => {
  database = await createDatabase();
  variables = await deploymentOn(database);
});
afterEach(() => endAll(started));
afterAll(async () => {
  await deployment?.close();
  await database.drop();
});

/** Calls for each item, so many at a time. */
async function eachOf<Item>(
  items: readonly Item[],
  at_once: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  // One iterator that all workers draw from.
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: at_once }, worker));
}

async function mintAll(server: ServerProcess): Promise<Link[]> {
  const links: Link[] = [];
  await eachOf(Array.from({ length: TOKENS }, String), 10, async () => {
    links.push(await mintLink(server, sample));
  });
  return links;
}

const jtiOf = ({ sso_token }: Link) =>
  (JSON.parse(Buffer.from(sso_token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }).jti;

/** How many of the links have been spent, and how many sessions came of them. */
async function countOf(links: readonly Link[]): Promise<{ spent: number; sessions: number }> {
  const jtis = links.map(jtiOf);
  const { db } = deployment;
  const spent = db.selectFrom('sso_tokens').select('jti').where('jti', 'in', jtis).where('redeemed_at', 'is not', null);
  const sessions = db.selectFrom('sessions').select('jti').where('jti', 'in', jtis);
  return { spent: (await spent.execute()).length, sessions: (await sessions.execute()).length };
}

/** What one request came to: the cookie it was given, the problem it met, or nothing when the server died. */
async function open(server: ServerProcess, link: Link): Promise<{ cookie?: string; problem?: string }> {
  const answer = await call(server, link.path, { headers: NAVIGATION }).catch(() => undefined);
  if (answer === undefined) return { problem: 'no answer' };
  const cookie = cookieOf(answer);
  return answer.status === 303 && cookie !== undefined ? { cookie } : { problem: problemOf(answer) ?? 'no problem' };
}

async function liveCount(server: ServerProcess, cookies: readonly string[]): Promise<number> {
  const live: string[] = [];
  await eachOf(cookies, 10, async (cookie) => {
    const answer = await call(server, '/auth/session', { headers: { cookie } });
    if (answer.status === 200) live.push(cookie);
  });
  return live.length;
}

test('two processes that start at once on an empty database share it, and each token raced by both gives one session', async () => {
  const servers = await Promise.all([start(), start()]);
  deployment = openDeployment(variables);
  sample = await createSample(deployment);
  const links = await mintAll(servers[0]);
  const cookies: string[] = [];
  const problems = new Map<string, number>();
  await eachOf(links, 8, async (link) => {
    const racers = Array.from({ length: 3 }, () => servers.map((server) => open(server, link))).flat();
    const results = await Promise.all(racers);
    const winners = results.flatMap(({ cookie }) => cookie ?? []);
    expect(winners).toHaveLength(1);
    cookies.push(...winners);
    for (const { problem = 'none' } of results) problems.set(problem, (problems.get(problem) ?? 0) + 1);
  });
  expect(Object.fromEntries(problems)).toEqual({ none: TOKENS, 'token-used': 5 * TOKENS });
  expect(await countOf(links)).toEqual({ spent: TOKENS, sessions: TOKENS });
  expect(await liveCount(servers[1], cookies)).toBe(TOKENS);
}, 120_000);

test('when processes are killed in the middle, no token gives two sessions, and no session that was given is lost', async () => {
  const servers: [ServerProcess, ServerProcess] = await Promise.all([start(), start()]);
  const links = await mintAll(servers[0]);
  const given = new Map<Link, string[]>();
  const race = async (link: Link) => {
    const racers = Array.from({ length: 3 }, () => servers.map((server) => open(server, link))).flat();
    const results = await Promise.all(racers);
    given.set(
      link,
      results.flatMap(({ cookie }) => cookie ?? []),
    );
  };
  const slice = TOKENS / KILLS;
  for (let kills = 0; kills < KILLS; kills += 1) {
    const raced = links.slice(kills * slice, (kills + 1) * slice);
    const turn = kills % 2 === 0 ? 0 : 1;
    const victim = servers[turn];
    const unlucky = raced[Math.floor(Math.random() * slice)];
    let dying = Promise.resolve();
    await eachOf(raced, 6, async (link) => {
      if (link === unlucky) dying = pause(Math.random() * 30).then(() => victim.signal('SIGKILL'));
      await race(link);
    });
    await dying;
    expect(await victim.exit).toEqual({ code: null, signal: 'SIGKILL' });
    servers[turn] = await start(variables, Number(new URL(victim.url).port));
  }
  expect(Math.max(...[...given.values()].map((cookies) => cookies.length)), 'sessions given for a token').toBe(1);
  const cookies = [...given.values()].flat();
  expect(await liveCount(servers[0], cookies), 'given and alive').toBe(cookies.length);
  const { spent, sessions } = await countOf(links);
  expect(sessions, 'spent and session are one').toBe(spent);
  expect(spent).toBeGreaterThanOrEqual(cookies.length);
  // What was not spent is as good as ever.
  const late: string[] = [];
  await eachOf(links, 8, async (link) => {
    const { cookie } = await open(servers[1], link);
    if (cookie !== undefined) late.push(cookie);
  });
  expect(late).toHaveLength(TOKENS - spent);
}, 120_000);

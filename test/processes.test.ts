// Two real processes on one database: every token raced by both, one process killed again and again, and the orderly end.

import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Deps } from '../src/deps.ts';
import { call, CLICK, cookieOf, type Link, mintLink, problemOf } from './support/client.ts';
import { createDatabase, type TestDatabase } from './support/database.ts';
import {
  deploymentOn,
  endAll,
  openDeployment,
  runCommand,
  type ServerProcess,
  startProcess,
  type Variables,
} from './support/processes.ts';
import { createSample, type Sample } from './support/sample.ts';

const TOKENS = 200;
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
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: at_once }, worker));
}

async function mintAll(server: ServerProcess): Promise<Link[]> {
  const links: Link[] = [];
  await eachOf(Array.from({ length: TOKENS }), 10, async () => void links.push(await mintLink(server, sample)));
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
  let live = 0;
  await eachOf(cookies, 10, async (cookie) => {
    live += Number((await call(server, '/auth/session', { headers: { cookie } })).status === 200);
  });
  return live;
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
}, 60_000);

test('when processes are killed in the middle, no token gives two sessions, and no session that was given is lost', async () => {
  const servers = await Promise.all([start(), start()]);
  const ports = servers.map(({ url }) => Number(new URL(url).port));
  const links = await mintAll(servers[0]);
  const given = new Map<Link, string[]>();
  let racing = true;
  const race = async (link: Link) => {
    const racers = Array.from({ length: 3 }, () => servers.map((server) => open(server, link))).flat();
    const won = (await Promise.all(racers)).flatMap(({ cookie }) => cookie ?? []);
    given.set(link, [...(given.get(link) ?? []), ...won]);
  };
  let kills = 0;
  const killing = async () => {
    while (racing) {
      await pause(Math.random() * 150);
      const victim = kills % 2;
      servers[victim]?.signal('SIGKILL');
      kills += 1;
      servers[victim] = await start(variables, ports[victim]);
    }
  };
  const killer = killing();
  try {
    await eachOf(links, 4, race);
    // Until each was killed at least twice; a token that nobody was given by then is raced again.
    while (kills < 4)
      await eachOf(
        links.filter((link) => given.get(link)?.length === 0),
        4,
        race,
      );
  } finally {
    racing = false;
    await killer;
  }
  expect(Math.max(...[...given.values()].map((cookies) => cookies.length)), 'sessions given for a token').toBe(1);
  const cookies = [...given.values()].flat();
  expect(await liveCount(servers[0] as ServerProcess, cookies), 'given and alive').toBe(cookies.length);
  const { spent, sessions } = await countOf(links);
  expect(sessions, 'spent and session are one').toBe(spent);
  expect(spent).toBeGreaterThanOrEqual(cookies.length);
  // What was not spent is as good as ever.
  let rest = 0;
  await eachOf(links, 8, async (link) => {
    rest += Number((await open(servers[1] as ServerProcess, link)).cookie !== undefined);
  });
  expect(rest).toBe(TOKENS - spent);
}, 60_000);

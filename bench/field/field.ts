// Who takes part in a run, each with its data made: everybody, those of a quick run, or those whose cases are asked for.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Postgres, startPostgres } from '../database/postgres.ts';
import { atEnd } from '../lifetime.ts';
import type { Options } from '../options.ts';
import { createBetterAuth } from './better-auth.ts';
import type { Contestant } from './contestant.ts';
import { createExpressMint, createExpressSession } from './express-peers.ts';
import { createFloor, createRowsFloor, ROWS_FLOOR } from './floors.ts';
import { createHandoff, handoffCaseNames } from './handoff.ts';
import { createOauth2Server, createOidcProvider } from './oauth-peers.ts';

type Ground = { folder: string; postgres: () => Promise<Postgres> };

/** `always`: others are measured against it. `quick`: takes part in a quick run. */
type Entry = {
  cases: string[];
  when: 'always' | 'quick' | 'full';
  create: (ground: Ground) => Promise<Contestant>;
};

const DATABASE = 'handoff_bench';

const ENTRIES: Entry[] = [
  { cases: [], when: 'always', create: () => createFloor('json') },
  { cases: [], when: 'always', create: () => createFloor('sign') },
  { cases: [], when: 'always', create: () => createFloor('verify') },
  { cases: [ROWS_FLOOR], when: 'full', create: ({ folder }) => createRowsFloor(folder) },
  {
    cases: handoffCaseNames('sqlite'),
    when: 'always',
    create: ({ folder }) => createHandoff('sqlite', `sqlite:${join(folder, 'handoff.db')}`),
  },
  {
    cases: handoffCaseNames('postgres'),
    when: 'full',
    create: async ({ postgres }) => createHandoff('postgres', (await (await postgres()).database(DATABASE)).url),
  },
  { cases: ['oidc-provider'], when: 'quick', create: createOidcProvider },
  { cases: ['@node-oauth/oauth2-server'], when: 'full', create: createOauth2Server },
  { cases: ['Express mint'], when: 'full', create: createExpressMint },
  { cases: ['better-auth generate', 'better-auth verify'], when: 'full', create: createBetterAuth },
  { cases: ['Express forward-auth'], when: 'full', create: createExpressSession },
];

function isIn({ cases, when }: Entry, { quick, only, parts }: Options): boolean {
  if (when === 'always') return true;
  const is_measured = parts.has('cases') || parts.has('paced');
  return is_measured && (when === 'quick' || !quick) && cases.some((name) => only.test(name));
}

function peerVersions(): [string, string][] {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(text);
  return Object.entries(dependencies);
}

export type OpenField = {
  contestants: Contestant[];
  versions: [string, string][];
};

/** Makes everybody's data, in `folder` and on a PostgreSQL if anybody needs one, until the end. */
export async function openField(options: Options, folder: string): Promise<OpenField> {
  const contestants: Contestant[] = [];
  const versions = peerVersions();
  let started: Promise<Postgres> | undefined;
  const start = async () => {
    const server = await startPostgres(join(folder, 'cluster'));
    atEnd(() => server.drop(DATABASE));
    versions.push(['PostgreSQL', server.about]);
    return server;
  };
  const postgres = () => (started ??= start());
  for (const entry of ENTRIES) {
    if (!isIn(entry, options)) continue;
    const contestant = await entry.create({ folder, postgres });
    atEnd(contestant.close);
    contestants.push(contestant);
  }
  return { contestants, versions };
}

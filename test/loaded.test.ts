// A process loads what it works with and no more: each file takes time to start and memory for as long as the process runs.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { call } from './support/client.ts';
import { createDatabase, type TestDatabase } from './support/database.ts';
import type { Loaded } from './support/list-loaded.ts';
import { deploymentOn, runCommand, startProcess, type Variables } from './support/processes.ts';

const LIST_LOADED = new URL('./support/list-loaded.ts', import.meta.url).href;

let database: TestDatabase;
let folder: string;
let variables: Variables;
beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'handoff-loaded-'));
  const LOADED_FILE = join(folder, 'loaded.json');
  variables = await deploymentOn(database, { NODE_OPTIONS: `--import ${LIST_LOADED}`, LOADED_FILE });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});

async function readLoaded(): Promise<Loaded> {
  return JSON.parse(await readFile(variables['LOADED_FILE'] ?? '', 'utf8')) as Loaded;
}

async function loadedBy(...args: string[]): Promise<Loaded> {
  expect((await runCommand(args, variables)).code).toBe(0);
  return readLoaded();
}

describe('serve', () => {
  let before: Loaded;
  let after: Loaded;
  beforeAll(async () => {
    const serve = async (...paths: string[]) => {
      const server = await startProcess(variables);
      for (const path of paths) expect((await call(server, path)).status).toBe(200);
      server.signal('SIGTERM');
      expect((await server.exit).code).toBe(0);
      return readLoaded();
    };
    before = await serve();
    after = await serve('/openapi.yaml');
  });

  test('loads the packages of a sign-on, and of one database', () => {
    expect(before.packages).toEqual(expect.arrayContaining(['@hono/node-server', 'hono', 'kysely', 'zod']));
    expect(before.packages.includes('pg')).toBe(inject('test_database') === 'postgres');
    for (const unused of [
      'commander',
      'jose',
      'rate-limiter-flexible',
      'parse5',
      'entities',
      'yaml',
      'swagger-ui-dist',
    ])
      expect(before.packages).not.toContain(unused);
  });

  test('loads no sandbox, no Embed Doctor and no other command', () => {
    expect(before.sources).toEqual(expect.arrayContaining(['cli/run.ts', 'handoff/mint.ts', 'server.ts']));
    const commands = /^cli\/(?!run\.ts$)/;
    const unused = /^(sandbox|embed-doctor)\//;
    expect(before.sources.filter((file) => commands.test(file) || unused.test(file))).toEqual([]);
  });

  test('loads what the API reference needs when somebody reads it', () => {
    expect(after.packages).toContain('yaml');
  });
});

describe('a command', () => {
  test('loads its own part, and no server', async () => {
    const { packages, sources } = await loadedBy('partner', 'list');
    expect(sources.filter((file) => /^cli\/(partner|user|embed)\.ts$/.test(file))).toEqual(['cli/partner.ts']);
    for (const file of ['server.ts', 'app.ts']) expect(sources).not.toContain(file);
    expect(packages).not.toContain('@hono/node-server');
    expect(packages).not.toContain('parse5');
  });

  test('loads what it needs', async () => {
    const { packages, sources } = await loadedBy('embed', 'check', '--help');
    expect(packages).toContain('parse5');
    expect(sources).toContain('embed-doctor/examine.ts');
  });
});

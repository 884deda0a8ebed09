// `npm start`, the sandbox alone and `npm run serve` as processes: what a newcomer sees, what is kept, and what production refuses.

import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { type Environment, MAIN, Operator, runProcess, startProcess } from './cli/operator.ts';
import { call, type CallOptions } from './support/client.ts';
import { createDatabase, type TestDatabase } from './support/database.ts';
import { newLogFile } from './support/output.ts';
import { freePort } from './support/ports.ts';
import { workAs } from './demo/practice.ts';
import { parseConfig } from '../src/config.ts';
import { redact } from '../src/foundation/log.ts';
import { practicePort, readSandboxKey, sandboxVariables } from '../src/sandbox/settings.ts';

// Several processes a test, one after the other; on a busy machine each takes its time to start.
vi.setConfig({ testTimeout: 120_000 });

/** What `npm start` runs. */
const START = fileURLToPath(new URL('../demo/start.ts', import.meta.url));

const SECRETS = /\bh[po]s_[0-9A-Za-z]{38}\b/g;
const USERS = /^ {3}(usr_[0-9a-f]{32}) {3}(.+)$/gm;

let folder: string;
let database: TestDatabase | undefined;
let environment: Environment;
const running: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handoff-sandbox-'));
  // On SQLite as a newcomer has it, without any setting; ./data is then in this folder.
  if (inject('test_database') === 'postgres') database = await createDatabase();
  const DEMO_PORT = String(await freePort());
  environment = { PORT: String(await freePort()), DEMO_PORT, ...(database && { DATABASE_URL: database.url }) };
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

type Service = { printed: string; stop: (signal?: NodeJS.Signals) => Promise<number | null> };

type Started = { main?: string; args?: string[]; more?: Environment; cwd?: string };

/** Starts the sandbox and reads what it prints. What it logs goes to the files that the run searches for secrets. */
async function startSandbox({ main = MAIN, args = [], more = {}, cwd = folder }: Started = {}): Promise<Service> {
  const verb = main === MAIN ? ['sandbox'] : [];
  const child = startProcess([...verb, ...args], { ...environment, ...more }, { main, cwd });
  running.push(child);
  const log_file = newLogFile('sandbox');
  let printed = '';
  const is_complete = args.includes('--json') ? /\n$/ : /Stop with Ctrl-C\.\n─+\n$/;
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += String(chunk);
      if (is_complete.test(printed)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)));
  });
  const rest = child.stdout?.on('data', (chunk: Buffer) => void appendFile(log_file, chunk));
  return {
    printed,
    async stop(signal = 'SIGTERM') {
      const exit = once(child, 'exit') as Promise<[number | null]>;
      child.kill(signal);
      const [code] = await exit;
      rest?.removeAllListeners();
      return code;
    },
  };
}

function served(): Parameters<typeof call>[0] {
  const variables = sandboxVariables({ ...environment, MASTER_KEY: randomBytes(32).toString('base64') });
  return { url: `http://127.0.0.1:${environment['PORT']}`, config: parseConfig(variables, 'sandbox') };
}

/** A request to the URL that the sandbox goes by. */
async function visit(url: string, options?: CallOptions) {
  const { pathname, search } = new URL(url);
  return call(served(), pathname + search, options);
}

const PAGE = { accept: 'text/html' };

/** Runs a command of the README's form, in the sandbox's folder. */
async function handoff(line: string) {
  const args = line.trim().replace('npm run handoff -- ', '').split(/\s+/);
  return runProcess(args, environment, { cwd: folder });
}

type Kept = Record<string, string>;

async function keptCredentials(cwd = folder): Promise<Kept> {
  return parseEnv(await readFile(join(cwd, 'data/sandbox-credentials.env'), 'utf8')) as Kept;
}

/** Asks for a link with the credentials of the file, as the examples do. */
async function requestLink(kept: Kept): Promise<{ status: number; redirect_url: string }> {
  const answer = await call(served(), '/v1/sso', {
    method: 'POST',
    headers: {
      'x-partner-id': kept['HANDOFF_PARTNER_ID'] ?? '',
      'x-partner-secret': kept['HANDOFF_PARTNER_SECRET'] ?? '',
      'x-organization-id': kept['HANDOFF_ORGANIZATION_ID'] ?? '',
      'x-organization-secret': kept['HANDOFF_ORGANIZATION_SECRET'] ?? '',
      'x-user-id': kept['HANDOFF_USER_ID'] ?? '',
      'content-type': 'application/json',
    },
    body: '{"redirect_path": "/dashboard/patients/sample-patient"}',
  });
  const { data } = answer.json as { data?: { redirect_url: string } };
  return { status: answer.status, redirect_url: data?.redirect_url ?? '' };
}

/** Opens a link as a browser does, and reads the page it leads to. */
async function land(redirect_url: string) {
  const landed = await visit(redirect_url, { headers: PAGE });
  expect(landed.status).toBe(303);
  const cookie = landed.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return visit(new URL(landed.headers.get('location') ?? '', redirect_url).href, { headers: { ...PAGE, cookie } });
}

describe('the sandbox', () => {
  let first: Kept;

  test('makes sample data on its first start, and keeps credentials that work in a file instead of printing them', async () => {
    const service = await startSandbox();
    expect(service.printed.match(SECRETS)).toBeNull();
    expect([...service.printed.matchAll(USERS)].map(([, , who]) => who)).toEqual([
      'Pat Provider, provider',
      'Alex Admin, admin',
      'Sam Suspended, provider, suspended',
    ]);
    expect(service.printed).toContain('data/sandbox-credentials.env');

    first = await keptCredentials();
    const { status, redirect_url } = await requestLink(first);
    expect(status).toBe(200);
    const page = await land(redirect_url);
    expect(page.status).toBe(200);
    for (const word of ['Pat Provider', 'Sample Clinic', 'Sign out']) expect(page.text).toContain(word);
    const again = await visit(redirect_url, { headers: PAGE });
    expect(again.text).toContain('already been used');
    expect(await service.stop()).toBe(0);
  });

  test('keeps its files to its owner', () => {
    for (const name of ['sandbox-master-key', 'sandbox-credentials.env']) {
      expect(statSync(join(folder, 'data', name)).mode.toString(8)).toMatch(/600$/);
    }
    expect(statSync(join(folder, 'data')).mode.toString(8)).toMatch(/700$/);
    expect(existsSync(join(folder, 'data/handoff.db'))).toBe(database === undefined);
  });

  test('keeps its data and its credentials on the second start', async () => {
    const service = await startSandbox();
    expect(service.printed.match(SECRETS)).toBeNull();
    expect([...service.printed.matchAll(USERS)]).toHaveLength(3);
    expect(JSON.stringify(await keptCredentials()) === JSON.stringify(first)).toBe(true);
    expect((await requestLink(first)).status).toBe(200);
    expect(await service.stop('SIGINT')).toBe(0);
  });

  test('makes a new secret where the kept one is over, and only that', async () => {
    const partner_id = first['HANDOFF_PARTNER_ID'] ?? '';
    const { code } = await handoff(`credential rotate --partner ${partner_id} --overlap-hours 0`);
    expect(code).toBe(0);
    const service = await startSandbox();
    const renewed = await keptCredentials();
    expect((await requestLink(first)).status).toBe(401);
    expect((await requestLink(renewed)).status).toBe(200);
    const same = (name: string) => renewed[name] === first[name];
    expect(Object.keys(first).filter((name) => !same(name))).toEqual(['HANDOFF_PARTNER_SECRET']);
    await service.stop();
  });

  test('makes new ones where the file is lost; whoever has taken the old ones elsewhere keeps them for a day', async () => {
    const lost = await keptCredentials();
    await rm(join(folder, 'data/sandbox-credentials.env'));
    const service = await startSandbox();
    const made = await keptCredentials();
    for (const kept of [made, lost]) expect((await requestLink(kept)).status).toBe(200);
    expect(made['HANDOFF_PARTNER_SECRET'] === lost['HANDOFF_PARTNER_SECRET']).toBe(false);
    await service.stop();
  });

  test('registers the practice’s address of the day beside what somebody has registered', async () => {
    const operator = new Operator(database?.url ?? `sqlite:${join(folder, 'data/handoff.db')}`);
    const list = () => operator.json<{ embed_origins: string[]; return_url: string }[]>('integration', 'list');
    const [before] = await list();
    const own = `http://127.0.0.1:${environment['DEMO_PORT']}`;
    expect(before).toMatchObject({ embed_origins: [own], return_url: `${own}/` });
    const DEMO_PORT = String(await freePort());
    await (await startSandbox({ more: { DEMO_PORT } })).stop();
    const other = `http://127.0.0.1:${DEMO_PORT}`;
    const [after] = await list();
    expect(after).toMatchObject({ embed_origins: [own, other], return_url: `${other}/` });
  });

  test('prints addresses that answer', async () => {
    const service = await startSandbox();
    const urls = service.printed.match(/http:\/\/localhost:\d+\S*/g) ?? [];
    const paths = urls.map((url) => new URL(url).pathname);
    expect(paths).toEqual(['/v1/sso', '/docs', '/dashboard', '/errors/', '/healthz', '/readyz']);
    const statuses = new Map<string, number>();
    for (const url of urls) statuses.set(new URL(url).pathname, (await visit(url, { headers: PAGE })).status);
    expect(Object.fromEntries(statuses)).toEqual({
      '/v1/sso': 405,
      '/docs': 200,
      '/dashboard': 401,
      '/errors/': 200,
      '/healthz': 200,
      '/readyz': 200,
    });
    const welcome = await visit(new URL('/', urls[0]).href, { headers: PAGE });
    expect(welcome.text).toContain('Handoff is running');
    await service.stop();
  });

  test('takes its own key for key rotate', async () => {
    const { code, stdout } = await handoff('key rotate --json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ kid: expect.stringMatching(/^key_/) });
    const elsewhere = await runProcess(['key', 'rotate'], environment);
    expect(elsewhere).toMatchObject({ code: 1 });
  });

  test('says in one sentence that its port is taken', async () => {
    const service = await startSandbox();
    const second = await runProcess(['sandbox'], environment, { cwd: folder });
    expect(redact(second.stderr)).toBe('error: the port is taken: stop what listens there, or set PORT to another\n');
    expect(second.code).toBe(1);
    await service.stop();
  });

  test('--json prints the same for scripts, and on the first start the secrets', async () => {
    const service = await startSandbox({ args: ['--json'] });
    const url = `http://localhost:${environment['PORT']}`;
    const addresses = { api_url: url, portal_url: url, credentials_file: 'data/sandbox-credentials.env' };
    expect(JSON.parse(service.printed)).toEqual(addresses);
    await service.stop();

    const DATABASE_URL = `sqlite:${join(folder, 'second/handoff.db')}`;
    const fresh = await startSandbox({ args: ['--json'], more: { DATABASE_URL } });
    const printed = JSON.parse(fresh.printed) as Record<string, unknown>;
    expect(Object.keys(printed)).toEqual([
      'api_url',
      'portal_url',
      'credentials_file',
      'partner_id',
      'partner_secret',
      'organization_id',
      'organization_secret',
      'users',
    ]);
    expect(String(printed['partner_secret']).startsWith('hps_')).toBe(true);
    await fresh.stop();
  });

  test('makes its key once, whatever else is set', () => {
    const variables = { DATABASE_URL: `sqlite:${join(folder, 'other/handoff.db')}` };
    expect(readSandboxKey(variables)).toBeUndefined();
    const { MASTER_KEY } = sandboxVariables(variables);
    expect(Buffer.from(MASTER_KEY ?? '', 'base64')).toHaveLength(32);
    expect(sandboxVariables(variables)['MASTER_KEY'] === MASTER_KEY).toBe(true);
    expect(sandboxVariables({ ...variables, MASTER_KEY: 'own' })['MASTER_KEY']).toBe('own');
  });

  test('has the sample practice at the next port, unless told otherwise', () => {
    expect(practicePort({})).toBe(8788);
    expect(practicePort({ PORT: '9000' })).toBe(9001);
    expect(practicePort({ PORT: '9000', DEMO_PORT: '7000' })).toBe(7000);
    for (const variables of [{ PORT: '65535' }, { DEMO_PORT: '0' }, { DEMO_PORT: 'high' }, { DEMO_PORT: '70000' }]) {
      expect(() => practicePort(variables)).toThrow('DEMO_PORT, the port of the sample practice, must be');
    }
  });
});

describe('npm start', () => {
  test('begins with where to click, and the clicks lead to a signed-in patient’s page', async () => {
    const service = await startSandbox({ main: START });
    const [, line] = service.printed.trim().split('\n');
    const practice = { url: `http://127.0.0.1:${environment['DEMO_PORT']}` };
    expect(line).toContain(`Open ${practice.url}/ in`);

    const cookie = await workAs(practice, 'clinician');
    const patients = await (await fetch(`${practice.url}/patients`, { headers: { cookie } })).text();
    const [, path = ''] = /href="(\/patients\/[^"]+)">Jo Citizen</.exec(patients) ?? [];
    const options = { method: 'POST', headers: { cookie }, redirect: 'manual' } as const;
    const pressed = await fetch(`${practice.url}${path}/prescribe`, options);
    expect(pressed.status).toBe(303);
    const page = await land(pressed.headers.get('location') ?? '');
    for (const word of ['Jo Citizen', 'Pat Provider', 'Sign out']) expect(page.text).toContain(word);
    expect(await service.stop()).toBe(0);
    for (const url of [practice.url, served().url]) await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  test('says in one sentence that the practice’s port is taken, and leaves nothing behind', async () => {
    const other: Server = createServer().listen(Number(environment['DEMO_PORT']), '127.0.0.1');
    await once(other, 'listening');
    const { code, stderr, stdout } = await runProcess([], environment, { main: START, cwd: folder });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `error: the port ${environment['DEMO_PORT']} of the sample practice is taken: stop what listens there, or set DEMO_PORT to another\n`,
    );
    other.close();
    const wrong = await runProcess([], { ...environment, DEMO_PORT: 'x' }, { main: START, cwd: folder });
    expect(wrong.stderr).toMatch(/^error: DEMO_PORT, the port of the sample practice, must be/);
  });

  test('--json names the practice as well', async () => {
    const service = await startSandbox({ main: START, args: ['--json'] });
    expect(JSON.parse(service.printed)).toMatchObject({
      portal_url: `http://localhost:${environment['PORT']}`,
      practice_url: `http://127.0.0.1:${environment['DEMO_PORT']}`,
    });
    expect(await service.stop('SIGINT')).toBe(0);
  });

  test('has no practice where the database is somebody’s own, changes nothing there, and says so', async () => {
    const own = await createDatabase();
    const operator = new Operator(own.url);
    const { partner_id = '' } = await operator.json('partner', 'create', '--name', 'Somebody’s Own');
    const { organization_id = '' } = await operator.json('organization', 'create', '--name', 'Own Clinic');
    await operator.json('integration', 'enable', '--partner', partner_id, '--organization', organization_id);
    const before = await operator.json('credential', 'list', '--partner', partner_id);

    const cwd = await mkdtemp(join(tmpdir(), 'handoff-own-'));
    const service = await startSandbox({ main: START, more: { DATABASE_URL: own.url }, cwd });
    expect(service.printed).toContain('without a sample practice');
    expect(service.printed).not.toContain('sandbox-credentials.env');
    await expect(fetch(`http://127.0.0.1:${environment['DEMO_PORT']}/`)).rejects.toThrow('fetch failed');
    await service.stop();
    expect(await operator.json('credential', 'list', '--partner', partner_id)).toEqual(before);
    await rm(cwd, { recursive: true });
    await own.drop();
  });
});

describe('production', () => {
  test('refuses to start without its settings, and names each with its fix', async () => {
    const { code, stdout, stderr } = await runProcess(
      ['serve'],
      { ...environment, SESSION_IDLE_MINUTES: 'long' },
      {
        cwd: folder,
      },
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      'Some settings are missing or wrong:',
      expect.stringMatching(/^ {2}- API_URL is not set: the public base URL of the API, for example https:/),
      expect.stringMatching(/^ {2}- PORTAL_URL is not set: the public origin of the portal, for example https:/),
      expect.stringMatching(/^ {2}- MASTER_KEY is not set: .*openssl rand -base64 32$/),
      expect.stringMatching(/^ {2}- SESSION_IDLE_MINUTES must be a whole number/),
    ]);
  });

  test('makes no sample data, has no sample portal, and ends with 0 on SIGTERM', async () => {
    const own = await createDatabase();
    const url = `http://localhost:${await freePort()}`;
    const settings = {
      PORT: new URL(url).port,
      DATABASE_URL: own.url,
      API_URL: url,
      PORTAL_URL: url,
      MASTER_KEY: randomBytes(32).toString('base64'),
    };
    const child = startProcess(['serve'], settings, { cwd: folder });
    running.push(child);
    const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    await appendFile(newLogFile('serve'), line);
    child.stdout?.resume();
    while (!(await fetch(`${url}/readyz`).catch(() => undefined))?.ok) await pause(25);

    const service = { url: url.replace('localhost', '127.0.0.1'), config: parseConfig(settings, 'production') };
    for (const path of ['/dashboard', '/dashboard/patients/1', '/embed/patients/1', '/portal-assets/portal.css', '/']) {
      expect((await call(service, path, { headers: PAGE })).status).toBe(404);
    }
    for (const noun of ['partner', 'organization', 'integration']) {
      expect(await new Operator(own.url).json(noun, 'list')).toEqual([]);
    }
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    await own.drop();
  });
});

// `npm start` and `npm run serve` as processes: what a newcomer sees, what is kept, and what production refuses.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Environment, Operator, runProcess, startProcess } from './cli/operator.ts';
import { call, type CallOptions } from './support/client.ts';
import { createDatabase, type TestDatabase } from './support/database.ts';
import { newLogFile } from './support/output.ts';
import { freePort } from './support/ports.ts';
import { parseConfig } from '../src/config.ts';
import { redact } from '../src/foundation/log.ts';
import { readSandboxKey, sandboxVariables } from '../src/sandbox/settings.ts';

const SECRETS = /\bh[po]s_[0-9A-Za-z]{38}\b/g;
const USERS = /^ {2}(usr_[0-9a-f]{32}) {3}(.+)$/gm;

let folder: string;
let database: TestDatabase | undefined;
let environment: Environment;
const running: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handoff-sandbox-'));
  // On SQLite as a newcomer has it, without any setting; ./data is then in this folder.
  if (inject('test_database') === 'postgres') database = await createDatabase();
  environment = { PORT: String(await freePort()), ...(database && { DATABASE_URL: database.url }) };
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

type Service = { printed: string; stop: (signal?: NodeJS.Signals) => Promise<number | null> };

/** Starts the sandbox and reads what it prints. What it logs goes to the files that the run searches for secrets. */
async function startSandbox(...args: string[]): Promise<Service> {
  const child = startProcess(['sandbox', ...args], environment, { cwd: folder });
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

async function shell(script: string): Promise<string> {
  const child = spawn('sh', ['-euc', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  return text(child.stdout);
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

describe('the sandbox', () => {
  let first: string;

  test('prints four credentials, three users and a command that works on its first start', async () => {
    const service = await startSandbox();
    first = service.printed;
    const secrets = new Set(first.match(SECRETS));
    expect(secrets.size).toBe(2);
    expect([...first.matchAll(USERS)].map(([, , who]) => who)).toEqual([
      'Pat Provider, provider',
      'Alex Admin, admin',
      'Sam Suspended, provider, suspended',
    ]);

    const [command = ''] = /^curl [\s\S]*?'\}?'?$/m.exec(first) ?? [];
    const { success, data } = JSON.parse(await shell(command)) as { success: boolean; data: { redirect_url: string } };
    expect(success).toBe(true);
    const landed = await visit(data.redirect_url, { headers: PAGE });
    expect(landed.status).toBe(303);
    const cookie = landed.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const page = await visit(new URL(landed.headers.get('location') ?? '', data.redirect_url).href, {
      headers: { ...PAGE, cookie },
    });
    expect(page.status).toBe(200);
    for (const word of ['Pat Provider', 'Sample Clinic', 'Sign out']) expect(page.text).toContain(word);

    const again = await visit(data.redirect_url, { headers: PAGE });
    expect(again.text).toContain('already been used');
    expect(await service.stop()).toBe(0);
  });

  test('keeps its file and key to its owner', () => {
    const key_file = join(folder, 'data/sandbox-master-key');
    expect(statSync(key_file).mode.toString(8)).toMatch(/600$/);
    expect(statSync(join(folder, 'data')).mode.toString(8)).toMatch(/700$/);
    expect(existsSync(join(folder, 'data/handoff.db'))).toBe(database === undefined);
  });

  test('keeps its data and prints no secret on the second start, and says how to make new ones', async () => {
    const service = await startSandbox();
    expect(service.printed.match(SECRETS)?.length ?? 0).toBe(0);
    expect([...service.printed.matchAll(USERS)]).toHaveLength(3);
    const ids = (printed: string) => new Set(printed.match(/\b(?:ptr|org|usr)_[0-9a-f]{32}\b/g));
    expect(ids(service.printed)).toEqual(ids(first));

    const commands = service.printed
      .replaceAll('\\\n', '')
      .split('\n')
      .filter((line) => line.includes('credential rotate'));
    expect(commands).toHaveLength(2);
    let secrets = '';
    for (const command of commands) {
      const { code, stdout } = await handoff(command);
      expect(code).toBe(0);
      secrets += stdout;
    }
    const [partner_secret = '', organization_secret = ''] = secrets.match(SECRETS) ?? [];

    const [command = ''] = /^curl [\s\S]*?'\}?'?$/m.exec(first) ?? [];
    const renewed = command
      .replace(/hps_[0-9A-Za-z]{38}/, partner_secret)
      .replace(/hos_[0-9A-Za-z]{38}/, organization_secret);
    expect(renewed === command).toBe(false);
    expect(JSON.parse(await shell(renewed))).toMatchObject({ success: true });
    expect(await service.stop('SIGINT')).toBe(0);
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

  test('--json prints the same for scripts', async () => {
    const service = await startSandbox('--json');
    const url = `http://localhost:${environment['PORT']}`;
    expect(JSON.parse(service.printed)).toEqual({ api_url: url, portal_url: url });
    await service.stop();
  });

  test('makes its key once, whatever else is set', () => {
    const variables = { DATABASE_URL: `sqlite:${join(folder, 'other/handoff.db')}` };
    expect(readSandboxKey(variables)).toBeUndefined();
    const { MASTER_KEY } = sandboxVariables(variables);
    expect(Buffer.from(MASTER_KEY ?? '', 'base64')).toHaveLength(32);
    expect(sandboxVariables(variables)['MASTER_KEY'] === MASTER_KEY).toBe(true);
    expect(sandboxVariables({ ...variables, MASTER_KEY: 'own' })['MASTER_KEY']).toBe('own');
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
    for (const path of ['/dashboard', '/dashboard/patients/1', '/embed/patients/1', '/']) {
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

// The proxies' recipes of docs/proxies under test: the file as it stands, with other ports and paths, in front of a real Handoff and a
// portal that tells what it was asked.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { freePort } from '../support/ports.ts';

const PORTAL_HOST = 'portal.example';
export const PORTAL_URL = `https://${PORTAL_HOST}`;

export type Seen = { method: string; url: string; headers: IncomingHttpHeaders; body: string };

export type Portal = { port: number; seen: Seen[]; close: () => Promise<void> };

/** A portal with headers of its own. */
async function startPortal(): Promise<Portal> {
  const seen: Seen[] = [];
  const own = {
    'content-security-policy': "default-src 'self'",
    'x-frame-options': 'DENY',
    'cache-control': 'public, max-age=600',
    vary: 'Accept',
  };
  const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = incoming;
    seen.push({ method, url, headers, body: await text(incoming) });
    const cookies = { 'set-cookie': ['theme=dark; Path=/', 'size=2; Path=/'] };
    response.writeHead(200, { ...own, ...cookies, 'content-type': 'text/plain' }).end('the portal');
  };
  const server: Server = createServer((...exchange) => void answer(...exchange));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { port: (server.address() as AddressInfo).port, seen, close };
}

export type Ports = { https: number; http: number; handoff: number; portal: number };

/** How one proxy is started with its recipe in a folder. */
export type ProxyKind = {
  recipe: URL;
  /** Writes what belongs beside the recipe. */
  start: (folder: string, recipe: string, ports: Ports) => Promise<ChildProcess>;
};

export type ProxyAnswer = { status: number; headers: Headers; text: string };
export type ProxyCall = { method?: string; headers?: Record<string, string>; body?: string };

export type Behind = {
  handoff: Handoff;
  portal: Portal;
  call: (path: string, options?: ProxyCall) => Promise<ProxyAnswer>;
  /** Everything that the proxy has logged. */
  logs: () => Promise<string>;
  /** As if it were away; `close` does it as well. */
  stopHandoff: () => Promise<void>;
  close: () => Promise<void>;
};

async function makeCertificate(folder: string): Promise<void> {
  const names = ['-subj', `/CN=${PORTAL_HOST}`, '-addext', `subjectAltName=DNS:${PORTAL_HOST}`];
  const files = ['-keyout', join(folder, `${PORTAL_HOST}.key`), '-out', join(folder, `${PORTAL_HOST}.crt`)];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await promisify(execFile)('openssl', ['req', '-x509', ...kind, ...files, ...names]);
}

async function send(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: ProxyCall,
): Promise<ProxyAnswer> {
  const given: RequestOptions['headers'] = { host: PORTAL_HOST, ...headers };
  if (body !== undefined) given['content-length'] = String(Buffer.byteLength(body));
  const options = { method, headers: given, agent: false, rejectUnauthorized: false, servername: PORTAL_HOST };
  const sent = request({ host: '127.0.0.1', port, path, ...options });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const received = new Headers();
  for (let index = 0; index < response.rawHeaders.length; index += 2) {
    received.append(response.rawHeaders[index] ?? '', response.rawHeaders[index + 1] ?? '');
  }
  return { status: response.statusCode ?? 0, headers: received, text: await text(response) };
}

async function untilItListens(port: number, child: ChildProcess): Promise<void> {
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  for (let times = 0; times < 600; times += 1) {
    if (child.exitCode !== null) throw new Error(`the proxy ended: ${output}`);
    if (
      await send(port, '/assets/ready', {}).then(
        () => true,
        () => false,
      )
    )
      return;
    await pause(50);
  }
  throw new Error('the proxy does not listen');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(forced);
}

async function readAll(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.log'));
  return (await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))).join('\n');
}

/** Starts all three. `edit` is for what the recipe says may be left out. */
export async function startBehind(
  kind: ProxyKind,
  {
    environment = {},
    edit = (recipe) => recipe,
  }: { environment?: Record<string, string>; edit?: (recipe: string) => string } = {},
): Promise<Behind> {
  const folder = await mkdtemp(join(tmpdir(), 'handoff-proxy-'));
  await makeCertificate(folder);
  const own = { PORTAL_URL, API_URL: 'https://api.example/external', TRUSTED_PROXIES: 'loopback' };
  const handoff = await startHandoff({ environment: { ...own, ...environment } });
  const portal = await startPortal();
  const [https, http] = [await freePort(), await freePort()];
  const ports = { https, http, handoff: Number(new URL(handoff.url).port), portal: portal.port };
  let child: ChildProcess | undefined;
  let stopped: Promise<void> | undefined;
  const stopHandoff = async () => (stopped ??= handoff.close());
  const close = async () => {
    if (child !== undefined) await end(child);
    await portal.close();
    await stopHandoff();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    child = await kind.start(folder, edit(readFileSync(kind.recipe, 'utf8')), ports);
    await untilItListens(https, child);
  } catch (error) {
    await close();
    throw error;
  }
  portal.seen.length = 0;
  return {
    handoff,
    portal,
    call: (path, options = {}) => send(https, path, options),
    logs: () => readAll(folder),
    stopHandoff,
    close,
  };
}

export function spawnProxy(program: string, args: string[], environment: Record<string, string> = {}): ChildProcess {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  return spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Replaces what a recipe says is to be changed. @throws when the recipe has no such thing */
export function replaceIn(recipe: string, replacements: Record<string, string>): string {
  let changed = recipe;
  for (const [from, to] of Object.entries(replacements)) {
    if (!changed.includes(from)) throw new Error(`the recipe has no ${from}`);
    changed = changed.replaceAll(from, to);
  }
  return changed;
}

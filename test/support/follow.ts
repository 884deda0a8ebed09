// Doing what a document says, as it is written: its fenced blocks, and the commands in them.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The fenced blocks of a language behind a place in a document, in their order. */
export async function blocksOf(file: string, language: string, place = ''): Promise<string[]> {
  const document = await readFile(join(ROOT, file), 'utf8');
  const at = document.indexOf(place);
  if (at === -1) throw new Error(`${file} has no ${place}`);
  const fenced = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g');
  return [...document.slice(at).matchAll(fenced)].map(([, block = '']) => block);
}

type Where = { cwd?: string; env: NodeJS.ProcessEnv };

/** What a script puts out. @throws when it fails */
export async function shell(script: string, { cwd = ROOT, env }: Where): Promise<string> {
  const child = spawn('sh', ['-euc', script], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, code] = await Promise.all([
    text(child.stdout),
    new Promise<number | null>((resolve) => {
      child.on('close', resolve);
    }),
  ]);
  if (code !== 0) throw new Error(`a command of a document ended with ${code}`);
  return output;
}

/** Runs a script that goes on until `end` is called; `printed` is what it said up to a word. */
export async function start(script: string, { cwd = ROOT, env, until }: Where & { until: string }) {
  // A group of its own, because npm runs the service as a grandchild.
  const child: ChildProcess = spawn('sh', ['-euc', script], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => {
    child.on('close', resolve);
  });
  const end = async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
    await ended;
  };
  let printed = '';
  for await (const chunk of child.stdout ?? []) {
    printed += String(chunk);
    if (printed.includes(until)) break;
  }
  return { printed, end };
}

/** A script that goes on, and says `listening` once the address answers. */
export function andWait(script: string, url: string): string {
  return `${script.trim()} & until curl -s -o /dev/null ${url}; do sleep 0.2; done; echo listening; wait`;
}

/** The machine's own PATH, without what npm has put before it: whatever Node the machine has. */
export function ownPath(): string {
  return (process.env['PATH'] ?? '').replaceAll(/[^:]*node_modules\/\.bin:?/g, '');
}

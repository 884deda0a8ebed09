// `npm test`: runs vitest, shows what it prints, and then searches everything that the run has put out (the terminal and every
// server's log) for tokens and secrets. A leak fails the run, and so does an answer in openapi.yaml that no test has seen.

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, env, execPath, exit, stderr, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { findLeaks } from './support/leaks.ts';
import { neverSeen } from './support/seen-answers.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');

async function runVitest(folder: string): Promise<number> {
  const file = createWriteStream(join(folder, 'terminal.log'));
  const child = spawn(execPath, [VITEST, 'run', ...argv.slice(2)], {
    cwd: ROOT,
    env: { ...env, HANDOFF_TEST_OUTPUT: folder, ...(stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const [from, to] of [
    [child.stdout, stdout],
    [child.stderr, stderr],
  ] as const) {
    from.on('data', (chunk: Buffer) => {
      to.write(chunk);
      file.write(chunk);
    });
  }
  const code = await new Promise<number>((resolve) => {
    child.on('close', (status) => resolve(status ?? 1));
  });
  await new Promise((resolve) => {
    file.end(resolve);
  });
  return code;
}

async function searchOutput(folder: string): Promise<{ bytes: number; leaks: string[] }> {
  let bytes = 0;
  const leaks: string[] = [];
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name), 'utf8');
    bytes += text.length;
    leaks.push(...findLeaks(text).map((leak) => `${name}: ${leak}`));
  }
  return { bytes, leaks };
}

const folder = await mkdtemp(join(tmpdir(), 'handoff-test-output-'));
const code = await runVitest(folder);
const { bytes, leaks } = await searchOutput(folder);
// A part of the tests, or a run that failed on the way, has not asked for everything.
const is_full = argv.length === 2 && code === 0;
const unseen = is_full ? await neverSeen(folder) : [];
await rm(folder, { recursive: true, force: true });
for (const leak of leaks.slice(0, 20)) stderr.write(`leaked: ${leak}\n`);
stdout.write(`Searched ${bytes} characters of output for tokens and secrets: ${leaks.length} found\n`);
for (const answer of unseen) stderr.write(`documented, but seen in no test: ${answer}\n`);
exit(leaks.length > 0 || unseen.length > 0 ? 1 : code);

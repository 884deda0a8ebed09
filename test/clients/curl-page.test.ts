// docs/examples/curl.md, run as it is written, against a real server.

import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample } from '../support/sample.ts';
import { environmentOf } from './real-client.ts';

let handoff: Handoff;
let folder: string;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { API_URL: 'http://localhost:8787/external' } });
  folder = await mkdtemp(join(tmpdir(), 'handoff-curl-'));
});
afterAll(async () => {
  await handoff.close();
  await rm(folder, { recursive: true, force: true });
});

const page = await readFile(new URL('../../docs/examples/curl.md', import.meta.url), 'utf8');

test('the page works as it is written', async () => {
  const sample = await createSample(handoff.deps);
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  expect(blocks.length).toBeGreaterThan(10);
  // So that each answer stands on a line of its own.
  await writeFile(join(folder, '.curlrc'), 'write-out = "\\n"\n');
  const child = spawn('sh', ['-euc', blocks.join('\n')], {
    cwd: folder,
    env: { PATH: process.env['PATH'], CURL_HOME: folder, ...environmentOf(handoff, sample) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(complaints).toBe('');
  const lines = output.split('\n').filter((line) => line !== '');
  const answers = lines.map((line) => (line.startsWith('{') ? said(line) : line));
  expect(answers).toEqual([
    'SSO token created successfully',
    'Attempt retrieved successfully',
    'Retrieved 1 attempts successfully',
    'SSO link revoked successfully',
    'Successfully validated token',
    'User created successfully',
    'Retrieved 2 users successfully',
    'Retrieved 1 users successfully',
    'User retrieved successfully',
    'User updated successfully',
    'User roles updated successfully',
    'Retrieved 0 sessions successfully',
    'Ended 0 sessions successfully',
    'User disabled successfully',
    'User enabled successfully',
    '204',
    'Retrieved 2 credentials successfully',
    'Integration retrieved successfully',
    'Integration updated successfully',
    '204',
    'invalid-request',
  ]);
  expect(await readdir(folder), 'what holds secrets is removed').toEqual(['.curlrc']);
});

/** The message of a success, the slug of a refusal; never the answer itself, which may hold a token. */
function said(line: string): string {
  const answer = JSON.parse(line) as { success: boolean; message?: string; error?: { type: string } };
  return (answer.success ? answer.message : answer.error?.type.split('/').at(-1)) ?? '';
}

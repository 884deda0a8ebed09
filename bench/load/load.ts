// Starts the load generators as processes on the load's core and reads what they measured.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { PacedFigures, PacedSpec } from './paced.ts';
import { type HttpRequest, rawRequests } from './request.ts';

/** What a load generator measured. Latencies from sending to the whole answer. */
export type LoadFigures = {
  answers: number;
  seconds: number;
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
  errors: number;
};

export type Generator = 'wrk' | 'autocannon';

export type Load = {
  port: number;
  connections: number;
  seconds: number;
  requests: readonly HttpRequest[];
  /** Each request may be sent once: it holds a token that works once. */
  once: boolean;
  /** Processor list for taskset. */
  cores: string;
  /** For files that are written and read again. */
  folder: string;
};

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** Longer than any run is asked to take: a generator that hangs must not hang the bench. */
const GRACE_MILLISECONDS = 60_000;

let files = 0;

function newFile({ folder }: { folder: string }, content: string): string {
  files += 1;
  const file = join(folder, `load-${process.pid}-${files % 8}.txt`);
  writeFileSync(file, content, 'latin1');
  return file;
}

async function run<T>(cores: string, command: readonly string[], seconds: number): Promise<T> {
  const child = spawn('taskset', ['-c', cores, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: seconds * 1000 + GRACE_MILLISECONDS,
  });
  const [output, complaint] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  const found = /^RESULT (.*)$/m.exec(output)?.[1];
  if (found === undefined) throw new Error(`${command[0]} measured nothing: ${complaint || output}`);
  return JSON.parse(found);
}

/** Load as fast as the answers come. */
export async function runLoad(generator: Generator, load: Load): Promise<LoadFigures> {
  const { port, connections, seconds, requests } = load;
  const mode = load.once ? 'once' : 'again';
  if (generator === 'autocannon') {
    const file = newFile(load, JSON.stringify(requests));
    const options = [port, connections, seconds, file, mode].map(String);
    return run(load.cores, [execPath, join(HERE, 'autocannon.ts'), ...options], seconds);
  }
  const file = newFile(load, rawRequests(requests, `127.0.0.1:${port}`));
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', join(HERE, 'wrk.lua')];
  return run(load.cores, ['wrk', ...options, `http://127.0.0.1:${port}`, '--', file, mode], seconds);
}

/** Load at a fixed rate. */
export async function runPacedLoad(
  load: Load,
  spec: Pick<PacedSpec, 'rate' | 'status' | 'yields' | 'series'>,
): Promise<PacedFigures> {
  const { port, connections, seconds, requests } = load;
  const file = newFile(load, rawRequests(requests, `127.0.0.1:${port}`));
  const whole: PacedSpec = { port, connections, seconds, file, ...spec };
  const spec_file = newFile(load, JSON.stringify(whole));
  return run(load.cores, [execPath, join(HERE, 'paced.ts'), spec_file], seconds);
}

// A contestant's process, alone on its core: started, timed to its first answer, asked for processor time and memory, stopped.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { atEnd } from '../lifetime.ts';
import { ask } from '../load/gather.ts';
import type { HttpRequest } from '../load/request.ts';

/** How a contestant is started and what it has to answer. */
export type Program = {
  name: string;
  port: number;
  /** What node is started with. */
  args: string[];
  cwd: string;
  env: Record<string, string>;
  /** The first request, and the status of its answer. */
  probe: HttpRequest;
  probe_status: number;
};

export type RunningProgram = {
  port: number;
  /** From spawning to the first whole answer. */
  startup_ms: number;
  /** User and system time of all its threads so far, in milliseconds; the kernel counts in steps of 10. */
  cpuMilliseconds: () => number;
  /** Resident set size, in MB of 1024 × 1024 bytes. */
  rssMegabytes: () => number;
  signal: (signal: NodeJS.Signals) => void;
  stop: () => Promise<void>;
};

const START_LIMIT_MILLISECONDS = 30_000;
const STOP_LIMIT_MILLISECONDS = 15_000;

// 100 on every Linux of today, but it is the kernel's to say.
let ticks_per_second = 0;

function cpuMilliseconds(pid: number): number {
  ticks_per_second ||= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  // The name in parentheses may hold spaces; utime and stime are the 14th and 15th fields, 12th and 13th behind it (proc(5)).
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks_per_second;
}

function rssMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

async function firstAnswer(program: Program, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MILLISECONDS;
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`${program.name} ended with code ${child.exitCode} before it answered`);
    if (performance.now() > deadline) throw new Error(`${program.name} has not answered`);
    try {
      const { status, body } = await ask(program.port, program.probe);
      if (status === program.probe_status) return;
      throw new Error(`${program.name} answered its first request with ${status}: ${body}`);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) throw error;
    }
    await pause(1);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MILLISECONDS);
  await exit;
  clearTimeout(timer);
}

/** Starts a program on the given cores and waits for its first answer. Its output goes to a file in `folder`. */
export async function startProgram(
  program: Program,
  place: { cores: string; folder: string },
): Promise<RunningProgram> {
  const file = join(place.folder, `${program.name.replaceAll(/\W+/g, '-')}.log`);
  const log = openSync(file, 'a');
  const started = performance.now();
  const child = spawn('taskset', ['-c', place.cores, execPath, ...program.args], {
    cwd: program.cwd,
    env: { PATH: env['PATH'], NODE_ENV: 'production', PORT: String(program.port), ...program.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  atEnd(() => stop(child));
  try {
    await firstAnswer(program, child);
  } catch (error) {
    await stop(child);
    const output = readFileSync(file, 'utf8').slice(-2000);
    throw new Error(`${program.name} could not be started:\n${output}`, { cause: error });
  }
  const startup_ms = performance.now() - started;
  // taskset has become the program: the process id is its own.
  const pid = child.pid ?? 0;
  return {
    port: program.port,
    startup_ms,
    cpuMilliseconds: () => cpuMilliseconds(pid),
    rssMegabytes: () => rssMegabytes(pid),
    signal: (signal) => void child.kill(signal),
    stop: () => stop(child),
  };
}

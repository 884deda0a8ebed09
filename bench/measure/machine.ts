// The machine, and the bench's place on it.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { env, pid, version } from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type Machine = {
  processor: string;
  cores: number;
  memory_gib: number;
  kernel: string;
  /** Of the folder with the databases. */
  file_system: string;
  /** Runnable processes before the run, the average of a minute: more than a few tenths, and others were at work. */
  load_average: number;
  node: string;
  commit: string;
};

function output(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

export function isInstalled(command: string): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)));
}

function commit(): string {
  try {
    const changed = output('git', 'status', '--porcelain', '--', 'src', 'package-lock.json');
    return `${output('git', 'rev-parse', '--short=12', 'HEAD')}${changed === '' ? '' : ' with changes that are not committed'}`;
  } catch {
    return 'not in a git repository';
  }
}

export function describeMachine(folder: string): Machine {
  const [first] = cpus();
  return {
    processor: first?.model ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    file_system: output('stat', '--file-system', '--format=%T', folder),
    load_average: loadavg()[0] ?? 0,
    node: version,
    commit: commit(),
  };
}

export function wrkVersion(): string {
  try {
    // wrk prints its version and fails.
    return /^wrk \S*/.exec(execFileSync('sh', ['-c', 'wrk -v 2>&1 || true'], { encoding: 'utf8' }))?.[0] ?? 'wrk';
  } catch {
    return 'wrk';
  }
}

/** Keeps this process, and those that it starts without a word about it, on the core of the load. */
export function stayOn(cores: string): void {
  output('taskset', '--all-tasks', '--cpu-list', '--pid', cores, String(pid));
}

// The `handoff` command for tests: as a process of its own, which is what an operator has, and in this process, which is the
// same from the arguments to the exit code and takes no half second to start.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { runCommandLine } from '../../src/cli/run.ts';
import { redact } from '../../src/foundation/log.ts';

export const MAIN = fileURLToPath(new URL('../../bin/handoff.mjs', import.meta.url));

// Copies of the sources that tests make would fill the folder that is beside the code.
const COMPILED = join(tmpdir(), 'handoff-test-compiled');

export type Environment = Record<string, string>;

export type ProcessOptions = { main?: string; cwd?: string };

/** Starts a process with `environment` and nothing else set. */
export function startProcess(
  args: readonly string[],
  environment: Environment,
  { main = MAIN, cwd = tmpdir() }: ProcessOptions = {},
): ChildProcess {
  mkdirSync(COMPILED, { recursive: true });
  const { PATH } = process.env;
  return spawn(process.execPath, [main, ...args], {
    cwd,
    env: { PATH, NODE_COMPILE_CACHE: COMPILED, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export type Result = { code: number | null; stdout: string; stderr: string };

/** Runs a process to its end. */
export async function runProcess(
  args: readonly string[],
  environment: Environment,
  options: ProcessOptions = {},
): Promise<Result> {
  const child = startProcess(args, environment, options);
  if (child.stdout === null || child.stderr === null) throw new Error('no pipes');
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

const NO_SERVER = async () => {
  throw new Error('not in this process');
};

/** The same in this process. */
async function runHere(args: readonly string[], environment: Environment): Promise<Result> {
  const printed: string[] = [];
  const complained: string[] = [];
  vi.stubEnv('MASTER_KEY', undefined);
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(`${String(line)}\n`));
  const complain = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => complained.push(String(chunk)) > 0);
  try {
    const code = await runCommandLine(args, { serve: NO_SERVER, sandbox: NO_SERVER });
    return { code, stdout: printed.join(''), stderr: complained.join('') };
  } finally {
    log.mockRestore();
    complain.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** The command line on one database. */
export class Operator {
  readonly #environment: Environment;
  readonly #run: typeof runHere;

  constructor(database_url: string, environment: Environment = {}, run: typeof runHere = runHere) {
    this.#environment = { DATABASE_URL: database_url, ...environment };
    this.#run = run;
  }

  /** Whatever comes of it. */
  async run(...args: string[]): Promise<Result> {
    return this.#run(args, this.#environment);
  }

  /** What a person reads of a command that succeeds. */
  async read(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(redact(`handoff ${args.join(' ')}: ${stderr}`));
    return stdout;
  }

  /** What a script reads of a command that succeeds. */
  async json<T = Record<string, string>>(...args: string[]): Promise<T> {
    return JSON.parse(await this.read(...args, '--json')) as T;
  }

  /** The sentence that a command is refused with; it leaves with 1 and says nothing else. */
  async refusal(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 1 || stdout !== '') throw new Error(redact(`handoff ${args.join(' ')} was not refused: ${code}`));
    const [sentence, ...more] = stderr.trimEnd().split('\n');
    if (more.length > 0) throw new Error(redact(`more than a sentence: ${stderr}`));
    return sentence ?? '';
  }
}

/** The same without the secrets, for comparing: a failed comparison prints both sides. */
export function withoutSecrets(value: unknown): unknown {
  return JSON.parse(redact(JSON.stringify(value)));
}

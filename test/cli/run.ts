// The `handoff` command as an operator has it: a process of its own, with DATABASE_URL and nothing else set.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { redact } from '../../src/foundation/log.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

// Node keeps here what it has compiled, which halves the time a command takes to start.
const COMPILED = join(tmpdir(), 'handoff-test-compiled');
mkdirSync(COMPILED, { recursive: true });

export type Environment = Record<string, string>;

/** Starts a command; `cwd` matters to the sandbox's default database only. */
export function start(args: readonly string[], environment: Environment, main = MAIN): ChildProcess {
  const { PATH } = process.env;
  return spawn(process.execPath, [main, ...args], {
    cwd: tmpdir(),
    env: { PATH, NODE_COMPILE_CACHE: COMPILED, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export type Result = { code: number | null; stdout: string; stderr: string };

/** Runs a command to its end. */
export async function run(args: readonly string[], environment: Environment, main = MAIN): Promise<Result> {
  const child = start(args, environment, main);
  if (child.stdout === null || child.stderr === null) throw new Error('no pipes');
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** The command line on one database. */
export class Operator {
  readonly #environment: Environment;

  constructor(database_url: string, environment: Environment = {}) {
    this.#environment = { DATABASE_URL: database_url, ...environment };
  }

  /** Whatever comes of it. */
  async run(...args: string[]): Promise<Result> {
    return run(args, this.#environment);
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

/** The same without the secret, for comparing: a failed comparison prints both sides. */
export function withoutSecrets(value: unknown): unknown {
  return JSON.parse(redact(JSON.stringify(value)));
}

// One call of the command line, from its arguments to its exit code, and what it says when something is wrong.

import { ConfigError } from '../config.ts';
import { isDatabaseAway } from '../db/errors.ts';
import { redact } from '../foundation/log.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import type { Runners } from './program.ts';

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}

/** One sentence for what the operator can mend; everything for what only we can. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof OperatorError) return `error: ${error.message}`;
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error);
  if (code === 'EADDRINUSE') return 'error: the port is taken: stop what listens there, or set PORT to another';
  if (!isDatabaseAway(error)) return error.stack ?? error.message;
  // PostgreSQL at two addresses that both refuse is an error without a message.
  const reason = error.message === '' ? code : `${code}: ${error.message}`;
  return `error: the database of DATABASE_URL cannot be used (${reason})`;
}

async function run(args: readonly string[], runners: Runners): Promise<void> {
  // The usual way to start a server: it is to be up soon, and there is nothing to parse.
  if (args.length === 1 && args[0] === 'serve') return runners.serve();
  const { createProgram } = await import('./program.ts');
  const program = await createProgram(runners, args[0]);
  await program.parseAsync(args, { from: 'user' });
}

/** Runs what the arguments say, and returns the exit code: 0, or 1 after a sentence on stderr. */
export async function runCommandLine(args: readonly string[], runners: Runners): Promise<number> {
  try {
    await run(args, runners);
    return 0;
  } catch (error) {
    // What was typed may be a secret in the wrong place, and this goes to terminals and CI logs.
    process.stderr.write(`${redact(explain(error))}\n`);
    return 1;
  }
}

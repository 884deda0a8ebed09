// The log: JSON lines through pino. What must never be in it (tokens, secrets, query strings, patient ids in paths) is
// kept out by what callers pass; redaction here is the second fence, for text that comes from elsewhere in an error.

import { type DestinationStream, type Logger, pino } from 'pino';
import { timestamp } from './clock.ts';
import { SECRETS_IN_TEXT } from './ids.ts';

export type Log = Logger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export function redact(text: string): string {
  return text.replaceAll(SECRETS_IN_TEXT, '[redacted]');
}

/**
 * What the log says of an error: name, code and stack. Only these: a database driver hangs the row's values on its errors
 * (`detail`, `parameters`), and those hold people's data.
 */
export function describeError(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause instanceof Error ? { cause: redact(error.cause.stack ?? error.cause.message) } : {};
  return { name: error.name, ...code, stack: redact(error.stack ?? error.message), ...cause };
}

/**
 * Writes the lines of one turn of the event loop together, as the turn ends: a write of its own for each takes as long as to sign a
 * token. Whatever ends the process in an orderly way is not over before they are written.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true });
  let lines = '';
  const flush = () => {
    if (lines === '') return;
    output.write(lines);
    lines = '';
  };
  process.on('exit', flush);
  return {
    write(line) {
      if (lines === '') setImmediate(flush);
      lines += line;
    },
  };
}

export function createLog(level: LogLevel, destination: DestinationStream = standardOutput()): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${timestamp(Date.now())}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
  };
  return pino(options, destination);
}

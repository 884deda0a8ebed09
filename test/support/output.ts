// Where the servers under test write their logs: one folder a run, which test/run.ts searches for tokens and secrets.

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Set by test/run.ts. Without it, as in an editor's test runner, logs go to a folder that nobody searches. */
function outputFolder(): string {
  const folder = process.env['HANDOFF_TEST_OUTPUT'] ?? join(tmpdir(), 'handoff-test-output');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A new log file's path. */
export function newLogFile(what: string): string {
  return join(outputFolder(), `${what}-${randomBytes(6).toString('hex')}.log`);
}

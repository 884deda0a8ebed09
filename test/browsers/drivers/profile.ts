// A browser's folder: its profile and all that it would keep in a home folder, new for each start and removed behind it.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Profile = { folder: string; environment: Record<string, string>; remove: () => void };

const REMAINING_WRITES = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 };

let ends_on_signal = false;

/** The event `exit`, by which everything is cleaned up, does not come when a runner ends its worker with this signal. */
function exitOnSignal(): void {
  if (ends_on_signal) return;
  ends_on_signal = true;
  process.once('SIGTERM', () => process.exit(143));
}

export function newProfile(): Profile {
  exitOnSignal();
  const folder = mkdtempSync(join(tmpdir(), 'handoff-browser-'));
  const home = join(folder, 'home');
  const runtime = join(folder, 'runtime');
  mkdirSync(home);
  // Programs refuse a runtime folder that others may read.
  mkdirSync(runtime, { mode: 0o700 });
  const remove = () => rmSync(folder, REMAINING_WRITES);
  process.once('exit', remove);
  const environment = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: home,
    TMPDIR: folder,
    XDG_RUNTIME_DIR: runtime,
  };
  return {
    folder,
    environment,
    remove: () => {
      process.off('exit', remove);
      remove();
    },
  };
}

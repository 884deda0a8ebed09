// Sweeping: rows that nobody can use any more leave the tables that every request reads. The audit trail stays.

import type { Deps } from './deps.ts';
import { timestamp } from './foundation/clock.ts';
import { deleteOldSessions } from './sessions/store.ts';
import { retiredBefore } from './signing-keys/rotate.ts';
import { deleteRetiredKeys } from './signing-keys/store.ts';
import { deleteOldTokens } from './sso-tokens/store.ts';

const EVERY_MILLISECONDS = 10 * 60_000;

// A day after its end a session or token explains nothing that the audit trail does not.
const KEEP_MILLISECONDS = 24 * 60 * 60_000;

export async function sweep({ db, clock }: Deps): Promise<void> {
  const before = timestamp(clock() - KEEP_MILLISECONDS);
  await deleteOldTokens(db, before);
  await deleteOldSessions(db, before);
  await deleteRetiredKeys(db, retiredBefore(clock()));
}

/** Sweeps now and then until the returned function is called, which waits for a sweep under way. */
export function startSweeping(deps: Deps): () => Promise<void> {
  let under_way = Promise.resolve();
  const run = () => {
    under_way = sweep(deps).catch((err: unknown) => deps.log.warn({ err }, 'sweep failed'));
  };
  const timer = setInterval(run, EVERY_MILLISECONDS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await under_way;
  };
}

// Sweeping: rows that nobody can use any more leave the tables that every request reads. The audit trail stays.

import type { Deps } from './deps.ts';
import { DAY_MILLISECONDS, timestamp } from './foundation/clock.ts';
import { deleteOldIdempotencyKeys } from './idempotency/store.ts';
import { deleteOldSessions } from './sessions/store.ts';
import { retiredBefore } from './signing-keys/rotate.ts';
import { deleteRetiredKeys } from './signing-keys/store.ts';
import { deleteOldTokens } from './sso-tokens/store.ts';

const EVERY_MILLISECONDS = 10 * 60_000;

/** Until the signal aborts; the next sweep goes on. */
export async function sweep({ config, db, clock }: Deps, signal?: AbortSignal): Promise<void> {
  // A day after its end a session explains nothing that the audit trail does not; tokens are the partner's receipts.
  const before = timestamp(clock() - DAY_MILLISECONDS);
  await deleteOldTokens(db, timestamp(clock() - config.RECEIPT_DAYS * DAY_MILLISECONDS), signal);
  await deleteOldSessions(db, before, signal);
  await deleteOldIdempotencyKeys(db, timestamp(clock()), signal);
  await deleteRetiredKeys(db, retiredBefore(clock()));
}

/** Sweeps now and then until the returned function is called, which waits for the step of a sweep that is under way. */
export function startSweeping(deps: Deps): () => Promise<void> {
  let under_way = Promise.resolve();
  const ending = new AbortController();
  const run = () => {
    under_way = sweep(deps, ending.signal).catch((err: unknown) => deps.log.warn({ err }, 'sweep failed'));
  };
  const timer = setInterval(run, EVERY_MILLISECONDS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    ending.abort();
    await under_way;
  };
}

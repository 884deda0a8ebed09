// Group commit: what is granted in one moment shares a transaction, and with it the one wait for the disk. Each is answered when
// that is over, so that nothing is promised which is not on disk.

import { setImmediate } from 'node:timers/promises';
import { type Database, type DatabaseTransaction, isPostgres, lockAccess } from './database.ts';
import { isConflict, isDatabaseAway, isVictim } from './errors.ts';

/** Something to be written, as part of a transaction. Has to bear being run again: an attempt may have been rolled back. */
type Work<T> = (tx: DatabaseTransaction) => Promise<T>;

type Outcome = PromiseSettledResult<void>;
type Waiting = { work: Work<void>; row: string; settle: (outcome: Outcome) => void };

// So many answers wait for one commit at most; more would only make the first of them wait longer.
const MOST_AT_ONCE = 64;

// PostgreSQL can write the next group while the one before waits for its disk.
const GROUPS_AT_ONCE = { sqlite: 1, postgres: 2 };

class RolledBack extends Error {
  override readonly name = 'RolledBack';
}

function isRejected(outcome: Outcome | undefined): outcome is PromiseRejectedResult {
  return outcome?.status === 'rejected';
}

/** `outcomes` of the works as far as they came; `failure` of the transaction itself, and whether that had begun. */
type Attempt = { outcomes: Outcome[]; failure?: { reason: unknown; had_begun: boolean } };

async function attempt(db: Database, members: readonly Waiting[]): Promise<Attempt> {
  let outcomes: Outcome[] = [];
  let had_begun = false;
  try {
    await db.transaction().execute(async (tx) => {
      await lockAccess(tx, 'shared');
      had_begun = true;
      // All of them to their ends: none may still be writing when the transaction is rolled back.
      outcomes = await Promise.allSettled(members.map(async ({ work }) => work(tx)));
      if (outcomes.some(isRejected)) throw new RolledBack();
    });
    return { outcomes };
  } catch (reason) {
    return reason instanceof RolledBack ? { outcomes } : { outcomes, failure: { reason, had_begun } };
  }
}

class Group {
  readonly #db: Database;
  readonly #most_groups: number;
  #waiting: Waiting[] = [];
  #running = 0;

  constructor(db: Database) {
    this.#db = db;
    this.#most_groups = isPostgres(db) ? GROUPS_AT_ONCE.postgres : GROUPS_AT_ONCE.sqlite;
  }

  async add<T>(work: Work<T>, row: string): Promise<T> {
    return new Promise((resolve, reject) => {
      let fulfil: () => void;
      const attempted = async (tx: DatabaseTransaction) => {
        const value = await work(tx);
        // Of the last attempt, which is the one that was written.
        fulfil = () => resolve(value);
      };
      const settle = (outcome: Outcome) => (isRejected(outcome) ? reject(outcome.reason) : fulfil());
      this.#waiting.push({ work: attempted, row, settle });
      if (this.#running < this.#most_groups) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running += 1;
    while (this.#waiting.length > 0) {
      // Whatever this turn of the event loop has read gets its place.
      await setImmediate();
      // Rows in the same order everywhere: two groups that want the same ones wait for each other once, and not in a circle.
      await this.#write(this.#waiting.splice(0, MOST_AT_ONCE).toSorted(byRow));
    }
    this.#running -= 1;
  }

  async #write(members: readonly Waiting[]): Promise<void> {
    if (members.length === 0) return;
    const { outcomes, failure } = await attempt(this.#db, members);
    if (failure === undefined && !outcomes.some(isRejected))
      settleAll(members, { status: 'fulfilled', value: undefined });
    else if (failure === undefined) await this.#writeAgain(members, outcomes);
    else this.#giveUp(members, { outcomes, failure });
  }

  /** Nothing was written, because some failed: what did not goes once more, and what did tries by itself, if that can help. */
  async #writeAgain(members: readonly Waiting[], outcomes: readonly Outcome[]): Promise<void> {
    const again: Waiting[] = [];
    const alone: Waiting[] = [];
    for (const [index, member] of members.entries()) {
      const outcome = outcomes[index];
      if (isRejected(outcome) && (members.length === 1 || isFinal(outcome.reason))) member.settle(outcome);
      else if (!isRejected(outcome) || isVictim(outcome.reason)) again.push(member);
      else alone.push(member);
    }
    // If there is no culprit among them, they could go on together for ever.
    if (again.length === members.length) alone.push(...again.splice(0));
    const together = this.#write(again);
    // By themselves, and nobody waits for them: each may have to wait for a lock.
    for (const member of alone) void this.#write([member]);
    await together;
  }

  /** The transaction could not begin, be rolled back or be committed; then it may be written, and must not be tried again. */
  #giveUp(members: readonly Waiting[], { outcomes, failure }: Required<Attempt>): void {
    const { reason, had_begun } = failure;
    const could_commit = had_begun && !outcomes.some(isRejected);
    if (could_commit && isConflict(reason)) for (const member of members) void this.#write([member]);
    else for (const [index, member] of members.entries()) member.settle(rejectedOr(outcomes[index], reason));
    // Whoever waits behind them would wait as long.
    if (!had_begun) settleAll(this.#waiting.splice(0), { status: 'rejected', reason });
  }
}

/** What a member is told of a transaction that failed: its own reason if that says that the database is away. */
function rejectedOr(outcome: Outcome | undefined, reason: unknown): Outcome {
  return isRejected(outcome) && isFinal(outcome.reason) ? outcome : { status: 'rejected', reason };
}

function byRow({ row }: Waiting, other: Waiting): number {
  if (row === other.row) return 0;
  return row < other.row ? -1 : 1;
}

function settleAll(members: readonly Waiting[], outcome: Outcome | undefined): void {
  if (outcome !== undefined) for (const { settle } of members) settle(outcome);
}

/** Whoever tried again would wait as long once more. */
function isFinal(reason: unknown): boolean {
  return isDatabaseAway(reason) && !isConflict(reason);
}

const GROUPS = new WeakMap<Database, Group>();

/**
 * Grants something in a transaction that holds the access lock shared (lockAccess); those of one moment are one. `row` names the row
 * that the work changes first, where others may want it too. @throws what the work throws; then nothing of it is written
 */
export async function grant<T>(db: Database, work: Work<T>, row = ''): Promise<T> {
  const group = GROUPS.get(db) ?? new Group(db);
  GROUPS.set(db, group);
  return group.add(work, row);
}

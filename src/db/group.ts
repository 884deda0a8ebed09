// Group commit: what is granted in one moment shares a transaction, and with it the one wait for the disk. Each is answered when
// that is over, so that nothing is promised which is not on disk.

import { setImmediate } from 'node:timers/promises';
import { Problem } from '../foundation/problem.ts';
import { type Database, type DatabaseTransaction, isPostgres, lockAccess } from './database.ts';
import { isConflict, isDatabaseAway, isVictim } from './errors.ts';
import { sideBySide } from './prepared.ts';

/** Something to be done, as part of a transaction. Has to bear being run again: an attempt may have been rolled back. */
type Work<T> = (tx: DatabaseTransaction) => Promise<T>;

export type Grant<T> = {
  /** Reads, and may refuse with a Problem, before anybody of the group writes: those that are not refused never notice. */
  check?: Work<unknown>;
  write: Work<T>;
  /** What the work changes first, where others may want it too. */
  row?: string;
};

type Outcome = PromiseSettledResult<unknown>;
type Waiting = { check: Work<unknown>; write: Work<void>; row: string; settle: (outcome: Outcome) => void };

// So many answers wait for one commit at most; more would only make the first of them wait longer.
const MOST_AT_ONCE = 64;

// PostgreSQL can write the next group while the one before waits for its disk.
const GROUPS_AT_ONCE = { sqlite: 1, postgres: 2 };

async function checkNothing(): Promise<void> {}

class RolledBack extends Error {
  override readonly name = 'RolledBack';
}

function isRejected(outcome: Outcome | undefined): outcome is PromiseRejectedResult {
  return outcome?.status === 'rejected';
}

function isRefusal(outcome: Outcome | undefined): boolean {
  return isRejected(outcome) && outcome.reason instanceof Problem;
}

/** The `outcomes` of the members, as far as they came; `failure` of the transaction itself, and whether that had begun. */
type Attempt = {
  members: readonly Waiting[];
  outcomes: Outcome[];
  failure?: { reason: unknown; had_begun: boolean };
};

/** Checks all of them, answers those that are refused, and has the others write. */
async function checkAndWrite(tx: DatabaseTransaction, asking: readonly Waiting[]): Promise<Attempt> {
  const checks = await Promise.allSettled(asking.map(async ({ check }) => check(tx)));
  const checked = asking.map((member, index) => ({ member, check: checks[index] }));
  for (const { member, check } of checked) if (check && isRefusal(check)) member.settle(check);
  const going = checked.filter(({ check }) => !isRefusal(check));
  // All of them to their ends: none may still be writing when the transaction is rolled back.
  const outcomes = await Promise.allSettled(
    going.map(async ({ member, check }) => {
      if (isRejected(check)) throw check.reason;
      await member.write(tx);
    }),
  );
  return { members: going.map(({ member }) => member), outcomes };
}

async function attempt(db: Database, asking: readonly Waiting[]): Promise<Attempt> {
  let attempted: Attempt = { members: asking, outcomes: [] };
  let had_begun = false;
  try {
    await db.transaction().execute(async (tx) => {
      await lockAccess(tx, 'shared');
      had_begun = true;
      attempted = await sideBySide(tx, async () => checkAndWrite(tx, asking));
      if (attempted.outcomes.some(isRejected)) throw new RolledBack();
    });
    return attempted;
  } catch (reason) {
    return reason instanceof RolledBack ? attempted : { ...attempted, failure: { reason, had_begun } };
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

  async add<T>({ check = checkNothing, write, row = '' }: Grant<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let fulfil: () => void;
      const attempted = async (tx: DatabaseTransaction) => {
        const value = await write(tx);
        // Of the last attempt, which is the one that was written.
        fulfil = () => resolve(value);
      };
      const settle = (outcome: Outcome) => (isRejected(outcome) ? reject(outcome.reason) : fulfil());
      this.#waiting.push({ check, write: attempted, row, settle });
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

  async #write(asking: readonly Waiting[]): Promise<void> {
    if (asking.length === 0) return;
    const { members, outcomes, failure } = await attempt(this.#db, asking);
    if (failure === undefined && !outcomes.some(isRejected))
      settleAll(members, { status: 'fulfilled', value: undefined });
    else if (failure === undefined) await this.#writeAgain(members, outcomes);
    else this.#giveUp({ members, outcomes, failure });
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
  #giveUp({ members, outcomes, failure }: Required<Attempt>): void {
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
  return isDatabaseAway(reason) && !isConflict(reason) && !isVictim(reason);
}

const GROUPS = new WeakMap<Database, Group>();

/**
 * Grants something in a transaction that holds the access lock shared (lockAccess); those of one moment are one. @throws what `check`
 * or `write` throws; then nothing of it is written
 */
export async function grant<T>(db: Database, asked: Grant<T>): Promise<T> {
  const group = GROUPS.get(db) ?? new Group(db);
  GROUPS.set(db, group);
  return group.add(asked);
}

// What becomes of those who share a transaction when it is the transaction that fails: a stand-in for a database fails at each point.

import { type DialectAdapter, PostgresAdapter, SqliteAdapter } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { grant } from '../../src/db/group.ts';
import { Problem } from '../../src/foundation/problem.ts';

const failure = (message: string, code?: string) =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

type Script = { begin?: () => void; commit?: () => void };

/** Transactions that begin and commit as the script says, one after the other. */
function standIn(
  scripts: Script[],
  adapter: DialectAdapter = new SqliteAdapter(),
): { db: Database; begun: () => number } {
  let begun = 0;
  const executor = {
    adapter: new SqliteAdapter(),
    provideConnection: async (consumer: (connection: unknown) => Promise<unknown>) => consumer({}),
  };
  const tx = { getExecutor: () => executor };
  const execute = async (inTransaction: (tx: unknown) => Promise<unknown>) => {
    const script = scripts[begun] ?? {};
    begun += 1;
    script.begin?.();
    const result = await inTransaction(tx);
    script.commit?.();
    return result;
  };
  const db = { transaction: () => ({ execute }), getExecutor: () => ({ adapter }) } as unknown as Database;
  return { db, begun: () => begun };
}

const fail = (error: Error) => () => {
  throw error;
};

/** Works side by side, and how often each has run. */
async function run(db: Database, works: (() => void)[]) {
  const runs = works.map(() => 0);
  const outcomes = await Promise.allSettled(
    works.map(async (work, index) =>
      grant(db, {
        write: async () => {
          runs[index] = (runs[index] ?? 0) + 1;
          work();
          return index;
        },
      }),
    ),
  );
  const results = outcomes.map((outcome) =>
    outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as Error).message,
  );
  return { results, runs };
}

const good = () => undefined;

describe('of those who share a transaction', () => {
  test('all are granted when it commits', async () => {
    const { db, begun } = standIn([]);
    expect(await run(db, [good, good, good])).toEqual({ results: [0, 1, 2], runs: [1, 1, 1] });
    expect(begun()).toBe(1);
  });

  test('none is run again when the answer to its COMMIT is lost: it may have been written', async () => {
    const { db, begun } = standIn([{ commit: fail(failure('Connection terminated unexpectedly')) }]);
    expect(await run(db, [good, good])).toEqual({
      results: ['Connection terminated unexpectedly', 'Connection terminated unexpectedly'],
      runs: [1, 1],
    });
    expect(begun()).toBe(1);
  });

  test('each is run again by itself when the commit met another transaction', async () => {
    const { db } = standIn([{ commit: fail(failure('could not serialize access', '40001')) }]);
    expect(await run(db, [good, good])).toEqual({ results: [0, 1], runs: [2, 2] });
  });

  test('nobody waits for a database that is away once more, nor those behind them', async () => {
    const away = failure('timeout exceeded when trying to connect');
    const { db, begun } = standIn([{ begin: fail(away) }]);
    const many = Array.from({ length: 200 }, () => good);
    const { results, runs } = await run(db, many);
    expect(new Set(results)).toEqual(new Set([away.message]));
    expect(new Set(runs)).toEqual(new Set([0]));
    expect(begun()).toBe(1);
  });

  test('one that cannot get a lock of its own is refused, and the others are granted', async () => {
    const { db } = standIn([]);
    const locked = fail(failure('canceling statement due to lock timeout', '55P03'));
    expect(await run(db, [good, locked, good])).toEqual({
      results: [0, 'canceling statement due to lock timeout', 2],
      runs: [2, 1, 2],
    });
  });

  test('those whose statements failed because of another’s go once more without it', async () => {
    let is_aborted = false;
    const culprit = () => {
      is_aborted = true;
      throw failure('duplicate key', '23505');
    };
    const victim = () => {
      if (is_aborted) throw failure('current transaction is aborted', '25P02');
    };
    const { db } = standIn([{}, { begin: () => (is_aborted = false) }, { begin: () => (is_aborted = false) }]);
    const { results, runs } = await run(db, [good, culprit, victim]);
    expect(results).toEqual([0, 'duplicate key', 2]);
    expect(runs[1]).toBe(2);
  });

  test('a refusal is tried by itself, because what it saw may have been another’s, and then stands', async () => {
    const { db } = standIn([], new PostgresAdapter());
    const refused = fail(new Problem('user-suspended', 'This user is suspended'));
    expect(await run(db, [refused, good])).toEqual({ results: ['user-suspended', 1], runs: [2, 2] });
  });

  const checked = async (db: Database, checks: (() => void)[]) => {
    const writes: number[] = [];
    const outcomes = await Promise.allSettled(
      checks.map(async (check, index) =>
        grant(db, {
          check: async () => check(),
          write: async () => {
            writes.push(index);
          },
        }),
      ),
    );
    return { writes, said: outcomes.map((each) => (each.status === 'fulfilled' ? 'granted' : String(each.reason))) };
  };

  test('whoever a check refuses is told, writes nothing, and the others never notice', async () => {
    const { db, begun } = standIn([]);
    const refused = fail(new Problem('user-suspended', 'This user is suspended'));
    expect(await checked(db, [good, refused, good])).toEqual({
      writes: [0, 2],
      said: ['granted', 'Problem: user-suspended', 'granted'],
    });
    expect(begun()).toBe(1);
  });

  test('a check that fails for another reason rolls everything back, and has the others written again', async () => {
    const { db, begun } = standIn([]);
    const broken = fail(failure('no such column'));
    expect(await checked(db, [good, broken])).toEqual({
      writes: [0, 0],
      said: ['granted', 'Error: no such column'],
    });
    expect(begun()).toBe(3);
  });
});

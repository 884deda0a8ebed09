// What many ask for in one turn of the event loop, handed on together as the turn ends.

import type { DatabaseConnection, QueryExecutor } from 'kysely';

/** Somebody who waits for an answer. */
export type Asking<Q, A> = { question: Q; resolve: (answer: A) => void; reject: (reason: unknown) => void };

/**
 * A question to `key`, answered together with the others of its turn. `answer` resolves or rejects each; those that it has not answered
 * when it throws get what it throws.
 */
export function together<K extends object, Q, A>(
  answer: (key: K, asking: readonly Asking<Q, A>[]) => Promise<void>,
): (key: K, question: Q) => Promise<A> {
  const waiting = new WeakMap<K, Asking<Q, A>[]>();
  const answerAll = async (key: K, asking: readonly Asking<Q, A>[]) => {
    waiting.delete(key);
    try {
      await answer(key, asking);
    } catch (reason) {
      for (const { reject } of asking) reject(reason);
    }
  };
  return async (key, question) =>
    new Promise((resolve, reject) => {
      const one = { question, resolve, reject };
      const others = waiting.get(key);
      if (others !== undefined) return others.push(one);
      const asking = [one];
      waiting.set(key, asking);
      return setImmediate(() => void answerAll(key, asking));
    });
}

type Query<R> = (connection: DatabaseConnection) => Promise<R>;

const runTogether = together(async (executor: QueryExecutor, asking: readonly Asking<Query<void>, void>[]) =>
  executor.provideConnection(async (connection) => {
    await Promise.all(asking.map(async ({ question, resolve, reject }) => question(connection).then(resolve, reject)));
  }),
);

/**
 * Runs a query that shares a connection with the others of its turn: to get one takes as long as to be answered. For those that wait
 * for nobody, or all would wait.
 */
export async function onSharedConnection<R>(executor: QueryExecutor, query: Query<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    runTogether(executor, async (connection) => query(connection).then(resolve)).catch(reject);
  });
}

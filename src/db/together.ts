// What many ask for in one turn of the event loop, handed on together as the turn ends.

// More would only wait for each other, where several could be answered side by side.
const MOST_TOGETHER = 16;

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
    if (waiting.get(key) === asking) waiting.delete(key);
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
      if (others !== undefined && others.length < MOST_TOGETHER) return others.push(one);
      const asking = [one];
      waiting.set(key, asking);
      return setImmediate(() => void answerAll(key, asking));
    });
}

// Looks at answers closely while the load runs: a few requests a second of its own, each answer checked in full. What is wrong is
// counted and kept in words; the load generators see a status at the most.

import { setTimeout as pause } from 'node:timers/promises';
import type { Case } from '../field/contestant.ts';
import { ask } from '../load/gather.ts';
import type { HttpRequest } from '../load/request.ts';

export type Checked = { answers: number; wrong: string[] };

/** Requests that the checker takes for itself, of those that work once. */
export const CHECKS_PER_SECOND = 4;

async function checkOne(one: Case, port: number, request: HttpRequest): Promise<string | undefined> {
  try {
    await one.check(await ask(port, request), request);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Checks until the returned function is called, which waits for the one under way. */
export function startChecking(one: Case, port: number, requests: readonly HttpRequest[]): () => Promise<Checked> {
  const checked: Checked = { answers: 0, wrong: [] };
  let stopped = false;
  const work = async () => {
    for (const request of requests) {
      if (stopped) break;
      const wrong = await checkOne(one, port, request);
      checked.answers += 1;
      if (wrong !== undefined) checked.wrong.push(wrong);
      if (!stopped) await pause(1000 / CHECKS_PER_SECOND);
    }
  };
  const under_way = work();
  return async () => {
    stopped = true;
    await under_way;
    return checked;
  };
}

// The whole body of an answer, as the contract has it: what a test expects, put into the envelope.

import { timestamp } from '../../src/foundation/clock.ts';
import { instanceOf, requestIdOf } from '../handoff/expect-refusal.ts';
import type { Answer } from '../support/client.ts';
import type { Handoff } from '../support/handoff.ts';

/** What every answer ends with. */
function endingOf({ clock }: Handoff, answer: Answer): object {
  return { timestamp: timestamp(clock.now()), requestId: requestIdOf(answer) };
}

/** A success with these members between its status and its end. */
export function successOf(handoff: Handoff, answer: Answer, members: object): object {
  return { success: true, statusCode: answer.status, ...members, ...endingOf(handoff, answer) };
}

type Words = { slug: string; title: string; detail: string; code?: string; validation?: object[] };

/** A failure in these words. */
export function failureOf(handoff: Handoff, answer: Answer, { slug, code, ...words }: Words): object {
  const type = `${handoff.config.PROBLEM_BASE_URL}/${slug}`;
  const error = { type, ...words, instance: instanceOf(requestIdOf(answer)) };
  const codes = code === undefined ? {} : { code };
  return { success: false, statusCode: answer.status, ...codes, error, ...endingOf(handoff, answer) };
}

import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, CLICK, cookieOf, mintLink, PATIENT_PATH, problemOf } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

test('a link signs in once', async () => {
  const link = await mintLink(handoff, sample);
  const answer = await call(handoff, link.path, { headers: CLICK });
  expect(answer.status).toBe(303);
  expect(answer.headers.get('location')).toBe(PATIENT_PATH);
  expect(cookieOf(answer)).toMatch(/^__Host-handoff=ses_/);
  const again = await call(handoff, link.path);
  expect(problemOf(again)).toBe('token-used');
});

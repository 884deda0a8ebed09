// What is kept of POST /v1/token: one audit event an attempt, and never a token or a secret, there or in the log.

import { readFileSync } from 'node:fs';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { requestIdOf } from '../handoff/expect-refusal.ts';
import type { Answer } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { findLeaks } from '../support/leaks.ts';
import { bearer, callUsers, dataOf, newUser, postUser, refusalOf, requestToken } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const eventsOf = (answer: Answer) => listEvents(handoff.deps.db, { request_id: requestIdOf(answer) }, { limit: 5 });

test('a grant names partner, organization, scopes and the token’s own id', async () => {
  const { partner_id, organization_id } = sample;
  const answer = await requestToken(handoff, sample, { scope: ['read:user'] });
  const { jti } = decodeJwt(dataOf<{ accessToken: string }>(answer).accessToken);
  const events = await eventsOf(answer);
  expect(events).toHaveLength(1);
  const granted = { actor: 'partner', action: 'access_token.issued', outcome: 'granted', problem: null };
  expect(events[0]).toMatchObject({ ...granted, target_id: jti, partner_id, organization_id, user_id: null });
  expect(JSON.parse(events[0]?.detail ?? '')).toEqual({ scopes: ['read:user'] });
});

test.each([
  ['a wrong secret', { headers: { 'x-partner-secret': 'wrong' } }, 'authentication-required'],
  ['a missing header', { headers: { 'x-organization-id': '' } }, 'invalid-request'],
  ['a web page', { headers: { origin: 'https://page.example' } }, 'browser-request-refused'],
  ['a body of another form', { scope: 'read:user' }, 'validation-error'],
  ['another media type', { headers: { 'content-type': 'text/plain' } }, 'unsupported-media-type'],
  ['scopes that are not approved', { scope: ['x'] }, 'insufficient-scope'],
])('a refusal says why: %s', async (_, options, problem) => {
  const answer = await requestToken(handoff, sample, options);
  const events = await eventsOf(answer);
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({ actor: 'partner', action: 'access_token.issued', outcome: 'refused', problem });
  expect(JSON.parse(events[0]?.detail ?? '')).toMatchObject({ detail: refusalOf(answer).detail });
});

test('neither log nor audit trail holds a token, a secret or what a user is called', async () => {
  const headers = await bearer(handoff, sample);
  await postUser(handoff, sample, headers, newUser({ given_name: 'Unmistakable' }));
  await postUser(handoff, sample, headers, newUser({ given_name: 'Unmistakable', phone: '' }));
  await callUsers(handoff, sample, { headers: { ...headers, authorization: `${headers['authorization']}x` } });
  const log = readFileSync(handoff.log_file, 'utf8');
  const trail = JSON.stringify(await handoff.deps.db.selectFrom('audit_events').selectAll().execute());
  for (const text of [log, trail]) {
    expect(text).toContain(sample.partner_id);
    expect(text.includes('Unmistakable'), 'a name').toBe(false);
    expect(text.includes(sample.partner_secret) || text.includes(sample.organization_secret)).toBe(false);
  }
  expect(findLeaks(log)).toEqual([]);
  expect(findLeaks(trail).filter((leak) => !leak.startsWith('a patient id'))).toEqual([]);
});

// The check that every answer in a run goes through (support/contract.ts) notices what openapi.yaml does not say.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, call, CLICK, cookieOf, mintLink, openLink, requestSso } from '../support/client.ts';
import { expectDocumented } from '../support/contract.ts';
import type { Handoff } from '../support/handoff.ts';
import { findLeaks } from '../support/leaks.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { BASE_PATH, startBelowPath } from './serve.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startBelowPath();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

describe('an answer that openapi.yaml does not say fails the test that gets it', () => {
  const MINT = { method: 'POST', path: `${BASE_PATH}/v1/sso` };

  const withHeader = (answer: Answer, name: string, value: string): Answer => {
    const headers = new Headers(answer.headers);
    headers.set(name, value);
    return { ...answer, headers };
  };
  const without = (answer: Answer, name: string): Answer => {
    const headers = new Headers(answer.headers);
    headers.delete(name);
    return { ...answer, headers };
  };
  const withMember = (answer: Answer, member: object): Answer => ({
    ...answer,
    json: { ...(answer.json as object), ...member },
  });

  const CHANGES: [string, (answer: Answer) => Answer, RegExp][] = [
    ['a status', (answer) => ({ ...answer, status: 202 }), /the status is not documented/],
    ['a member', (answer) => withMember(answer, { more: 1 }), /must NOT have unevaluated properties \(more\)/],
    ['a missing member', (answer) => withMember(answer, { data: {} }), /must have required property 'sso_token'/],
    ['a value', (answer) => withMember(answer, { statusCode: 201 }), /\/statusCode must be equal to constant/],
    ['a media type', (answer) => withHeader(answer, 'content-type', 'text/plain'), /media type text\/plain is not/],
    ['a header', (answer) => withHeader(answer, 'set-cookie', 'sample=1'), /the header set-cookie is not documented/],
    ['a missing header', (answer) => without(answer, 'x-request-id'), /the header x-request-id is missing/],
    ['a header’s value', (answer) => withHeader(answer, 'x-request-id', '1'), /the header x-request-id must match/],
  ];

  test.each(CHANGES)('%s', async (_what, change, message) => {
    const answer = await requestSso(handoff, sample);
    expect(() => expectDocumented(handoff.config, MINT, answer)).not.toThrow();
    expect(() => expectDocumented(handoff.config, MINT, change(answer))).toThrow(message);
  });

  const PROBLEM_CHANGES: [string, (error: Record<string, string>) => object, RegExp][] = [
    ['a title', (error) => ({ ...error, title: 'Sample' }), /the title of the problem does not agree/],
    [
      'an instance',
      (error) => ({ ...error, instance: `urn:uuid:${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}` }),
      /the instance does not agree/,
    ],
    [
      'a type of nobody',
      (error) => ({ ...error, type: 'https://api.example.com/errors/sample' }),
      /the type is not ours/,
    ],
    [
      'another type of the status',
      (error) => ({
        ...error,
        type: error['type']?.replace('user-not-found', 'token-unknown'),
        title: 'Unknown token',
      }),
      /token-unknown is not named/,
    ],
  ];

  test.each(PROBLEM_CHANGES)('in a problem, %s', async (_what, change, message) => {
    const answer = await requestSso(handoff, { ...sample, user_id: 'usr_nobody' });
    const { error } = answer.json as { error: Record<string, string> };
    expect(() => expectDocumented(handoff.config, MINT, answer)).not.toThrow();
    const changed = withMember(answer, { error: change(error) });
    expect(() => expectDocumented(handoff.config, MINT, changed)).toThrow(message);
  });

  test('a body where none is documented', async () => {
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    const answer = await call(handoff, '/auth/verify', { headers: { cookie } });
    const request = { method: 'GET', path: '/auth/verify' };
    expect(() => expectDocumented(handoff.config, request, answer)).not.toThrow();
    const changed = { ...answer, text: 'sample' };
    expect(() => expectDocumented(handoff.config, request, changed)).toThrow('a body where none is documented');
  });

  test('a method', async () => {
    const answer = await requestSso(handoff, sample);
    const put = { ...MINT, method: 'PUT' };
    expect(() => expectDocumented(handoff.config, put, answer)).toThrow('the method is not documented');
  });

  test('an address, unless the sandbox has its sample portal there', async () => {
    const answer = await call(handoff, '/healthz');
    const elsewhere = { method: 'GET', path: '/dashboard/sample' };
    expect(() => expectDocumented(handoff.config, elsewhere, answer)).toThrow('nothing is documented at this address');
    const config = { ...handoff.config, mode: 'sandbox' } as const;
    expect(() => expectDocumented(config, elsewhere, answer)).not.toThrow();
  });

  test('an address below /docs, unless it is of the files that the page loads', async () => {
    const answer = await call(handoff, '/healthz');
    const file = { method: 'GET', path: `${BASE_PATH}/docs/assets/sample.js` };
    expect(() => expectDocumented(handoff.config, file, answer)).not.toThrow();
    const elsewhere = { ...file, path: `${BASE_PATH}/docs/sample.js` };
    expect(() => expectDocumented(handoff.config, elsewhere, answer)).toThrow('nothing is documented at this address');
  });

  test('a problem at an address that is not documented', async () => {
    const answer = await call(handoff, '/no/such/address');
    const elsewhere = { method: 'GET', path: '/no/such/address' };
    expect(() => expectDocumented(handoff.config, elsewhere, answer)).not.toThrow();
    const changed = withMember(answer, { title: 'Sample' });
    expect(() => expectDocumented(handoff.config, elsewhere, changed)).toThrow('the title of the problem');
  });

  test('and the failure quotes nothing of the answer', async () => {
    const { path } = await mintLink(handoff, sample);
    const answer = await call(handoff, path, { headers: CLICK });
    expect(cookieOf(answer)).toBeDefined();
    let message = '';
    try {
      expectDocumented(handoff.config, MINT, withHeader(answer, 'set-cookie', `${cookieOf(answer)}; Path=/dashboard`));
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('openapi.yaml');
    expect(findLeaks(message)).toEqual([]);
  });
});

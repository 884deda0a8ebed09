// POST /v1/sso refused for the request itself: its headers, its body, where it comes from, and which of several reasons is
// told. The rest is in mint-credentials.test.ts, mint-paths.test.ts and mint-standing.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProblemSlug } from '../../src/foundation/problem-catalogue.ts';
import { disableIntegration } from '../../src/partners/integration.ts';
import { suspendOrganization } from '../../src/partners/organization.ts';
import { suspendPartner } from '../../src/partners/partner.ts';
import { suspendUser } from '../../src/users/user.ts';
import { call, partnerHeaders, PATIENT_PATH, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { expectRefusal, instanceOf, provedBy, requestIdOf } from './expect-refusal.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const REQUIRED = ['x-partner-id', 'x-partner-secret', 'x-organization-id', 'x-organization-secret', 'x-user-id'];

const post = (headers: Record<string, string>, body: string) =>
  call(handoff, '/v1/sso', { method: 'POST', headers, body });

const goodBody = JSON.stringify({ redirect_path: PATIENT_PATH });

function without(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(partnerHeaders(sample)).filter(([name]) => !names.includes(name)));
}

describe('required headers', () => {
  test('in any order and spelling of their names are enough', async () => {
    const shuffled = Object.entries(partnerHeaders(sample)).toReversed();
    const headers = Object.fromEntries(shuffled.map(([name, value]) => [name.toUpperCase(), value]));
    expect((await post(headers, goodBody)).status).toBe(200);
  });

  test.each([
    ...REQUIRED.map((name) => [name]),
    ['x-partner-secret', 'x-organization-secret'],
    ['x-partner-id', 'x-user-id'],
    REQUIRED,
  ])('that are missing are named: %s %s %s %s %s', async (...missing) => {
    const refusal = { slug: 'invalid-request', detail: `Missing required headers: ${missing.join(', ')}` } as const;
    await expectRefusal(handoff, await post(without(missing), goodBody), refusal);
    const empty = Object.fromEntries(missing.map((name) => [name, ' ']));
    await expectRefusal(handoff, await requestSso(handoff, sample, { headers: empty }), refusal);
  });

  test('that are missing are named in the documented order, whatever order the others come in', async () => {
    const headers = { 'x-organization-id': sample.organization_id, 'x-partner-id': sample.partner_id };
    await expectRefusal(handoff, await post(headers, goodBody), {
      slug: 'invalid-request',
      detail: 'Missing required headers: x-partner-secret, x-organization-secret, x-user-id',
    });
  });
});

describe('a request from a web page', () => {
  const refusal = {
    slug: 'browser-request-refused',
    detail:
      'This request came from a web page. Secrets do not belong in a browser: call this operation from your server',
  } as const;
  const fetched = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };

  test.each([
    ['another origin', { origin: 'https://partner.example' }],
    ['the portal itself', { origin: 'http://localhost:8787', ...fetched }],
    ['an opaque origin', { origin: 'null' }],
    ['a script, without saying from where', { 'sec-fetch-mode': 'cors' }],
    [
      "a browser that calls itself what Node's fetch does",
      { ...fetched, 'accept-language': '*', 'user-agent': 'node' },
    ],
  ])('is refused: %s', async (_, headers) => {
    const answer = await requestSso(handoff, sample, { headers });
    const seen = 'user-agent' in headers ? { user_agent: headers['user-agent'] } : {};
    await expectRefusal(handoff, answer, { ...refusal, ...seen });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test("is not what Node's own fetch sends, although it says cors", async () => {
    const options = { method: 'POST', headers: partnerHeaders(sample), body: goodBody };
    const response = await fetch(`${handoff.url}/v1/sso`, options);
    expect(response.status).toBe(200);
    const from_page = await fetch(`${handoff.url}/v1/sso`, {
      ...options,
      headers: { ...options.headers, origin: 'https://partner.example' },
    });
    expect(from_page.status).toBe(403);
  });
});

const NOT_TEXT = 'redirect_path must be of type string';
const NOT_AN_OBJECT = 'body must be of type object';

describe('a body', () => {
  test('may have members that are not documented', async () => {
    const body = JSON.stringify({ user_id: 'somebody else', redirect_path: PATIENT_PATH, expires_in: 9e9 });
    expect((await post(partnerHeaders(sample), body)).status).toBe(200);
  });

  test.each([
    ['that is no JSON', '{"redirect_path":', 'body', 'invalid_json', 'The body is not valid JSON'],
    ['that is empty', '', 'body', 'invalid_json', 'The body is not valid JSON'],
    ['that is a form', 'redirect_path=/dashboard', 'body', 'invalid_json', 'The body is not valid JSON'],
    ['that is an array', '["/dashboard"]', 'body', 'invalid_type', NOT_AN_OBJECT],
    ['that is null', 'null', 'body', 'invalid_type', NOT_AN_OBJECT],
    ['that is text', '"/dashboard"', 'body', 'invalid_type', NOT_AN_OBJECT],
    ['without the path', '{}', 'redirect_path', 'missing', 'redirect_path is required'],
    ['with another spelling', '{"redirectPath":"/dashboard"}', 'redirect_path', 'missing', 'redirect_path is required'],
    [
      'with the path in its prototype',
      '{"__proto__":{"redirect_path":"/dashboard"}}',
      'redirect_path',
      'missing',
      'redirect_path is required',
    ],
    ['with null for a path', '{"redirect_path":null}', 'redirect_path', 'invalid_type', NOT_TEXT],
    ['with a number for a path', '{"redirect_path":1}', 'redirect_path', 'invalid_type', NOT_TEXT],
    ['with a list for a path', '{"redirect_path":["/dashboard"]}', 'redirect_path', 'invalid_type', NOT_TEXT],
    [
      'with an empty path',
      '{"redirect_path":""}',
      'redirect_path',
      'too_small',
      'redirect_path must have at least 1 character',
    ],
    [
      'with a path that is too long',
      JSON.stringify({ redirect_path: '/dashboard?'.padEnd(2049, 'a') }),
      'redirect_path',
      'too_big',
      'redirect_path must have at most 2048 characters',
    ],
  ])('%s is refused', async (_, body, field, code, message) => {
    const answer = await post(partnerHeaders(sample), body);
    const validation = [{ field, message, code }];
    await expectRefusal(handoff, answer, {
      slug: 'invalid-request',
      detail: message,
      validation,
      proved: provedBy(sample),
    });
  });
});

describe('of two reasons', () => {
  type Case = {
    first: string;
    second: string;
    told: ProblemSlug;
    headers?: Record<string, string>;
    body?: string;
    change?: (sample: Sample) => Promise<unknown>;
  };
  const wrong = { 'x-partner-secret': 'wrong' };
  const wrong_organization = { 'x-organization-secret': 'wrong' };
  const disable = ({ partner_id, organization_id }: Sample) =>
    disableIntegration(handoff.deps.db, { partner_id, organization_id }, handoff.deps);
  const suspend = {
    partner: (one: Sample) => suspendPartner(handoff.deps.db, one.partner_id, handoff.deps),
    organization: (one: Sample) => suspendOrganization(handoff.deps.db, one.organization_id, handoff.deps),
    user: (one: Sample) => suspendUser(handoff.deps.db, one.user_id, handoff.deps),
  };
  const large = JSON.stringify({ redirect_path: PATIENT_PATH, padding: 'x'.repeat(17_000) });
  const type = { 'content-type': 'text/plain' };
  const origin = { origin: 'https://partner.example' };
  const cases: Case[] = [
    {
      first: 'a web page',
      second: 'a missing header',
      told: 'browser-request-refused',
      headers: { ...origin, 'x-user-id': '' },
    },
    {
      first: 'a missing header',
      second: 'a wrong secret',
      told: 'invalid-request',
      headers: { ...wrong, 'x-user-id': '' },
    },
    { first: 'a wrong secret', second: 'a bad body', told: 'authentication-required', headers: wrong, body: '{' },
    { first: 'a wrong secret', second: 'a large body', told: 'authentication-required', headers: wrong, body: large },
    {
      first: 'a wrong organization secret',
      second: 'a bad type',
      told: 'authentication-required',
      headers: { ...wrong_organization, ...type },
    },
    { first: 'a wrong secret', second: 'disabled', told: 'authentication-required', headers: wrong, change: disable },
    {
      first: 'a wrong organization secret',
      second: 'a suspended partner',
      told: 'authentication-required',
      headers: wrong_organization,
      change: suspend.partner,
    },
    { first: 'a bad type', second: 'a bad body', told: 'unsupported-media-type', headers: type, body: '{' },
    { first: 'a large body', second: 'disabled', told: 'payload-too-large', body: large, change: disable },
    { first: 'a bad body', second: 'disabled', told: 'invalid-request', body: '{', change: disable },
    {
      first: 'a hostile path',
      second: 'disabled',
      told: 'invalid-request',
      body: '{"redirect_path":"//x"}',
      change: disable,
    },
    {
      first: 'disabled',
      second: 'an unknown user',
      told: 'integration-disabled',
      headers: { 'x-user-id': 'usr_nobody' },
      change: disable,
    },
    {
      first: 'a suspended organization',
      second: 'an unknown user',
      told: 'organization-suspended',
      headers: { 'x-user-id': 'usr_nobody' },
      change: suspend.organization,
    },
    {
      first: 'disabled',
      second: 'a suspended user',
      told: 'integration-disabled',
      change: (one) => Promise.all([disable(one), suspend.user(one)]),
    },
    {
      first: 'a suspended partner',
      second: 'disabled',
      told: 'partner-suspended',
      change: (one) => Promise.all([disable(one), suspend.partner(one)]),
    },
  ];

  test.each(cases)('$first is told before $second', async ({ told, headers, body, change }) => {
    const one = await createSample(handoff.deps);
    await change?.(one);
    const answer = await post({ ...partnerHeaders(one), ...headers }, body ?? goodBody);
    const { error } = answer.json as { error: { type: string } };
    expect(error.type.split('/').at(-1)).toBe(told);
  });
});

describe('the form of a refusal', () => {
  const incomplete = { 'x-user-id': '' };

  test('is the bare problem for whoever asks for application/problem+json', async () => {
    const headers = { ...incomplete, accept: 'application/problem+json' };
    const answer = await requestSso(handoff, sample, { headers });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const request_id = requestIdOf(answer);
    expect(answer.json).toEqual({
      type: 'http://localhost:8787/errors/invalid-request',
      title: 'Invalid request',
      status: 400,
      detail: 'Missing required headers: x-user-id',
      instance: instanceOf(request_id),
      request_id,
    });
  });

  test.each([
    '*/*',
    'application/json',
    'application/*',
    'text/html',
    'application/json, application/problem+json;q=0.5',
  ])('is the envelope for whoever accepts %s', async (accept) => {
    const answer = await requestSso(handoff, sample, { headers: { ...incomplete, accept } });
    const refusal = { slug: 'invalid-request', detail: 'Missing required headers: x-user-id' } as const;
    await expectRefusal(handoff, answer, refusal);
  });

  test('names its type under PROBLEM_BASE_URL', async () => {
    const server = await startHandoff({ environment: { PROBLEM_BASE_URL: 'https://docs.clinic.example/problems/' } });
    try {
      const answer = await requestSso(server, sample, { headers: incomplete });
      const { error } = answer.json as { error: { type: string } };
      expect(error.type).toBe('https://docs.clinic.example/problems/invalid-request');
    } finally {
      await server.close();
    }
  });
});

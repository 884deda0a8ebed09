// The receipt of an attempt that was refused: what was expected, what came, and what to do, for each rule that stands behind
// the partner's secret. What is refused before that has no receipt, because nobody knows whose it would be.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timestamp } from '../../src/foundation/clock.ts';
import { newSecret, systemRandom } from '../../src/foundation/ids.ts';
import { rotateCredential } from '../../src/partners/credential.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { type Answer, call, partnerHeaders, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { hostilePaths } from '../handoff/hostile-redirect-paths.ts';
import { askForAttempt, expectReceipt, mint, PAGE } from './receipts.ts';
import { requestIdOf } from './as-partner.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  // Every prefix, so that each fault of a path is the only one.
  handoff = await startHandoff({ environment: { REDIRECT_PATH_PREFIXES: '/' } });
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const refuse = (headers: Record<string, string>): Promise<Answer> => requestSso(handoff, sample, { headers });

describe('the receipt tells of an organization’s secret', () => {
  let elsewhere: Sample;
  let rival: Sample;
  beforeAll(async () => {
    const enable = async (partner: Sample, place: Sample): Promise<Sample> => {
      const key = { partner_id: partner.partner_id, organization_id: place.organization_id };
      const { organization_secret } = await enableIntegration(handoff.deps.db, { ...key, options: {} }, handoff.deps);
      return { ...partner, ...key, organization_secret: organization_secret ?? '' };
    };
    const other = await createSample(handoff.deps);
    elsewhere = await enable(sample, other);
    rival = await enable(other, sample);
  });

  const wrong: [string, () => string | Promise<string>, string][] = [
    ['that nobody was given', () => newSecret('hos', systemRandom), 'no secret of this partner'],
    ['with a character changed', () => `${sample.organization_secret.slice(0, -1)}!`, 'no secret of this partner'],
    ['that is no secret at all', () => 'secret', 'no secret of this partner'],
    [
      'in whose place the partner’s is',
      () => sample.partner_secret,
      'the partner secret, where the organization secret belongs',
    ],
    ['that is for another organization', () => elsewhere.organization_secret, 'a secret for another organization'],
    ['that is another partner’s', () => rival.organization_secret, 'no secret of this partner'],
    ['in whose place another partner’s own is', () => rival.partner_secret, 'no secret of this partner'],
  ];

  test.each(wrong)('%s', async (_, secret, received) => {
    const answer = await refuse({ 'x-organization-secret': await secret() });
    await expectReceipt(handoff, sample, {
      answer,
      slug: 'authentication-required',
      detail: 'Invalid organization credentials',
      expected: 'an active secret of this partner for this organization',
      received,
      user_id: null,
    });
  });

  test('that is right, with the id of another organization', async () => {
    const answer = await refuse({ 'x-organization-id': elsewhere.organization_id });
    await expectReceipt(handoff, sample, {
      answer,
      slug: 'authentication-required',
      detail: 'Invalid organization credentials',
      expected: 'an active secret of this partner for this organization',
      received: 'a secret for another organization',
      user_id: null,
    });
    expect((await requestSso(handoff, sample)).status).toBe(200);
  });

  test('that has expired or was revoked, with the moment when', async () => {
    const one = await createSample(handoff.deps);
    const { partner_id, organization_id } = one;
    const rotate = async (overlap_hours: number) => {
      handoff.clock.advance(1);
      const rotation = { owner: { partner_id, organization_id }, overlap_hours };
      return (await rotateCredential(handoff.deps.db, rotation, handoff.deps)).secret;
    };
    const second = await rotate(1);
    const revoked_at = timestamp(handoff.clock.now() + 1);
    const third = await rotate(1);
    const expires_at = timestamp(handoff.clock.now() + 3_600_000);
    const told = {
      slug: 'authentication-required',
      detail: 'Invalid organization credentials',
      expected: 'an active secret of this partner for this organization',
      user_id: null,
    } as const;
    const current = { ...one, organization_secret: third };
    const revoked = `a secret that was revoked at ${revoked_at}`;
    await expectReceipt(handoff, current, {
      answer: await requestSso(handoff, one),
      ...told,
      received: revoked,
    });
    const previous = { ...one, organization_secret: second };
    expect((await requestSso(handoff, previous)).status).toBe(200);
    handoff.clock.advance(3_600_000);
    const expired = `a secret that expired at ${expires_at}`;
    await expectReceipt(handoff, current, {
      answer: await requestSso(handoff, previous),
      ...told,
      received: expired,
    });
  });
});

const FORM = 'application/x-www-form-urlencoded';
const JSON_ONLY = 'Content-Type: application/json, without Content-Encoding';

describe('the receipt tells of a body', () => {
  const post = (headers: Record<string, string>, body: string) =>
    call(handoff, '/v1/sso', { method: 'POST', headers: { ...partnerHeaders(sample), ...headers }, body });

  test.each([
    ['of another type', { 'content-type': FORM }, 'The Content-Type must be application/json', FORM],
    ['of no type', { 'content-type': '' }, 'The Content-Type must be application/json', 'no media type'],
    ['of an odd type', { 'content-type': 'a b' }, 'The Content-Type must be application/json', 'no media type'],
    ['in another alphabet', { 'content-type': 'application/json; charset=utf-16' }, 'The body must be UTF-8', null],
    ['that is compressed', { 'content-encoding': 'gzip' }, 'The body must not be compressed', null],
  ] as const)('%s', async (_, headers, detail, received) => {
    const told = { slug: 'unsupported-media-type', detail, expected: JSON_ONLY, received } as const;
    await expectReceipt(handoff, sample, { answer: await post(headers, '{}'), ...told });
  });

  test('that is too large', async () => {
    await expectReceipt(handoff, sample, {
      answer: await post({}, JSON.stringify({ redirect_path: PAGE, more: 'x'.repeat(16_384) })),
      slug: 'payload-too-large',
      detail: 'The body must not be larger than 16384 bytes',
      expected: 'a body with the documented members only',
      received: null,
    });
  });

  test.each([
    ['that is no JSON', '{"redirect_path":', 'body', 'The body is not valid JSON', 'invalid_json'],
    ['that is a list', '["/dashboard"]', 'body', 'body must be of type object', 'invalid_type'],
    ['without the path', '{}', 'redirect_path', 'redirect_path is required', 'missing'],
    ['with a number', '{"redirect_path":7}', 'redirect_path', 'redirect_path must be of type string', 'invalid_type'],
    [
      'with nothing',
      '{"redirect_path":""}',
      'redirect_path',
      'redirect_path must have at least 1 character',
      'too_small',
    ],
    [
      'with too much',
      JSON.stringify({ redirect_path: '/dashboard/'.padEnd(2_049, 'x') }),
      'redirect_path',
      'redirect_path must have at most 2048 characters',
      'too_big',
    ],
  ])('%s', async (_, body, field, message, code) => {
    const validation = [{ field, message, code }];
    const words = { detail: message, expected: message, received: null, validation };
    await expectReceipt(handoff, sample, {
      answer: await post({}, body),
      slug: 'invalid-request',
      ...words,
    });
  });
});

const SHAPE = new Set(['missing', 'wrong_type', 'empty', 'too_long', 'not_allowed_prefix']);
const faults = Object.entries(hostilePaths).flatMap(([code, paths]) => {
  const path = paths.find((one) => typeof one === 'string');
  return path === undefined || SHAPE.has(code) ? [] : [{ code, path }];
});

describe('the receipt tells of a redirect_path', () => {
  async function expectFault(one: Sample, redirect_path: string, code: string, expected: RegExp): Promise<void> {
    const answer = await requestSso(handoff, one, { redirect_path });
    const { validation } = (answer.json as { error: { validation: [{ message: string; code: string }] } }).error;
    const [{ message }] = validation;
    expect(message).toMatch(expected);
    const received = redirect_path.replaceAll('\0', '\u2400');
    const words = { detail: message, expected: message, received, redirect_path: received };
    await expectReceipt(handoff, one, {
      answer,
      slug: 'invalid-request',
      ...words,
      validation: [{ field: 'redirect_path', message, code }],
    });
  }

  test('the faults are nearly all there are', () => expect(faults.length).toBeGreaterThan(12));

  test.each(faults)('with the fault $code', ({ code, path }) =>
    expectFault(sample, path, code, /^redirect_path must .{20}/),
  );

  test('outside of what the integration may open', async () => {
    const one = await createSample(handoff.deps, { integration: { redirect_path_prefixes: ['/reports'] } });
    await expectFault(one, PAGE, 'not_allowed_prefix', /one of: \/reports$/);
    expect((await requestSso(handoff, one, { redirect_path: '/reports/7' })).status).toBe(200);
  });
});

test('what is refused before the partner is known has no receipt', async () => {
  const refused: [Record<string, string>, number][] = [
    [{ 'x-partner-secret': newSecret('hps', systemRandom) }, 401],
    [{ 'x-partner-secret': sample.organization_secret }, 401],
    [{ 'x-user-id': '' }, 400],
    [{ 'x-partner-user-id': 'CLINIKO#USER_1' }, 400],
    [{ origin: 'https://practice.example' }, 403],
  ];
  const twice: [string, string][] = [
    ...Object.entries(partnerHeaders(sample)),
    ['x-organization-id', sample.organization_id],
  ];
  const repeated = await call(handoff, '/v1/sso', { method: 'POST', headers: twice, body: '{}' });
  const answers = [{ answer: repeated, status: 400 }];
  for (const [headers, status] of refused) answers.push({ answer: await refuse(headers), status });
  for (const { answer, status } of answers) {
    expect(answer.status).toBe(status);
    expect((await askForAttempt(handoff, sample, requestIdOf(answer))).status).toBe(404);
  }
  const { request_id } = await mint(handoff, sample);
  expect((await askForAttempt(handoff, sample, request_id)).status).toBe(200);
});

// A partner replaces its secrets and the organization's, by itself: with an overlap, never more than two of a kind, and the new
// one good from the same moment on.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { timestamp } from '../../src/foundation/clock.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { call, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { bearerHeaders, callUsers, partnerHeaders4, requestToken } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { requestHead, sendRaw } from '../http/raw-request.ts';
import { callAsPartner, requestIdOf, type Success } from './as-partner.ts';
import { askToRotate, listCredentials, rotate, rotatedOf, rotatePath, WHOSE } from './credentials.ts';

const HOUR = 3_600_000;

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

function later(milliseconds = 1_000): string {
  handoff.clock.advance(milliseconds);
  return timestamp(handoff.clock.now());
}

const newSample = (): Promise<Sample> => createSample(handoff.deps);
const statusWith = async (sample: Sample) => (await requestSso(handoff, sample)).status;
const hintOf = (secret: string) => secret.slice(-4);

describe.each(WHOSE)('rotating the secret of the %s', (whose) => {
  const member = `${whose}_secret` as const;

  test('answers with the new one, and both are good for a day, to the millisecond', async () => {
    const sample = await newSample();
    const moment = later();
    const answer = await askToRotate(handoff, sample, { whose });
    const previous_expires_at = timestamp(handoff.clock.now() + 24 * HOUR);
    const { secret, ...told } = rotatedOf(answer, whose);
    expect(new RegExp(`^h${whose === 'partner' ? 'p' : 'o'}s_[0-9A-Za-z]{38}$`).test(secret)).toBe(true);
    expect(told).toEqual({
      credential_id: expect.stringMatching(/^crd_/) as string,
      hint: hintOf(secret),
      previous_expires_at,
    });
    const { message } = answer.json as Success<object>;
    expect(message).toBe(`${whose === 'partner' ? 'Partner' : 'Organization'} secret rotated successfully`);
    expect(answer.headers.get('cache-control')).toBe('no-store');

    const renewed = { ...sample, [member]: secret };
    expect([await statusWith(sample), await statusWith(renewed)]).toEqual([200, 200]);
    const listed = (await listCredentials(handoff, renewed))[whose];
    expect(listed).toMatchObject([
      { credential_id: told.credential_id, created_at: moment, expires_at: null, status: 'active' },
      { expires_at: previous_expires_at, status: 'active' },
    ]);
    later(24 * HOUR - 1);
    expect([await statusWith(sample), await statusWith(renewed)]).toEqual([200, 200]);
    later(1);
    expect([await statusWith(sample), await statusWith(renewed)]).toEqual([401, 200]);
  });

  test('works at once for links, tokens, receipts and self-service', async () => {
    const { sample } = await rotate(handoff, await newSample(), { whose, body: { overlap_hours: 0 } });
    expect(await statusWith(sample)).toBe(200);
    const token = await requestToken(handoff, sample);
    expect(token.status).toBe(200);
    const { accessToken } = (token.json as Success<{ accessToken: string }>).data;
    expect((await callUsers(handoff, sample, { headers: bearerHeaders(accessToken, sample) })).status).toBe(200);
    for (const path of ['/v1/sso/attempts', '/v1/credentials', '/v1/integration'])
      expect((await callAsPartner(handoff, sample, path)).status).toBe(200);
  });

  test.each([0, 1, 720])('with an overlap of %d hours keeps the present one for so long', async (overlap_hours) => {
    const sample = await newSample();
    const previous_expires_at = timestamp(handoff.clock.now() + overlap_hours * HOUR);
    const rotated = await rotate(handoff, sample, { whose, body: { overlap_hours } });
    expect(rotated.previous_expires_at).toBe(previous_expires_at);
    later(Math.max(0, overlap_hours * HOUR - 1));
    expect(await statusWith(sample)).toBe(overlap_hours === 0 ? 401 : 200);
    later(1);
    expect([await statusWith(sample), await statusWith(rotated.sample)]).toEqual([401, 200]);
  });

  test('takes no body, an empty one and an empty object', async () => {
    const sample = await newSample();
    const { 'content-type': _, ...credentials } = partnerHeaders4(sample);
    const raw = (headers: Record<string, string>, body?: string) => {
      const options = { method: 'POST', headers: { ...credentials, ...headers }, ...(body !== undefined && { body }) };
      return call(handoff, rotatePath(whose), options);
    };
    const type = { 'content-type': 'application/json' };
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    // As clients send a body that is not there: without a length, with a length of 0, in one empty chunk; with a type or not.
    expect((await sendRaw(handoff.url, requestHead('POST', rotatePath(whose), credentials))).status).toBe(201);
    const nothing = [raw({}, ''), raw({}), raw(type, ''), raw(type), raw(form, '')];
    const answers = await Promise.all([...nothing, raw(type, '{}')]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    const until = timestamp(handoff.clock.now() + 24 * HOUR);
    expect(answers.map((answer) => rotatedOf(answer, whose).previous_expires_at)).toEqual(answers.map(() => until));

    const refused = [
      raw(type, '{'),
      raw(type, ' '),
      raw(form, '{}'),
      raw({}, '{}'),
      raw({ ...type, 'content-encoding': 'gzip' }, '{}'),
    ];
    expect((await Promise.all(refused)).map(({ status }) => status)).toEqual([400, 400, 415, 415, 415]);
    expect((await raw(type, JSON.stringify({ padding: 'x'.repeat(16_384) }))).status).toBe(413);
  });

  test.each([
    ['less than none', -1, 'too_small', 'must be at least 0'],
    ['more than 30 days', 721, 'too_big', 'must be at most 720'],
    ['a half', 0.5, 'invalid_type', 'must be of type int'],
    ['words', '24', 'invalid_type', 'must be of type number'],
    ['nothing', null, 'invalid_type', 'must be of type number'],
  ])('with an overlap of %s is refused, and nothing changes', async (_, overlap_hours, code, words) => {
    const sample = await newSample();
    const answer = await askToRotate(handoff, sample, { whose, body: { overlap_hours } });
    const validation = [{ field: 'overlap_hours', message: `overlap_hours ${words}`, code }];
    expect(answer.json).toMatchObject({ statusCode: 422, error: { title: 'Validation failed', validation } });
    expect((await listCredentials(handoff, sample))[whose]).toHaveLength(1);
    expect(await statusWith(sample)).toBe(200);
  });

  test('with a body that is no object, or has members that nobody knows, is refused', async () => {
    const sample = await newSample();
    const list = await askToRotate(handoff, sample, { whose, body: [] });
    expect(list.json).toMatchObject({ statusCode: 422, error: { validation: [{ field: 'body' }] } });
    const misspelt = await askToRotate(handoff, sample, { whose, body: { overlap_hour: 1 } });
    const message = 'overlap_hour is not a member of this body';
    const validation = [{ field: 'overlap_hour', message, code: 'unrecognized' }];
    expect(misspelt.json).toMatchObject({ statusCode: 422, error: { validation } });
    expect((await listCredentials(handoff, sample))[whose]).toHaveLength(1);
  });

  test('never leaves more than two good: the newest, and the one that it replaces', async () => {
    const first = await newSample();
    later();
    const { sample: second } = await rotate(handoff, first, { whose });
    later();
    const { sample: third } = await rotate(handoff, second, { whose });
    const statuses = async (...samples: Sample[]) => Promise.all(samples.map(statusWith));
    expect(await statuses(first, second, third)).toEqual([401, 200, 200]);
    later();
    const { sample: fourth } = await rotate(handoff, third, { whose });
    expect(await statuses(first, second, third, fourth)).toEqual([401, 401, 200, 200]);
  });

  test('never ends the secret that the request came with, also when a newer one is there that nobody has received', async () => {
    const sample = await newSample();
    later();
    const lost = await rotate(handoff, sample, { whose, body: { overlap_hours: 2 } });
    later();
    const received = await rotate(handoff, sample, { whose, body: { overlap_hours: 24 } });
    // It goes on to the end that it had before.
    expect(received.previous_expires_at).toBe(lost.previous_expires_at);
    expect([await statusWith(sample), await statusWith(lost.sample), await statusWith(received.sample)]).toEqual([
      200, 401, 200,
    ]);
  });

  test('is in the audit trail with the partner for an actor, and so is the older one that it ends', async () => {
    const sample = await newSample();
    const { partner_id } = sample;
    const organization_id = whose === 'partner' ? null : sample.organization_id;
    const [first] = (await listCredentials(handoff, sample))[whose];
    later();
    const { sample: second } = await rotate(handoff, sample, { whose });
    const occurred_at = later();
    const answer = await askToRotate(handoff, second, { whose });
    const { credential_id } = rotatedOf(answer, whose);
    const events = await listEvents(handoff.deps.db, { request_id: requestIdOf(answer) }, { limit: 9 });
    const common = { occurred_at, actor: 'partner', outcome: 'granted', partner_id, organization_id, detail: null };
    expect(events).toHaveLength(3);
    expect(events.toSorted((one, other) => one.action.localeCompare(other.action))).toMatchObject([
      { action: 'credential.created', target_id: credential_id, ...common },
      { action: 'credential.revoked', target_id: first?.credential_id, ...common },
      { action: 'credential.rotated', target_id: credential_id, ...common },
    ]);
  });
});

describe('rotating concerns', () => {
  let here: Sample;
  /** The same partner in another organization, and another partner in this one. */
  let elsewhere: Sample;
  let rival: Sample;
  beforeAll(async () => {
    const enable = async (partner: Sample, place: Sample): Promise<Sample> => {
      const key = { partner_id: partner.partner_id, organization_id: place.organization_id };
      const { organization_secret } = await enableIntegration(handoff.deps.db, { ...key, options: {} }, handoff.deps);
      return { ...place, ...partner, ...key, user_id: place.user_id, organization_secret: organization_secret ?? '' };
    };
    const other = await newSample();
    here = await newSample();
    [elsewhere, rival] = [await enable(here, other), await enable(other, here)];
  });

  test('the organization: not another one, nor another partner there', async () => {
    const { sample } = await rotate(handoff, here, { whose: 'organization', body: { overlap_hours: 0 } });
    expect(await statusWith(here)).toBe(401);
    here = sample;
    expect([await statusWith(here), await statusWith(elsewhere), await statusWith(rival)]).toEqual([200, 200, 200]);
  });

  test('the partner: all of its organizations, and no other partner', async () => {
    const { sample } = await rotate(handoff, here, { whose: 'partner', body: { overlap_hours: 0 } });
    expect([await statusWith(here), await statusWith(elsewhere), await statusWith(rival)]).toEqual([401, 401, 200]);
    const { partner_secret } = sample;
    expect([await statusWith(sample), await statusWith({ ...elsewhere, partner_secret })]).toEqual([200, 200]);
  });
});

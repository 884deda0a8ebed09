// A secret that a newer one has replaced: what it may still do to the other, that of many rotations at once none is half done,
// and that what is refused is recorded.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { newSecret, systemRandom } from '../../src/foundation/ids.ts';
import { rotateCredential } from '../../src/partners/credential.ts';
import { type Answer, call, partnerHeaders, problemOf, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { requestIdOf } from './as-partner.ts';
import { askToRotate, endCredential, listCredentials, rotate, rotatedOf, WHOSE } from './credentials.ts';

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

const newSample = (): Promise<Sample> => createSample(handoff.deps);
const statusWith = async (sample: Sample) => (await requestSso(handoff, sample)).status;
const told = (answer: Answer) => [answer.status, problemOf(answer)];

/** The newer one a second later: ids of one moment have no order. */
async function rotateLater(sample: Sample, whose: (typeof WHOSE)[number]) {
  handoff.clock.advance(1_000);
  return rotate(handoff, sample, { whose });
}

async function eventsOf(answer: Answer): Promise<object[]> {
  const events = await listEvents(handoff.deps.db, { request_id: requestIdOf(answer) }, { limit: 9 });
  return events.map(({ actor, action, outcome, problem }) => ({ actor, action, outcome, problem }));
}

const REPLACED = [409, 'credential-replaced'];

describe.each(WHOSE)('of the %s', (whose) => {
  test('an old secret cannot rotate once the newer one has been used, and both go on', async () => {
    const sample = await newSample();
    const { sample: newer } = await rotateLater(sample, whose);
    expect(await statusWith(newer)).toBe(200);
    const before = (await listCredentials(handoff, newer))[whose];
    const refused = await askToRotate(handoff, sample, { whose });
    expect(told(refused)).toEqual(REPLACED);
    expect(await eventsOf(refused)).toEqual([
      { actor: 'partner', action: 'credential.rotated', outcome: 'refused', problem: 'credential-replaced' },
    ]);
    expect((await listCredentials(handoff, newer))[whose]).toEqual(before);
    expect([await statusWith(sample), await statusWith(newer)]).toEqual([200, 200]);
    expect((await askToRotate(handoff, newer, { whose })).status).toBe(201);
  });

  test('an old secret has no say about the other kind either, once the newer one has been used', async () => {
    const other = whose === 'partner' ? 'organization' : 'partner';
    const sample = await newSample();
    const { sample: newer } = await rotateLater(sample, whose);
    expect(await statusWith(newer)).toBe(200);
    expect(told(await askToRotate(handoff, sample, { whose: other, body: { overlap_hours: 0 } }))).toEqual(REPLACED);
    expect(await statusWith(newer)).toBe(200);
    expect((await askToRotate(handoff, newer, { whose: other })).status).toBe(201);
  });

  test('an old secret cannot undo the operator’s rotation, used or not', async () => {
    const sample = await newSample();
    const { partner_id, organization_id } = sample;
    const owner = { partner_id, organization_id: whose === 'partner' ? null : organization_id };
    handoff.clock.advance(1_000);
    const { secret } = await rotateCredential(handoff.deps.db, { owner, overlap_hours: 1 }, handoff.deps);
    expect(told(await askToRotate(handoff, sample, { whose }))).toEqual(REPLACED);
    expect(await statusWith({ ...sample, [`${whose}_secret`]: secret })).toBe(200);
  });

  test('a rotation that is refused for a header that arrived twice is recorded', async () => {
    const sample = await newSample();
    const twice: [string, string][] = [...Object.entries(partnerHeaders(sample)), ['x-partner-id', sample.partner_id]];
    const answer = await call(handoff, `/v1/credentials/${whose}/rotate`, {
      method: 'POST',
      headers: twice,
      body: '{}',
    });
    expect(await eventsOf(answer)).toEqual([
      { actor: 'partner', action: 'credential.rotated', outcome: 'refused', problem: 'invalid-request' },
    ]);
  });

  test('an old secret can rotate while nobody has used the newer one', async () => {
    const sample = await newSample();
    const { sample: lost } = await rotateLater(sample, whose);
    const { sample: received } = await rotateLater(sample, whose);
    expect([await statusWith(sample), await statusWith(lost), await statusWith(received)]).toEqual([200, 401, 200]);
  });

  test('an old secret cannot end the newer one, used or not, and the newer one can end it', async () => {
    const sample = await newSample();
    const { credential_id, sample: newer } = await rotateLater(sample, whose);
    expect(told(await endCredential(handoff, sample, credential_id))).toEqual(REPLACED);
    expect(await statusWith(newer)).toBe(200);
    expect(told(await endCredential(handoff, sample, credential_id))).toEqual(REPLACED);
    const [, old] = (await listCredentials(handoff, newer))[whose];
    expect((await endCredential(handoff, newer, old?.credential_id ?? '')).status).toBe(204);
    expect([await statusWith(sample), await statusWith(newer)]).toEqual([401, 200]);
  });

  test('the operator can rotate whatever is in use, and keeps the newest', async () => {
    const sample = await newSample();
    const { sample: newer } = await rotateLater(sample, whose);
    expect(await statusWith(newer)).toBe(200);
    handoff.clock.advance(1_000);
    const { partner_id, organization_id } = sample;
    const owner = { partner_id, organization_id: whose === 'partner' ? null : organization_id };
    const { secret } = await rotateCredential(handoff.deps.db, { owner, overlap_hours: 1 }, handoff.deps);
    const newest = { ...sample, [`${whose}_secret`]: secret };
    expect([await statusWith(sample), await statusWith(newer), await statusWith(newest)]).toEqual([401, 200, 200]);
  });

  test('many rotations at once without an overlap give one new secret, and nothing to those who came too late', async () => {
    const sample = await newSample();
    const body = { overlap_hours: 0 };
    const answers = await Promise.all(Array.from({ length: 6 }, () => askToRotate(handoff, sample, { whose, body })));
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 201).map(told);
    expect(refused).toEqual(refused.map(() => [401, 'authentication-required']));
    const [first] = made;
    const secret = first === undefined ? '' : rotatedOf(first, whose).secret;
    const renewed = { ...sample, [`${whose}_secret`]: secret };
    expect([await statusWith(sample), await statusWith(renewed)]).toEqual([401, 200]);
    const states = (await listCredentials(handoff, renewed))[whose].map(({ status }) => status);
    expect(states).toEqual(['active', 'revoked']);
  });

  test('many rotations at once with an overlap leave two good: the one in use and the last', async () => {
    const sample = await newSample();
    const answers = await Promise.all(Array.from({ length: 6 }, () => askToRotate(handoff, sample, { whose })));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(await statusWith(sample)).toBe(200);
    const listed = (await listCredentials(handoff, sample))[whose];
    expect(listed.filter(({ status }) => status === 'active')).toHaveLength(2);
    expect(listed.filter(({ in_use }) => in_use)).toMatchObject([{ status: 'active' }]);
    const samples = answers.map((answer) => ({ ...sample, [`${whose}_secret`]: rotatedOf(answer, whose).secret }));
    const statuses = await Promise.all(samples.map(statusWith));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  });
});

test('what is refused is in the audit trail, and names who proved to be whom', async () => {
  const sample = await newSample();
  const [own] = (await listCredentials(handoff, sample)).partner;
  const nobody = { ...sample, partner_secret: newSecret('hps', systemRandom) };
  const stranger = { ...sample, organization_secret: newSecret('hos', systemRandom) };
  const rotated = 'credential.rotated';
  const ended = 'credential.revoked';
  const refused: [Answer, string, string][] = [
    [await askToRotate(handoff, nobody, { whose: 'partner' }), rotated, 'authentication-required'],
    [await askToRotate(handoff, stranger, { whose: 'organization' }), rotated, 'authentication-required'],
    [
      await askToRotate(handoff, sample, { whose: 'partner', body: { overlap_hours: 721 } }),
      rotated,
      'validation-error',
    ],
    [await endCredential(handoff, stranger, own?.credential_id ?? ''), ended, 'authentication-required'],
    [await endCredential(handoff, sample, own?.credential_id ?? ''), ended, 'credential-in-use'],
    [await endCredential(handoff, sample, 'crd_019ca8a03e8070000000000000000000'), ended, 'credential-not-found'],
  ];
  for (const [answer, action, problem] of refused)
    expect(await eventsOf(answer)).toEqual([{ actor: 'partner', action, outcome: 'refused', problem }]);
  const [first, second, third] = await Promise.all(
    refused.map(([answer]) => listEvents(handoff.deps.db, { request_id: requestIdOf(answer) }, { limit: 1 })),
  );
  const { partner_id, organization_id } = sample;
  expect(first).toMatchObject([{ partner_id: null, organization_id: null }]);
  expect(second).toMatchObject([{ partner_id, organization_id: null }]);
  expect(third).toMatchObject([{ partner_id, organization_id }]);
  expect(await statusWith(sample)).toBe(200);
});

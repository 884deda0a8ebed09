// What a partner sees of its secrets and the organization's, that it can end one that leaked, and that no secret is kept
// anywhere.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { timestamp } from '../../src/foundation/clock.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { problemOf, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { accessToken, bearerHeaders, callUsers } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { requestIdOf } from './as-partner.ts';
import { endCredential, listCredentials, rotate, WHOSE } from './credentials.ts';
import { everythingKept } from './dump.ts';

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

describe('the list', () => {
  test('says of each secret whose it is, since when, its last four characters and that it is in use', async () => {
    const sample = await newSample();
    const created_at = timestamp(handoff.clock.now());
    const last_used_at = later();
    const common = { credential_id: expect.stringMatching(/^crd_[0-9a-f]{32}$/) as string, status: 'active' };
    const times = { created_at, expires_at: null, revoked_at: null, last_used_at };
    expect(await listCredentials(handoff, sample)).toEqual({
      partner: [{ ...common, hint: hintOf(sample.partner_secret), ...times, in_use: true }],
      organization: [{ ...common, hint: hintOf(sample.organization_secret), ...times, in_use: true }],
    });
  });

  test('notes the last use to the minute', async () => {
    const sample = await newSample();
    const first = later();
    const used = async () => (await listCredentials(handoff, sample)).partner[0]?.last_used_at;
    expect(await used()).toBe(first);
    later(59_999);
    expect(await used()).toBe(first);
    expect(await used()).not.toBe(later(1));
    expect(await used()).toBe(timestamp(handoff.clock.now()));
  });

  test('has the newest first, what has become of each, and what is in use', async () => {
    const sample = await newSample();
    later();
    const second = await rotate(handoff, sample, { whose: 'organization', body: { overlap_hours: 1 } });
    later();
    const third = await rotate(handoff, second.sample, { whose: 'organization', body: { overlap_hours: 2 } });
    const state = async (one: Sample) =>
      (await listCredentials(handoff, one)).organization.map(({ hint, status, in_use }) => [hint, status, in_use]);
    const hints = [third.secret, second.secret, sample.organization_secret].map(hintOf);
    expect(await state(third.sample)).toEqual([
      [hints[0], 'active', true],
      [hints[1], 'active', false],
      [hints[2], 'revoked', false],
    ]);
    expect(await state(second.sample)).toMatchObject([{ 2: false }, { 2: true }, { 2: false }]);
    later(2 * HOUR);
    expect(await state(third.sample)).toMatchObject([{ 1: 'active' }, { 1: 'expired' }, { 1: 'revoked' }]);
    expect((await listCredentials(handoff, third.sample)).partner).toMatchObject([{ status: 'active', in_use: true }]);
  });

  test('is of at most 20 of each, the newest', async () => {
    let sample = await newSample();
    for (let count = 0; count < 21; count += 1) {
      later();
      ({ sample } = await rotate(handoff, sample, { whose: 'partner', body: { overlap_hours: 0 } }));
    }
    const { partner, organization } = await listCredentials(handoff, sample);
    expect([partner.length, organization.length]).toEqual([20, 1]);
    expect(partner[0]).toMatchObject({ hint: hintOf(sample.partner_secret), in_use: true });
    expect(partner.map(({ created_at }) => created_at)).toEqual(
      partner
        .map(({ created_at }) => created_at)
        .toSorted()
        .toReversed(),
    );
  });
});

describe('ending a secret', () => {
  test.each(WHOSE)('of the %s works at once, also a second time, and is in the audit trail once', async (whose) => {
    const sample = await newSample();
    later();
    const { sample: renewed } = await rotate(handoff, sample, { whose });
    const [, leaked] = (await listCredentials(handoff, renewed))[whose];
    const { credential_id = '' } = leaked ?? {};
    expect(await statusWith(sample)).toBe(200);
    const occurred_at = later();
    const answer = await endCredential(handoff, renewed, credential_id);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect([await statusWith(sample), await statusWith(renewed)]).toEqual([401, 200]);
    expect((await listCredentials(handoff, renewed))[whose]).toMatchObject([
      { status: 'active', revoked_at: null },
      { credential_id, status: 'revoked', revoked_at: occurred_at },
    ]);
    const { partner_id } = sample;
    const organization_id = whose === 'partner' ? null : sample.organization_id;
    const eventsOf = async (one: typeof answer) =>
      listEvents(handoff.deps.db, { request_id: requestIdOf(one) }, { limit: 5 });
    const event = { occurred_at, actor: 'partner', action: 'credential.revoked', outcome: 'granted' };
    expect(await eventsOf(answer)).toMatchObject([{ ...event, target_id: credential_id, partner_id, organization_id }]);

    later();
    const again = await endCredential(handoff, renewed, credential_id);
    expect([again.status, await eventsOf(again)]).toEqual([204, []]);
    expect((await listCredentials(handoff, renewed))[whose][1]?.revoked_at).toBe(occurred_at);
  });

  test('of the partner ends the access tokens that were got with it, and no others', async () => {
    const sample = await newSample();
    const old_token = await accessToken(handoff, sample);
    const { sample: renewed } = await rotate(handoff, sample, { whose: 'partner' });
    const new_token = await accessToken(handoff, renewed);
    const statuses = async () => {
      const use = (token: string) => callUsers(handoff, renewed, { headers: bearerHeaders(token, renewed) });
      return [(await use(old_token)).status, (await use(new_token)).status];
    };
    expect(await statuses()).toEqual([200, 200]);
    const { partner } = await listCredentials(handoff, renewed);
    const old = partner.find(({ in_use }) => !in_use);
    await endCredential(handoff, renewed, old?.credential_id ?? '');
    expect(await statuses()).toEqual([401, 200]);
  });

  test.each(WHOSE)('of the %s is refused for the one that the request came with, and it goes on', async (whose) => {
    const sample = await newSample();
    const [own] = (await listCredentials(handoff, sample))[whose];
    const answer = await endCredential(handoff, sample, own?.credential_id ?? '');
    expect([answer.status, problemOf(answer)]).toEqual([409, 'credential-in-use']);
    expect(await statusWith(sample)).toBe(200);
    const { sample: renewed } = await rotate(handoff, sample, { whose });
    expect((await endCredential(handoff, renewed, own?.credential_id ?? '')).status).toBe(204);
  });

  test('of somebody else is refused as of nobody, and it goes on', async () => {
    const here = await newSample();
    const other = await newSample();
    const enable = async (partner: Sample, place: Sample): Promise<Sample> => {
      const key = { partner_id: partner.partner_id, organization_id: place.organization_id };
      const { organization_secret } = await enableIntegration(handoff.deps.db, { ...key, options: {} }, handoff.deps);
      return { ...partner, ...key, user_id: place.user_id, organization_secret: organization_secret ?? '' };
    };
    const [elsewhere, rival] = [await enable(here, other), await enable(other, here)];
    const foreign = {
      'of another partner': (await listCredentials(handoff, other)).partner,
      'of another organization': (await listCredentials(handoff, elsewhere)).organization,
      'of another partner here': (await listCredentials(handoff, rival)).organization,
    };
    const ids = Object.values(foreign).map(([one]) => one?.credential_id ?? '');
    for (const id of [...ids, 'crd_019ca8a03e8070000000000000000000', 'x', '%00', 'crd_%00']) {
      const answer = await endCredential(handoff, here, id);
      expect([answer.status, problemOf(answer)]).toEqual([404, 'credential-not-found']);
    }
    expect([await statusWith(other), await statusWith(elsewhere), await statusWith(rival)]).toEqual([200, 200, 200]);
  });
});

test('no secret is in the database, the audit trail or the log, whichever way it came about', async () => {
  let sample = await newSample();
  const secrets = [sample.partner_secret, sample.organization_secret];
  for (const whose of WHOSE) {
    for (const headers of [{}, { 'idempotency-key': `rotate-${whose}` }]) {
      later();
      const rotated = await rotate(handoff, sample, { whose, headers, body: {} });
      secrets.push(rotated.secret);
      ({ sample } = rotated);
    }
  }
  expect(await statusWith(sample)).toBe(200);
  await statusWith({ ...sample, organization_secret: secrets[0] ?? '' });
  const { partner } = await listCredentials(handoff, sample);
  await endCredential(handoff, sample, partner[1]?.credential_id ?? '');
  const kept = await everythingKept(handoff);
  // Whole, or all but the hint, or the random part by itself.
  const parts = secrets.flatMap((secret) => [secret, secret.slice(0, -4), secret.slice(4, 36)]);
  expect(parts.map((part) => kept.includes(part))).toEqual(parts.map(() => false));
  const rows = await handoff.deps.db.selectFrom('idempotency_keys').selectAll().execute();
  expect(rows).toHaveLength(2);
  // The positive twin: what is public is there.
  expect(kept).toContain(partner[1]?.credential_id);
  expect(secrets.every((secret) => kept.includes(`"hint":"${hintOf(secret)}"`))).toBe(true);
});

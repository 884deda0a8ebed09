// The secrets of POST /v1/sso: whose they have to be, that nobody can tell unknown from wrong, and how they are rotated.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newSecret, systemRandom } from '../../src/foundation/ids.ts';
import { timestamp } from '../../src/foundation/clock.ts';
import { revokeCredential, rotateCredential } from '../../src/partners/credential.ts';
import { type CredentialOwner, listCredentials } from '../../src/partners/credential-store.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { type Answer, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { expectRefusal } from './expect-refusal.ts';

let handoff: Handoff;
let sample: Sample;
/** Another partner in another organization. */
let other: Sample;
/** The first partner's secret for the other organization. */
let elsewhere_secret: string;
/** The other partner's secret for the first organization. */
let rival_secret: string;

async function enable(partner: Sample, place: Sample): Promise<string> {
  const key = { partner_id: partner.partner_id, organization_id: place.organization_id };
  const enabled = await enableIntegration(handoff.deps.db, { ...key, options: {} }, handoff.deps);
  return enabled.organization_secret ?? '';
}

beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
  other = await createSample(handoff.deps);
  elsewhere_secret = await enable(sample, other);
  rival_secret = await enable(other, sample);
});
afterAll(() => handoff.close());

type Wrong = { what: string; headers: () => Record<string, string> };

/** As good as a real one, and nobody's. */
const nobodys = (prefix: 'hps' | 'hos') => newSecret(prefix, systemRandom);

function changed(secret: string): string {
  return `${secret.slice(0, 10)}${secret.charAt(10) === 'a' ? 'b' : 'a'}${secret.slice(11)}`;
}

const WRONG_PARTNER: Wrong[] = [
  { what: 'an unknown partner', headers: () => ({ 'x-partner-id': 'ptr_unknown' }) },
  { what: 'a secret that is nobody’s', headers: () => ({ 'x-partner-secret': nobodys('hps') }) },
  {
    what: 'a secret with one character changed',
    headers: () => ({ 'x-partner-secret': changed(sample.partner_secret) }),
  },
  { what: 'a secret that is cut off', headers: () => ({ 'x-partner-secret': sample.partner_secret.slice(0, -1) }) },
  { what: 'something that is no secret', headers: () => ({ 'x-partner-secret': "' or 1=1 --" }) },
  { what: 'another partner’s secret', headers: () => ({ 'x-partner-secret': other.partner_secret }) },
  { what: 'another partner’s id', headers: () => ({ 'x-partner-id': other.partner_id }) },
  {
    what: 'the organization’s secret in its place',
    headers: () => ({ 'x-partner-secret': sample.organization_secret }),
  },
  {
    what: 'the two secrets swapped',
    headers: () => ({ 'x-partner-secret': sample.organization_secret, 'x-organization-secret': sample.partner_secret }),
  },
  { what: 'the secret in the id’s place', headers: () => ({ 'x-partner-id': sample.partner_secret }) },
  { what: 'an id in another case', headers: () => ({ 'x-partner-id': sample.partner_id.toUpperCase() }) },
];

const WRONG_ORGANIZATION: Wrong[] = [
  { what: 'an unknown organization', headers: () => ({ 'x-organization-id': 'org_unknown' }) },
  { what: 'a secret that is nobody’s', headers: () => ({ 'x-organization-secret': nobodys('hos') }) },
  {
    what: 'a secret with one character changed',
    headers: () => ({ 'x-organization-secret': changed(sample.organization_secret) }),
  },
  { what: 'the partner’s secret in its place', headers: () => ({ 'x-organization-secret': sample.partner_secret }) },
  { what: 'another organization’s id', headers: () => ({ 'x-organization-id': other.organization_id }) },
  { what: 'another pair’s secret', headers: () => ({ 'x-organization-secret': other.organization_secret }) },
  { what: 'the secret for another organization', headers: () => ({ 'x-organization-secret': elsewhere_secret }) },
  { what: 'another partner’s secret for it', headers: () => ({ 'x-organization-secret': rival_secret }) },
  {
    what: 'another pair’s id and secret',
    headers: () => ({ 'x-organization-id': other.organization_id, 'x-organization-secret': other.organization_secret }),
  },
];

describe('credentials that do not belong together', () => {
  test('are refused, and the same ones do work where they belong', async () => {
    const answers = await Promise.all([
      requestSso(handoff, sample),
      requestSso(handoff, other),
      requestSso(handoff, sample, {
        headers: {
          'x-organization-id': other.organization_id,
          'x-organization-secret': elsewhere_secret,
          'x-user-id': other.user_id,
        },
      }),
      requestSso(handoff, other, {
        headers: {
          'x-organization-id': sample.organization_id,
          'x-organization-secret': rival_secret,
          'x-user-id': sample.user_id,
        },
      }),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
  });

  test.each(WRONG_PARTNER)('of a partner: $what', async ({ headers }) => {
    await expectRefusal(handoff, await requestSso(handoff, sample, { headers: headers() }), {
      slug: 'authentication-required',
      detail: 'Invalid partner credentials',
    });
  });

  test.each(WRONG_ORGANIZATION)('of an organization: $what', async ({ headers }) => {
    await expectRefusal(handoff, await requestSso(handoff, sample, { headers: headers() }), {
      slug: 'authentication-required',
      detail: 'Invalid organization credentials',
      proved: { partner_id: sample.partner_id },
    });
  });

  test('of both kinds are refused for the partner’s', async () => {
    const headers = { 'x-partner-secret': nobodys('hps'), 'x-organization-secret': nobodys('hos') };
    await expectRefusal(handoff, await requestSso(handoff, sample, { headers }), {
      slug: 'authentication-required',
      detail: 'Invalid partner credentials',
    });
  });

  test('have the contract’s words', async () => {
    const answer = await requestSso(handoff, sample, { headers: { 'x-partner-secret': nobodys('hps') } });
    expect(answer.json).toMatchObject({
      success: false,
      error: {
        type: 'http://localhost:8787/errors/authentication-required',
        title: 'Unauthorized',
        detail: 'Invalid partner credentials',
      },
    });
  });
});

/** All that a caller sees, but for what names this one request. */
function seen({ status, headers, text }: Answer) {
  const body = text.replaceAll(/req_[0-9a-f]{32}|urn:uuid:[0-9a-f-]{36}/g, '<request>');
  const names = [...headers].map(([name, value]) => [name, name === 'x-request-id' || name === 'date' ? '' : value]);
  return { status, names, body };
}

test.each([
  ['partner', WRONG_PARTNER],
  ['organization', WRONG_ORGANIZATION],
])('the answers to an unknown and to a wrong %s cannot be told apart', async (_, wrongs) => {
  const answers = await Promise.all(wrongs.map(({ headers }) => requestSso(handoff, sample, { headers: headers() })));
  const [first, ...rest] = answers.map(seen);
  for (const answer of rest) expect(answer).toEqual(first);
});

const HOUR = 3_600_000;

const OWNERS = [
  {
    whose: 'a partner’s',
    header: 'x-partner-secret',
    ownerOf: ({ partner_id }: Sample): CredentialOwner => ({ partner_id, organization_id: null }),
  },
  {
    whose: 'an organization’s',
    header: 'x-organization-secret',
    ownerOf: ({ partner_id, organization_id }: Sample): CredentialOwner => ({ partner_id, organization_id }),
  },
] as const;

describe.each(OWNERS)('$whose secret', ({ header, ownerOf }) => {
  let one: Sample;
  beforeAll(async () => {
    one = await createSample(handoff.deps);
  });

  // Ids of one millisecond have no order: two rotations are at least one apart.
  const rotate = (overlap_hours: number) => {
    handoff.clock.advance(1);
    return rotateCredential(handoff.deps.db, { owner: ownerOf(one), overlap_hours }, handoff.deps);
  };
  const statusWith = async (secret: string) =>
    (await requestSso(handoff, one, { headers: { [header]: secret } })).status;
  const newest = async () =>
    (await listCredentials(handoff.deps.db, ownerOf(one), { limit: 1, now: timestamp(handoff.clock.now()) }))[0];

  test('notes its last use to the minute, and no refused use', async () => {
    expect((await newest())?.last_used_at).toBeNull();
    await statusWith(nobodys('hps'));
    expect((await newest())?.last_used_at).toBeNull();
    const first = timestamp(handoff.clock.now());
    await requestSso(handoff, one);
    expect((await newest())?.last_used_at).toBe(first);
    handoff.clock.advance(59_999);
    await requestSso(handoff, one);
    expect((await newest())?.last_used_at).toBe(first);
    handoff.clock.advance(1);
    await requestSso(handoff, one);
    expect((await newest())?.last_used_at).toBe(timestamp(handoff.clock.now()));
  });

  test('stays good beside its successor until the overlap is over', async () => {
    const [old, { secret }] = [await rotate(0), await rotate(24)];
    expect([await statusWith(old.secret), await statusWith(secret)]).toEqual([200, 200]);
    handoff.clock.advance(24 * HOUR - 1);
    expect([await statusWith(old.secret), await statusWith(secret)]).toEqual([200, 200]);
    handoff.clock.advance(1);
    expect([await statusWith(old.secret), await statusWith(secret)]).toEqual([401, 200]);
  });

  test('ends at once when it is rotated without an overlap', async () => {
    const [old, { secret }] = [await rotate(24), await rotate(0)];
    expect([await statusWith(old.secret), await statusWith(secret)]).toEqual([401, 200]);
  });

  test('ends at the second rotation, so that never more than two are good', async () => {
    const secrets = [await rotate(24), await rotate(24), await rotate(24)].map(({ secret }) => secret);
    expect(await Promise.all(secrets.map(statusWith))).toEqual([401, 200, 200]);
  });

  test('ends when it is revoked, and the other active one goes on', async () => {
    const [old, { credential_id, secret }] = [await rotate(0), await rotate(24)];
    await revokeCredential(handoff.deps.db, credential_id, handoff.deps);
    expect([await statusWith(old.secret), await statusWith(secret)]).toEqual([200, 401]);
  });
});

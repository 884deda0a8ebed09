// How long an access token is good, for which place, and what ends it before its hour: the secret it was got with, the scopes that
// are withdrawn, the standing of partner, organization and integration. Tokens that are not ours are in bearer-forged.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timestamp } from '../../src/foundation/clock.ts';
import { newSecret, systemRandom } from '../../src/foundation/ids.ts';
import { revokeCredential, rotateCredential } from '../../src/partners/credential.ts';
import { listActiveCredentials } from '../../src/partners/credential-store.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { rotateSigningKeys } from '../../src/signing-keys/rotate.ts';
import { type Answer, call, problemOf } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import {
  accessToken,
  bearer,
  bearerHeaders,
  callUser,
  callUsers,
  createUser,
  type Headers4,
  plainUser,
  postUser,
  refusalOf,
  USER_CALLS,
} from '../support/partner-api.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { createPlace, WITHDRAWALS } from '../support/withdrawals.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const HOUR = 3_600_000;

const INVALID = {
  status: 401,
  slug: 'authentication-required',
  detail: 'invalid token',
  authenticate: 'Bearer error="invalid_token"',
};

const validate = (headers: Headers4, { organization_id }: Pick<Sample, 'organization_id'>): Promise<Answer> =>
  call(handoff, `/v1/organizations/${organization_id}/validate`, { headers });

/** What the token is told when it is used. */
async function told(token: string, one: Sample): Promise<object | 'good'> {
  const answer = await validate(bearerHeaders(token, one), one);
  return answer.status === 200 ? 'good' : refusalOf(answer);
}

describe('a token is good', () => {
  test('for exactly 3600 seconds', async () => {
    const token = await accessToken(handoff, sample);
    handoff.clock.advance(HOUR - 1);
    expect(await told(token, sample)).toBe('good');
    handoff.clock.advance(1);
    expect(await told(token, sample)).toEqual(INVALID);
    expect(await told(await accessToken(handoff, sample), sample)).toBe('good');
  });

  test('for no longer when it was got between two seconds', async () => {
    handoff.clock.advance(999);
    const token = await accessToken(handoff, sample);
    handoff.clock.advance(HOUR - 999 - 1);
    expect(await told(token, sample)).toBe('good');
    handoff.clock.advance(999);
    expect(await told(token, sample)).toEqual(INVALID);
  });

  test('many times, and beside others', async () => {
    const tokens = [await accessToken(handoff, sample), await accessToken(handoff, sample)];
    for (const token of [...tokens, ...tokens]) expect(await told(token, sample)).toBe('good');
  });

  test('after the signing key was rotated, unless the key was compromised', async () => {
    const token = await accessToken(handoff, sample);
    const maker = { ...handoff.deps, master_key: handoff.config.MASTER_KEY };
    await rotateSigningKeys(handoff.deps.db, { compromised: false }, maker);
    handoff.clock.advance(6_000);
    expect(await told(token, sample)).toBe('good');
    await rotateSigningKeys(handoff.deps.db, { compromised: true }, maker);
    handoff.clock.advance(6_000);
    expect(await told(token, sample)).toEqual(INVALID);
  });
});

describe('the partner secret that it was got with takes it along', () => {
  let one: Sample;
  beforeAll(async () => {
    one = await createSample(handoff.deps);
  });
  const rotate = async (overlap_hours: number) => {
    // Ids of one millisecond have no order: two rotations are at least one apart.
    handoff.clock.advance(1);
    const owner = { partner_id: one.partner_id, organization_id: null };
    return (await rotateCredential(handoff.deps.db, { owner, overlap_hours }, handoff.deps)).secret;
  };

  test('when it is rotated, at the end of the overlap, and the token of its successor goes on', async () => {
    const successor = { ...one, partner_secret: await rotate(1) };
    handoff.clock.advance(HOUR / 2);
    const tokens = [await accessToken(handoff, one), await accessToken(handoff, successor)] as const;
    handoff.clock.advance(HOUR / 2 - 1);
    expect(await Promise.all(tokens.map((token) => told(token, one)))).toEqual(['good', 'good']);
    handoff.clock.advance(1);
    expect(await Promise.all(tokens.map((token) => told(token, one)))).toEqual([INVALID, 'good']);
    one = successor;
  });

  test('when it is rotated without an overlap, at once', async () => {
    const token = await accessToken(handoff, one);
    one = { ...one, partner_secret: await rotate(0) };
    expect(await told(token, one)).toEqual(INVALID);
    expect(await told(await accessToken(handoff, one), one)).toBe('good');
  });

  test('when it is revoked, at once, and not when another one is', async () => {
    const successor = { ...one, partner_secret: await rotate(24) };
    const tokens = [await accessToken(handoff, one), await accessToken(handoff, successor)] as const;
    const now = timestamp(handoff.clock.now());
    const [, older] = await listActiveCredentials(handoff.deps.db, { ...one, organization_id: null }, now);
    await revokeCredential(handoff.deps.db, older?.credential_id ?? '', handoff.deps);
    expect(await Promise.all(tokens.map((token) => told(token, one)))).toEqual([INVALID, 'good']);
    one = successor;
  });
});

describe('the organization secret comes along with each call', () => {
  const WRONG = {
    status: 401,
    slug: 'authentication-required',
    detail: 'Invalid organization credentials',
    authenticate: 'Bearer',
  };
  const withSecret = async (organization_secret: string) =>
    told(await accessToken(handoff, sample), { ...sample, organization_secret });

  test.each([
    ['nobody’s', () => newSecret('hos', systemRandom)],
    ['cut off', () => sample.organization_secret.slice(0, -1)],
    ['the partner’s', () => sample.partner_secret],
    ['SQL', () => "' or '1'='1"],
  ])('and is refused when it is %s', async (_, secret) => {
    expect(await withSecret(secret())).toEqual(WRONG);
    expect(await withSecret(sample.organization_secret)).toBe('good');
  });

  test('and is refused when it is another organization’s, or another partner’s for this one', async () => {
    const other = await createSample(handoff.deps);
    const enable = async ({ partner_id }: Sample, { organization_id }: Sample) => {
      const pair = { partner_id, organization_id, options: {} };
      return (await enableIntegration(handoff.deps.db, pair, handoff.deps)).organization_secret ?? '';
    };
    const secrets = [other.organization_secret, await enable(sample, other), await enable(other, sample)];
    for (const secret of secrets) expect(await withSecret(secret)).toEqual(WRONG);
  });

  test('and may be rotated meanwhile', async () => {
    const one = await createSample(handoff.deps);
    const token = await accessToken(handoff, one);
    handoff.clock.advance(1);
    const { partner_id, organization_id } = one;
    const rotation = { owner: { partner_id, organization_id }, overlap_hours: 0 };
    const { secret } = await rotateCredential(handoff.deps.db, rotation, handoff.deps);
    expect(await told(token, one)).toEqual(WRONG);
    expect(await told(token, { ...one, organization_secret: secret })).toBe('good');
  });
});

describe('what the operator withdraws', () => {
  test('a scope is gone from tokens at once, and comes back to them', async () => {
    const one = await createSample(handoff.deps);
    const { partner_id, organization_id } = one;
    const headers = await bearer(handoff, one);
    const approve = (scopes?: ('read:users' | 'create:user')[]) =>
      enableIntegration(
        handoff.deps.db,
        { partner_id, organization_id, options: { ...(scopes && { scopes }) } },
        handoff.deps,
      );
    const create = () => postUser(handoff, one, headers, plainUser());
    expect((await create()).status).toBe(201);
    await approve(['read:users']);
    const detail = 'This operation needs the scope create:user';
    expect(refusalOf(await create())).toMatchObject({ status: 403, slug: 'insufficient-scope', detail });
    expect((await callUsers(handoff, one, { headers })).status).toBe(200);
    await approve(['create:user']);
    expect((await create()).status).toBe(201);
  });

  test('a scope that is approved later is not in a token that was got without it', async () => {
    const one = await createSample(handoff.deps, { integration: { scopes: ['read:user'] } });
    const { partner_id, organization_id } = one;
    const headers = await bearer(handoff, one);
    const pair = { partner_id, organization_id, options: { scopes: ['read:user', 'read:users'] as const } };
    await enableIntegration(handoff.deps.db, { ...pair, options: { scopes: [...pair.options.scopes] } }, handoff.deps);
    expect(problemOf(await callUsers(handoff, one, { headers }))).toBe('insufficient-scope');
    expect((await callUsers(handoff, one, { headers: await bearer(handoff, one) })).status).toBe(200);
  });

  const concerning = WITHDRAWALS.filter(({ problem }) => !problem.startsWith('user-'));

  test.each(concerning)('while $what every call is refused with the reason', async ({ problem, withdraw, restore }) => {
    const place = await createPlace(handoff.deps);
    const headers = await bearer(handoff, place);
    const { user_id } = await createUser(handoff, place, headers);
    await withdraw(handoff.deps, place);
    const calls = USER_CALLS.map((one) => callUser(handoff, place, { ...one, headers, user_id }));
    const answers = [
      await validate(headers, place),
      await callUsers(handoff, place, { headers }),
      await postUser(handoff, place, headers, plainUser()),
      ...(await Promise.all(calls)),
    ];
    expect(answers.map((answer) => [answer.status, problemOf(answer)])).toEqual(answers.map(() => [403, problem]));
    await restore(handoff.deps, place);
    expect((await validate(headers, place)).status).toBe(200);
    expect((await callUser(handoff, place, { method: 'GET', rest: '', headers, user_id })).status).toBe(200);
  });
});

describe('a token is for one organization', () => {
  const ELSEWHERE = { status: 404, slug: 'not-found', detail: 'The access token is not for this organization' };

  test('and at any other there is nothing, be it the same partner’s, below, above, or nowhere', async () => {
    const place = await createPlace(handoff.deps);
    const { partner_id } = place;
    const other = await createSample(handoff.deps);
    const pair = { partner_id, organization_id: other.organization_id, options: {} };
    await enableIntegration(handoff.deps.db, pair, handoff.deps);
    const below = await createSample(handoff.deps, { parent_organization_id: other.organization_id });
    const headers = await bearer(handoff, place);
    const ids = [other, below, { organization_id: place.parent_organization_id }].map((one) => one.organization_id);
    for (const organization_id of [...ids, 'nobody', '%00', place.organization_id.toUpperCase()]) {
      const at = { ...place, organization_id };
      expect(refusalOf(await validate(headers, at))).toEqual(ELSEWHERE);
      expect(refusalOf(await callUsers(handoff, at, { headers }))).toEqual(ELSEWHERE);
    }
    expect((await validate(headers, place)).status).toBe(200);
  });

  test('and no call reaches into another, not even for a user whose id is known', async () => {
    const other = await createSample(handoff.deps);
    const user_id = await createSampleUser(handoff.deps, other.organization_id);
    const headers = await bearer(handoff, sample);
    for (const one of USER_CALLS) {
      expect(refusalOf(await callUser(handoff, other, { ...one, headers, user_id })), one.what).toEqual(ELSEWHERE);
    }
    expect(refusalOf(await postUser(handoff, other, headers, plainUser()))).toEqual(ELSEWHERE);
    const own = await bearer(handoff, other);
    const seen = await callUser(handoff, other, { method: 'GET', rest: '', headers: own, user_id });
    expect(seen.status, 'and it is still there').toBe(200);
  });
});

test.each([
  ['an origin', { origin: 'https://page.example' }],
  ['a script’s mode', { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' }],
])('a web page is refused before its token is looked at: %s', async (_, more) => {
  const headers = await bearer(handoff, sample);
  const { user_id } = await createUser(handoff, sample, headers);
  for (const given of [headers, { ...headers, authorization: 'Bearer wrong' }]) {
    const page = { ...given, ...more };
    const answers = [await validate(page, sample), await callUsers(handoff, sample, { headers: page })];
    for (const one of USER_CALLS) answers.push(await callUser(handoff, sample, { ...one, headers: page, user_id }));
    expect(answers.map(problemOf)).toEqual(answers.map(() => 'browser-request-refused'));
  }
  const node = { ...headers, 'sec-fetch-mode': 'cors', 'user-agent': 'node', 'accept-language': '*' };
  expect((await validate(node, sample)).status, 'the fetch of Node is no web page').toBe(200);
});

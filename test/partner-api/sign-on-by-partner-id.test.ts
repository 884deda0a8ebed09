// POST /v1/sso with x-partner-user-id in place of x-user-id: the partner's own id finds the user within the integration, and
// nothing else does.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { disableIntegration, enableIntegration } from '../../src/partners/integration.ts';
import { suspendUser } from '../../src/users/user.ts';
import { expectRefusal } from '../handoff/expect-refusal.ts';
import { type Answer, call, cookieOf, CLICK, partnerHeaders, PATIENT_PATH } from '../support/client.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import {
  bearer,
  callUser,
  createUser,
  dataOf,
  type Headers4,
  newUser,
  partnerHeaders4,
  type PartnerUser,
  type UserBody,
} from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
let headers: Headers4;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
  headers = await bearer(handoff, sample);
});
afterAll(() => handoff.close());

const create = (body: UserBody = newUser()) => createUser(handoff, sample, headers, body);
const change = (user_id: string, method: string, rest: string, body?: unknown) =>
  callUser(handoff, sample, { user_id, headers, method, rest, body });

const body = JSON.stringify({ redirect_path: PATIENT_PATH });
const ask = (more: Headers4, one = sample): Promise<Answer> =>
  call(handoff, '/v1/sso', { method: 'POST', headers: { ...partnerHeaders4(one), ...more }, body });
const signOn = (partner_user_id: string | null, one = sample) =>
  ask({ 'x-partner-user-id': partner_user_id ?? '' }, one);

const proved = (more: object = {}) => ({
  partner_id: sample.partner_id,
  organization_id: sample.organization_id,
  redirect_path: PATIENT_PATH,
  ...more,
});

const expectUnknown = async (answer: Answer) =>
  expectRefusal(handoff, answer, {
    slug: 'user-not-found',
    detail: 'There is no user with this partner_user_id in this organization',
    proved: proved(),
  });

/** Opens the link of an answer as a clicking person does; the user of the session that begins. */
async function landedUser(answer: Answer): Promise<string> {
  const { pathname, search } = new URL(dataOf<{ redirect_url: string }>(answer).redirect_url);
  const landed = await call(handoff, pathname + search, { headers: CLICK });
  expect([landed.status, landed.headers.get('location')]).toEqual([303, PATIENT_PATH]);
  const session = await call(handoff, '/auth/session', { headers: { cookie: cookieOf(landed) ?? '' } });
  return dataOf<{ user: PartnerUser }>(session).user.user_id;
}

describe('the partner’s own id', () => {
  test('signs its user on, to the end', async () => {
    const [one, other] = [await create(), await create()];
    expect(await landedUser(await signOn(one.partner_user_id))).toBe(one.user_id);
    expect(await landedUser(await signOn(other.partner_user_id))).toBe(other.user_id);
    const by_our_id = await ask({ 'x-user-id': one.user_id });
    expect(await landedUser(by_our_id), 'as our own id does').toBe(one.user_id);
  });

  test.each([
    ['of the contract', 'CLINIKO#USER_12345'],
    ['of 255 characters', 'x'.repeat(255)],
    ['with spaces inside', 'a b  c'],
    ['with commas and quotes', `a,b;"c"='d'`],
  ])('arrives as it is: %s', async (_, partner_user_id) => {
    const { user_id } = await create(newUser({ partner_user_id }));
    expect(await landedUser(await signOn(partner_user_id))).toBe(user_id);
  });

  test('is recorded as the user it stands for', async () => {
    const { partner_user_id, user_id } = await create();
    const granted = await signOn(partner_user_id);
    const events = handoff.deps.db.selectFrom('audit_events').select(['action', 'outcome', 'user_id']);
    const request_id = granted.headers.get('x-request-id') ?? '';
    expect(await events.where('request_id', '=', request_id).execute()).toEqual([
      { action: 'sso_token.minted', outcome: 'granted', user_id },
    ]);
  });
});

describe('an id that is nobody’s is unknown', () => {
  test.each([
    ['never given', 'NOBODY'],
    ['a user_id of ours', () => sample.user_id],
    ['in another case', 'known#1'],
    ['a part of one', 'KNOWN#'],
    ['SQL', "' or '1'='1"],
    ['a wildcard', '%'],
    ['in Latin-1', 'KN\u00d6WN'],
    ['very long', 'x'.repeat(4_000)],
  ] as [string, string | (() => string)][])('%s', async (_, id) => {
    await expectUnknown(await signOn(typeof id === 'string' ? id : id()));
  });

  test('and one that is somebody’s is not', async () => {
    await create(newUser({ partner_user_id: 'KNOWN#1' }));
    expect((await signOn('KNOWN#1')).status).toBe(200);
  });

  test('after it was changed, when the new one is known', async () => {
    const { user_id, partner_user_id } = await create();
    await change(user_id, 'PUT', '', { partner_user_id: 'CHANGED#1' });
    await expectUnknown(await signOn(partner_user_id));
    expect(await landedUser(await signOn('CHANGED#1'))).toBe(user_id);
  });

  test('after it was taken away, and known again when somebody else gets it', async () => {
    const [one, other] = [await create(), await create()];
    await change(one.user_id, 'PUT', '', { partner_user_id: null });
    await expectUnknown(await signOn(one.partner_user_id));
    await change(other.user_id, 'PUT', '', { partner_user_id: one.partner_user_id });
    expect(await landedUser(await signOn(one.partner_user_id))).toBe(other.user_id);
  });

  test('after the user was deleted', async () => {
    const { user_id, partner_user_id } = await create();
    expect((await signOn(partner_user_id)).status).toBe(200);
    await change(user_id, 'DELETE', '');
    await expectUnknown(await signOn(partner_user_id));
  });
});

describe('a user who may not sign on is refused by either id', () => {
  test.each([
    [
      'suspended by the operator',
      'This user is suspended',
      (user_id: string) => suspendUser(handoff.deps.db, user_id, handoff.deps),
    ],
    ['disabled', 'This user is disabled in this organization', (user_id: string) => change(user_id, 'PUT', '/disable')],
  ])('%s', async (_, detail, take) => {
    const { user_id, partner_user_id } = await create();
    await take(user_id);
    const refusal = { slug: 'user-suspended', detail, proved: proved({ user_id }) } as const;
    await expectRefusal(handoff, await signOn(partner_user_id), refusal);
    await expectRefusal(handoff, await ask({ 'x-user-id': user_id }), refusal);
  });
});

test('a caller who may do nothing learns nothing of whom there is', async () => {
  const one = await createSample(handoff.deps);
  const own = await bearer(handoff, one);
  const { partner_user_id } = await createUser(handoff, one, own);
  const { partner_id, organization_id } = one;
  await disableIntegration(handoff.deps.db, { partner_id, organization_id }, handoff.deps);
  const texts = [await signOn(partner_user_id, one), await signOn('NOBODY', one)].map(
    ({ json }) => (json as { error: { detail: string } }).error.detail,
  );
  expect(texts).toEqual(Array(2).fill('This partner is not enabled for this organization'));
  await enableIntegration(handoff.deps.db, { partner_id, organization_id, options: {} }, handoff.deps);
  expect((await signOn(partner_user_id, one)).status).toBe(200);
});

describe('a request names exactly one user', () => {
  const CONFLICT = 'Send x-user-id or x-partner-user-id, not both';

  test('and is refused when it has both ids, be they the same person’s', async () => {
    const { user_id, partner_user_id } = await create();
    for (const id of [partner_user_id ?? '', 'NOBODY']) {
      await expectRefusal(handoff, await ask({ 'x-user-id': user_id, 'x-partner-user-id': id }), {
        slug: 'invalid-request',
        detail: CONFLICT,
        validation: [{ field: 'x-partner-user-id', message: CONFLICT, code: 'conflict' }],
      });
    }
    expect((await ask({ 'x-user-id': user_id, 'x-partner-user-id': '' })).status, 'an empty one is none').toBe(200);
    expect((await ask({ 'x-user-id': '', 'x-partner-user-id': partner_user_id ?? '' })).status).toBe(200);
  });

  test('and is refused in the contract’s words when it has neither', async () => {
    const detail = 'Missing required headers: x-user-id';
    await expectRefusal(handoff, await ask({}), { slug: 'invalid-request', detail });
    await expectRefusal(handoff, await ask({ 'x-user-id': '', 'x-partner-user-id': '' }), {
      slug: 'invalid-request',
      detail,
    });
  });

  test('and is refused when the header arrives twice, with one value too', async () => {
    const { partner_user_id } = await create();
    const { 'x-user-id': _, ...others } = partnerHeaders(sample);
    const once: [string, string] = ['x-partner-user-id', partner_user_id ?? ''];
    const twice = [...Object.entries(others), once, ['X-Partner-User-Id', once[1]] as [string, string]];
    const message = 'The header x-partner-user-id arrived more than once';
    await expectRefusal(handoff, await call(handoff, '/v1/sso', { method: 'POST', headers: twice, body }), {
      slug: 'invalid-request',
      detail: message,
      validation: [{ field: 'x-partner-user-id', message, code: 'repeated' }],
    });
    const good = await call(handoff, '/v1/sso', { method: 'POST', headers: [...Object.entries(others), once], body });
    expect(dataOf<{ redirect_url: string }>(good).redirect_url.startsWith(PUBLIC_URL)).toBe(true);
  });
});

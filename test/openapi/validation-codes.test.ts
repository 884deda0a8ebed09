// Each validation code that openapi.yaml documents is one that a request gets. Those of a redirect_path are asked for in
// handoff/mint-paths.test.ts.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostilePaths } from '../handoff/hostile-redirect-paths.ts';
import { call, type CallOptions } from '../support/client.ts';
import type { Handoff } from '../support/handoff.ts';
import { below, ROOT } from '../support/openapi.ts';
import { newUser, refusalOf } from '../support/partner-api.ts';
import { type Ask, asPartner, type Caller, createCaller, withHeaders } from './asked.ts';
import { organization, partner } from './partner-requests.ts';
import { startBelowPath } from './serve.ts';

let handoff: Handoff;
let caller: Caller;
beforeAll(async () => {
  handoff = await startBelowPath();
  caller = await createCaller(handoff);
});
afterAll(() => handoff.close());

const creating = (members: object) => organization('POST', '/users', newUser({ ...members }));
const rotating = (overlap_hours: unknown) => partner('POST', '/v1/credentials/partner/rotate', { overlap_hours });
const updating = (body: object) => partner('PATCH', '/v1/integration', body);

const unreadable: Ask = (who) => ({ ...updating({})(who), body: '{' });

const twoUsers: Ask = (who) => {
  const asked = asPartner(who, { method: 'POST', path: '/v1/sso', body: { redirect_path: '/dashboard' } });
  return withHeaders(asked, { 'x-partner-user-id': 'SAMPLE#USER_12345' });
};

type Request = CallOptions & { path: string };

const twoIds = (who: Caller): Request => {
  const { headers, ...asked } = partner('GET', '/v1/integration')(who);
  return { ...asked, headers: [...Object.entries(headers), ['x-partner-id', 'sample-partner']] };
};

const ORIGIN = 'https://software.example';

const OF_ANY_FIELD: Record<string, [field: string, ask: (who: Caller) => Request | Promise<Request>]> = {
  missing: ['given_name', creating({ given_name: undefined })],
  repeated: ['x-partner-id', twoIds],
  invalid_json: ['body', unreadable],
  invalid_type: ['overlap_hours', rotating('24')],
  too_small: ['overlap_hours', rotating(-1)],
  too_big: ['overlap_hours', rotating(721)],
  invalid_format: ['email', creating({ email: 'sample' })],
  invalid_value: ['sex', creating({ sex: 'sample' })],
  invalid_date: ['date_of_birth', creating({ date_of_birth: '1981-02-29' })],
  invalid_origin: ['embed_origins.0', updating({ embed_origins: [`${ORIGIN}/page`] })],
  invalid_url: ['return_url', updating({ return_url: 'http://software.example' })],
  required_for_provider: ['hpii_number', creating({ hpii_number: undefined })],
  duplicate: ['embed_origins', updating({ embed_origins: [ORIGIN, ORIGIN] })],
  conflict: ['x-partner-user-id', twoUsers],
  unrecognized: ['scopes', updating({ scopes: ['read:user'] })],
};

test.each(Object.entries(OF_ANY_FIELD))('%s is what a field can be', async (code, [field, ask]) => {
  const { path, ...options } = await ask(caller);
  const { fields } = refusalOf(await call(handoff, path, options));
  expect(fields).toEqual([`${field} ${code}`]);
});

// The schema of the body finds these first, and has names of its own for them.
const FOUND_BY_ZOD = new Set(['missing', 'wrong_type', 'empty', 'too_long']);

test('no other codes are documented, but for the faults that a redirect_path can have', () => {
  const { enum: codes } = below(ROOT, 'components', 'schemas', 'ValidationCode').value as { enum: string[] };
  const faults = Object.keys(hostilePaths).filter((fault) => !FOUND_BY_ZOD.has(fault));
  expect(codes.toSorted()).toEqual([...Object.keys(OF_ANY_FIELD), ...faults].toSorted());
});

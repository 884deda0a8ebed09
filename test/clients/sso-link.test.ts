// The client and a real server: links.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { HandoffError } from '../../clients/typescript/src/errors.ts';
import { suspendUser } from '../../src/users/user.ts';
import { call, PATIENT_PATH } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { clientOf, follow } from './real-client.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { API_URL: 'http://localhost:8787/external' } });
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

test('a link signs the clinician in, on the page that was asked for', async () => {
  const { user_id } = sample;
  const redirectPath = `${PATIENT_PATH}?tab=history#top`;
  const link = await clientOf(handoff, sample).createSsoLink({ userId: user_id, redirectPath });
  expect(link).toMatchObject({ expiresIn: 300, requestId: expect.stringMatching(/^req_/) });
  const { location, cookie } = await follow(handoff, link.redirectUrl);
  expect(location).toBe(redirectPath);
  const session = await call(handoff, '/auth/session', { headers: { cookie } });
  expect(session.json).toMatchObject({ data: { user: { user_id } } });
});

test('a refusal is an error with slug, status, request id and the wrong fields', async () => {
  const asking = clientOf(handoff, sample).createSsoLink({
    userId: sample.user_id,
    redirectPath: 'https://elsewhere.example/',
  });
  const error: unknown = await asking.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HandoffError);
  expect(error).toMatchObject({
    slug: 'invalid-request',
    status: 400,
    requestId: expect.stringMatching(/^req_/),
    validation: [{ field: 'redirect_path', code: 'not_absolute' }],
  });
});

test('each reason has its slug', async () => {
  const suspended = await createSampleUser(handoff.deps, sample.organization_id);
  await suspendUser(handoff.deps.db, suspended, handoff.deps);
  const client = clientOf(handoff, sample);
  const redirectPath = PATIENT_PATH;
  await expect(client.createSsoLink({ userId: suspended, redirectPath })).rejects.toMatchObject({
    slug: 'user-suspended',
    status: 403,
  });
  await expect(client.createSsoLink({ userId: 'usr_nobody', redirectPath })).rejects.toMatchObject({
    slug: 'user-not-found',
    status: 404,
  });
  const stranger = clientOf(handoff, sample, { partnerSecret: 'wrong' });
  await expect(stranger.createSsoLink({ userId: sample.user_id, redirectPath })).rejects.toMatchObject({
    slug: 'authentication-required',
    status: 401,
    detail: 'Invalid partner credentials',
  });
});

test('a base URL that is not the API’s is told as such', async () => {
  const lost = clientOf(handoff, sample, { baseUrl: `${handoff.url}/elsewhere` });
  await expect(lost.createSsoLink({ userId: sample.user_id, redirectPath: PATIENT_PATH })).rejects.toMatchObject({
    status: 404,
  });
});

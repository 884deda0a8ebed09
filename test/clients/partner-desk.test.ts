// The client and a real server: everything but links, which are sso-link.test.ts.

import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HandoffClient, UserCreate } from '../../clients/typescript/src/handoff-client.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { PATIENT_PATH } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { findLeaks } from '../support/leaks.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { clientOf, clientOptions, follow } from './real-client.ts';

let handoff: Handoff;
let sample: Sample;
let client: HandoffClient;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { API_URL: 'http://localhost:8787/external' } });
  sample = await createSample(handoff.deps);
  client = clientOf(handoff, sample);
});
afterAll(() => handoff.close());

/** The client's fetch, counting what it is asked for. */
function counting() {
  const paths: string[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    paths.push(new URL(input instanceof Request ? input.url : input).pathname);
    return globalThis.fetch(input, init);
  };
  return { fetch, tokens: () => paths.filter((path) => path.endsWith('/v1/token')).length };
}

let people = 0;
function newPerson(more: Partial<UserCreate> = {}): UserCreate {
  people += 1;
  return { given_name: 'Kim', family_name: 'Clinician', email: `kim-${people}@clinic.example`, ...more };
}

test('the credentials are good', async () => {
  expect(await client.validate()).toEqual({ validated: true });
});

describe('users', () => {
  test('are created, read, changed, disabled, enabled and deleted', async () => {
    const made = await client.users.create(
      newPerson({ partner_user_id: 'CLINIKO#USER 1', access_roles: ['receptionist'] }),
    );
    expect(made).toMatchObject({ full_name: 'Kim Clinician', status: 'active', partner_user_id: 'CLINIKO#USER 1' });
    const { user_id } = made;
    expect(await client.users.get(user_id)).toEqual(made);
    expect(await client.users.update(user_id, { title: 'Dr' })).toEqual({ ...made, title: 'Dr' });
    expect(await client.users.update(user_id, { title: null })).toEqual(made);
    expect(await client.users.replaceRoles(user_id, ['admin'])).toEqual({ user_id, access_roles: ['admin'] });
    expect(await client.users.disable(user_id)).toEqual({ user_id, status: 'disabled' });
    expect(await client.users.enable(user_id)).toEqual({ user_id, status: 'active' });
    expect(await client.users.delete(user_id)).toBeUndefined();
    await expect(client.users.get(user_id)).rejects.toMatchObject({ slug: 'user-not-found', status: 404 });
  });

  test('are found by e-mail address and by the partner’s own id, and sign on by it', async () => {
    const person = newPerson({ partner_user_id: 'CLINIKO#USER_2' });
    const { user_id } = await client.users.create(person);
    for (const filter of [{ email: person.email }, { partnerUserId: 'CLINIKO#USER_2' }]) {
      expect((await client.users.list(filter)).items).toMatchObject([{ user_id }]);
    }
    const link = await client.createSsoLink({ partnerUserId: 'CLINIKO#USER_2', redirectPath: PATIENT_PATH });
    expect(await client.attempts.get(link.requestId)).toMatchObject({ user_id, outcome: 'minted' });
  });

  test('are listed page by page, or all of them', async () => {
    for (let count = 0; count < 3; count += 1) await client.users.create(newPerson());
    const page = await client.users.list({ limit: 2 });
    expect(page).toMatchObject({ hasNext: true, lastKey: expect.any(String) });
    const next = await client.users.list({ limit: 2, lastKey: page.lastKey ?? '' });
    const all = [];
    for await (const user of client.users.iterate({ limit: 2 })) all.push(user);
    expect(all.slice(0, 4)).toEqual([...page.items, ...next.items]);
    expect(new Set(all.map(({ user_id }) => user_id)).size).toBe(all.length);
  });

  test('that exist already, and fields that are wrong, are errors with code and fields', async () => {
    const person = newPerson();
    await client.users.create(person);
    await expect(client.users.create(person)).rejects.toMatchObject({
      slug: 'resource-conflict',
      status: 409,
      code: 'USER_ALREADY_EXISTS',
    });
    await expect(client.users.create(newPerson({ email: 'nobody', access_roles: ['provider'] }))).rejects.toMatchObject(
      {
        slug: 'validation-error',
        status: 422,
        validation: expect.arrayContaining([
          expect.objectContaining({ field: 'email' }),
          expect.objectContaining({ field: 'date_of_birth', code: 'required_for_provider' }),
        ]),
      },
    );
  });

  test('are created once, however often the answer is lost', async () => {
    let lost = 0;
    const losing: typeof globalThis.fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (response.status !== 201 || (lost += 1) > 2) return response;
      throw new TypeError('fetch failed');
    };
    const person = newPerson();
    const { user_id } = await clientOf(handoff, sample, { fetch: losing }).users.create(person);
    expect(lost).toBe(3);
    expect((await client.users.list({ email: person.email })).items).toMatchObject([{ user_id }]);
  });

  test('keep the same answer for a key of the caller’s own', async () => {
    const person = newPerson();
    const options = { idempotencyKey: `import-${person.email}` };
    const first = await client.users.create(person, options);
    expect(await client.users.create(person, options)).toEqual(first);
    await expect(client.users.create(newPerson(), options)).rejects.toMatchObject({ slug: 'idempotency-key-reused' });
  });

  test('have sessions, which are seen and ended', async () => {
    const { user_id } = await client.users.create(newPerson({ access_roles: ['receptionist'] }));
    for (let count = 0; count < 3; count += 1) {
      const link = await client.createSsoLink({ userId: user_id, redirectPath: PATIENT_PATH });
      await follow(handoff, link.redirectUrl);
    }
    const { items } = await client.users.sessions(user_id);
    expect(items).toHaveLength(3);
    const [newest] = items;
    expect(await client.users.endSession(user_id, newest?.session_id ?? '')).toBeUndefined();
    expect(await client.users.endSessions(user_id)).toEqual({ user_id, links_revoked: 0, sessions_ended: 2 });
    expect((await client.users.sessions(user_id)).items).toEqual([]);
  });
});

describe('the access token', () => {
  test('is got once, and anew after its hour', async () => {
    const { fetch, tokens } = counting();
    const counted = clientOf(handoff, sample, { fetch });
    await Promise.all([counted.validate(), counted.users.list(), counted.users.list()]);
    expect(tokens()).toBe(1);
    // The server's clock moves, the client's does not: it learns of the end by being refused.
    handoff.clock.advance(3_601_000);
    await Promise.all([counted.validate(), counted.users.list()]);
    expect(tokens()).toBe(2);
  });

  test('has the scopes that were asked for, and no other', async () => {
    const narrow = clientOf(handoff, sample, { scope: ['read:users'] });
    await narrow.users.list();
    await expect(narrow.users.create(newPerson())).rejects.toMatchObject({ slug: 'insufficient-scope', status: 403 });
  });

  test('has a scope that is approved later with the next call', async () => {
    const place = await createSample(handoff.deps, { integration: { scopes: ['read:users'] } });
    const limited = clientOf(handoff, place);
    await expect(limited.users.create(newPerson())).rejects.toMatchObject({ slug: 'insufficient-scope' });
    const { partner_id, organization_id } = place;
    const options = { scopes: ['read:users', 'create:user'] as const };
    await enableIntegration(
      handoff.deps.db,
      { partner_id, organization_id, options: { scopes: [...options.scopes] } },
      handoff.deps,
    );
    expect(await limited.users.create(newPerson())).toMatchObject({ status: 'active' });
  });
});

describe('receipts', () => {
  test('say why there was no link, with the request id of the error', async () => {
    const refused: unknown = await client
      .createSsoLink({ userId: sample.user_id, redirectPath: '/settings' })
      .catch((error: unknown) => error);
    const { requestId } = refused as { requestId: string };
    const receipt = await client.attempts.get(requestId);
    expect(receipt).toMatchObject({ request_id: requestId, outcome: 'refused', refusal: { fix: expect.any(String) } });
    const { items } = await client.attempts.list({ outcome: 'refused', requestId });
    expect(items).toMatchObject([{ request_id: requestId }]);
  });

  test('are listed by user and time', async () => {
    const { user_id } = await client.users.create(newPerson({ access_roles: ['receptionist'] }));
    const from = new Date(handoff.clock.now());
    for (let count = 0; count < 3; count += 1) {
      handoff.clock.advance(1_000);
      await client.createSsoLink({ userId: user_id, redirectPath: PATIENT_PATH });
    }
    const until = new Date(handoff.clock.now());
    const all = [];
    for await (const attempt of client.attempts.iterate({ userId: user_id, limit: 2 })) all.push(attempt);
    expect(all).toHaveLength(3);
    expect((await client.attempts.list({ userId: user_id, from, until })).items).toEqual(all.slice(1));
  });

  test('withdraw a link that has not been used, and say when it is too late', async () => {
    const [unused, used] = [
      await client.createSsoLink({ userId: sample.user_id, redirectPath: PATIENT_PATH }),
      await client.createSsoLink({ userId: sample.user_id, redirectPath: PATIENT_PATH }),
    ];
    await follow(handoff, used.redirectUrl);
    expect(await client.attempts.revoke(unused.requestId)).toMatchObject({ outcome: 'revoked' });
    expect(await client.attempts.revoke(unused.requestId)).toMatchObject({ outcome: 'revoked' });
    expect((await follow(handoff, unused.redirectUrl)).status).toBe(410);
    await expect(client.attempts.revoke(used.requestId)).rejects.toMatchObject({ slug: 'not-revocable', status: 409 });
    await expect(client.attempts.get('req_nobody')).rejects.toMatchObject({ slug: 'attempt-not-found' });
  });
});

describe('self-service', () => {
  test('a secret is rotated without a gap', async () => {
    const place = await createSample(handoff.deps);
    const old = clientOf(handoff, place);
    handoff.clock.advance(1_000);
    const rotated = await old.credentials.rotatePartnerSecret({ overlapHours: 1 });
    expect(findLeaks(inspect(rotated))).toEqual([]);
    const renewed = clientOf(handoff, { ...place, partner_secret: rotated.partner_secret });
    for (const each of [old, renewed]) expect(await each.validate()).toEqual({ validated: true });

    const { partner } = await renewed.credentials.list();
    const [newest, previous] = partner;
    expect(newest).toMatchObject({ credential_id: rotated.credential_id, in_use: true });
    await expect(renewed.credentials.revoke(newest?.credential_id ?? '')).rejects.toMatchObject({
      slug: 'credential-in-use',
    });
    expect(await renewed.credentials.revoke(previous?.credential_id ?? '')).toBeUndefined();
    await expect(old.validate()).rejects.toMatchObject({ status: 401, detail: 'Invalid partner credentials' });
    expect(await renewed.validate()).toEqual({ validated: true });
  });

  test('the organization’s secret too, once for a key', async () => {
    const place = await createSample(handoff.deps);
    const options = { overlapHours: 0, idempotencyKey: 'rotation-of-march' };
    const old = clientOf(handoff, place);
    const { organization_secret } = await old.credentials.rotateOrganizationSecret(options);
    const renewed = clientOf(handoff, { ...place, organization_secret });
    expect(await renewed.validate()).toEqual({ validated: true });
    await expect(old.validate()).rejects.toMatchObject({ detail: 'Invalid organization credentials' });
  });

  test('the integration is read and changed', async () => {
    const changed = await client.integration.update({
      embed_origins: ['https://practice.example'],
      return_url: 'https://practice.example/after',
    });
    expect(changed).toMatchObject({
      organization: { organization_id: sample.organization_id },
      embed_origins: ['https://practice.example'],
      return_url: 'https://practice.example/after',
    });
    expect(await client.integration.get()).toEqual(changed);
    await expect(client.integration.update({ embed_origins: ['https://*.example'] })).rejects.toMatchObject({
      slug: 'validation-error',
      validation: [{ field: 'embed_origins.0', code: 'invalid_origin' }],
    });
  });
});

test('errors of a real server hold no secret', async () => {
  const wrong = clientOf(handoff, sample, { organizationSecret: clientOptions(handoff, sample).partnerSecret });
  const errors = await Promise.all(
    [wrong.validate(), wrong.attempts.list(), wrong.credentials.list()].map((call) =>
      call.catch((error: unknown) => error),
    ),
  );
  expect(errors).toMatchObject([{ status: 401 }, { status: 401 }, { status: 401 }]);
  expect(findLeaks(inspect(errors, { depth: 10, showHidden: true }) + JSON.stringify(errors))).toEqual([]);
});

// Idempotency-Key: a request that is sent again, because its answer was lost, creates nothing more and gets the first answer.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enableIntegration } from '../../src/partners/integration.ts';
import { call, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { bearer, callUsers, createUser, partnerHeaders4, plainUser, requestToken } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { callAsPartner } from './as-partner.ts';
import { CREATING, expectProblem, expectReplay, send, type Sent } from './idempotency.ts';

const DAY = 86_400_000;

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

const newSample = (): Promise<Sample> => createSample(handoff.deps);

describe.each(CREATING)('$what', ({ pathOf, headersOf, body, other_body, count }) => {
  async function prepare(sample: Sample): Promise<Sent> {
    const headers = await headersOf(handoff, sample);
    return { path: pathOf(sample), headers, key: randomUUID(), body: JSON.stringify(body()) };
  }

  test('with the same key and body answers the same, byte for byte, and is done once', async () => {
    const sample = await newSample();
    const request = await prepare(sample);
    const before = await count(handoff, sample);
    const first = await send(handoff, request);
    expect(first.status).toBe(201);
    for (let times = 0; times < 3; times += 1) {
      handoff.clock.advance(1_000);
      expectReplay(first, await send(handoff, request));
    }
    expect(await count(handoff, sample)).toBe(before + 1);
  });

  test('without a key is done each time, and so it is with another key', async () => {
    const sample = await newSample();
    const request = await prepare(sample);
    const before = await count(handoff, sample);
    for (const key of [undefined, undefined, randomUUID(), randomUUID()]) {
      const answer = await send(handoff, { ...request, key, body: JSON.stringify(body()) });
      expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([201, null]);
    }
    expect(await count(handoff, sample)).toBe(before + 4);
  });

  test('answers so for 24 hours, to the millisecond, and then the key is free', async () => {
    const sample = await newSample();
    const request = await prepare(sample);
    const first = await send(handoff, request);
    handoff.clock.advance(DAY - 1);
    const next_day = { ...request, headers: await headersOf(handoff, sample) };
    expectReplay(first, await send(handoff, next_day));
    const before = await count(handoff, sample);
    handoff.clock.advance(1);
    const again = { ...next_day, body: JSON.stringify(other_body()) };
    const second = await send(handoff, again);
    expect([second.status, second.headers.get('idempotent-replayed')]).toEqual([201, null]);
    expect(await count(handoff, sample)).toBe(before + 1);
    handoff.clock.advance(1_000);
    expectReplay(second, await send(handoff, again));
  });

  test('with the same key and another body is refused, in whatever way they differ', async () => {
    const sample = await newSample();
    const request = await prepare(sample);
    const first = await send(handoff, request);
    const before = await count(handoff, sample);
    for (const other of [JSON.stringify(other_body()), `${request.body} `, request.body.replace('{', '{ ')])
      expectProblem(await send(handoff, { ...request, body: other }), 422, 'idempotency-key-reused');
    expect(await count(handoff, sample)).toBe(before);
    expectReplay(first, await send(handoff, request));
  });

  test('with a key that came with another operation is refused', async () => {
    const sample = await newSample();
    const request = await prepare(sample);
    const answers: string[] = [];
    const first = await send(handoff, request);
    for (const other of CREATING) {
      const headers = await other.headersOf(handoff, sample);
      const path = other.pathOf(sample);
      if (path === request.path) continue;
      const answer = await send(handoff, { ...request, path, headers, body: JSON.stringify(other.body()) });
      expectProblem(answer, 422, 'idempotency-key-reused');
      answers.push(path);
    }
    expect(answers).toHaveLength(2);
    expectReplay(first, await send(handoff, request));
  });

  test('ten times at once is done once, and whoever comes too early is told to wait', async () => {
    const sample = await newSample();
    const request = await prepare(sample);
    const before = await count(handoff, sample);
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(handoff, request)));
    const made = answers.filter(({ status }) => status === 201);
    const first = made.find(({ headers }) => !headers.has('idempotent-replayed'));
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    expect(made.filter(({ headers }) => !headers.has('idempotent-replayed'))).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 201))
      expectProblem(answer, 409, 'idempotency-key-in-use');
    expect(await count(handoff, sample)).toBe(before + 1);
    if (first !== undefined) expectReplay(first, await send(handoff, request));
  });

  test('may use the same key for another organization, and as another partner', async () => {
    const [sample, other] = [await newSample(), await newSample()];
    const key = { partner_id: sample.partner_id, organization_id: other.organization_id };
    const enabled = await enableIntegration(handoff.deps.db, { ...key, options: {} }, handoff.deps);
    const elsewhere = { ...sample, ...key, organization_secret: enabled.organization_secret ?? '' };
    const request = await prepare(sample);
    const texts = new Set<string>();
    for (const one of [sample, other, elsewhere]) {
      const same = { ...(await prepare(one)), key: request.key, body: request.body };
      // In one organization an e-mail address is one user's.
      const answer = await send(handoff, one === elsewhere ? { ...same, body: JSON.stringify(body()) } : same);
      expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([201, null]);
      texts.add(answer.text);
    }
    expect(texts.size).toBe(3);
  });

  test.each([
    ['empty', ''],
    ['with a space', 'a b'],
    ['of 256 characters', 'k'.repeat(256)],
    ['with other letters', 'cl\u00e9'],
    ['with a tab', 'a\tb'],
  ])('is refused with a key that is none: %s', async (_, key) => {
    const sample = await newSample();
    const request = await prepare(sample);
    const before = await count(handoff, sample);
    const answer = await send(handoff, { ...request, key });
    expectProblem(answer, 400, 'invalid-request');
    const message = 'idempotency-key must have 1 to 255 visible ASCII characters';
    const validation = [{ field: 'idempotency-key', message, code: 'invalid_format' }];
    expect(answer.json).toMatchObject({ error: { detail: message, validation } });
    expect(await count(handoff, sample)).toBe(before);
  });

  test.each(['k', '~'.repeat(255), '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'])('takes the key %s', async (key) => {
    const request = { ...(await prepare(await newSample())), key };
    expectReplay(await send(handoff, request), await send(handoff, request));
  });

  test('is refused with two keys', async () => {
    const { path, headers, body: text } = await prepare(await newSample());
    const twice: [string, string][] = [...Object.entries(headers), ['idempotency-key', 'a'], ['Idempotency-Key', 'a']];
    expectProblem(await call(handoff, path, { method: 'POST', headers: twice, body: text }), 400, 'invalid-request');
  });
});

describe('a refused request leaves its key free', () => {
  test('of a user whose e-mail address is taken, or who is not complete', async () => {
    const sample = await newSample();
    const headers = await bearer(handoff, sample);
    const { email } = await createUser(handoff, sample, headers);
    const request = { path: `/v1/organizations/${sample.organization_id}/users`, headers, key: randomUUID() };
    const bodies = [plainUser({ email }), plainUser({ email }), plainUser({ email: 'nobody' }), plainUser()];
    const statuses: number[] = [];
    for (const body of bodies) statuses.push((await send(handoff, { ...request, body: JSON.stringify(body) })).status);
    expect(statuses).toEqual([409, 409, 422, 201]);
  });

  test('of a rotation with a bad overlap, or a wrong secret', async () => {
    const sample = await newSample();
    const request = { path: '/v1/credentials/partner/rotate', headers: partnerHeaders4(sample), key: randomUUID() };
    const stranger = partnerHeaders4({ ...sample, organization_secret: sample.partner_secret });
    const statuses = [
      await send(handoff, { ...request, body: '{"overlap_hours":-1}' }),
      await send(handoff, { ...request, body: '{}', headers: stranger }),
      await send(handoff, { ...request, body: '{"overlap_hours":5}' }),
      await send(handoff, { ...request, body: '{"overlap_hours":5}' }),
    ].map(({ status, headers }) => [status, headers.has('idempotent-replayed')]);
    expect(statuses).toEqual([
      [422, false],
      [401, false],
      [201, false],
      [201, true],
    ]);
  });
});

describe('where nothing is created a key is ignored, a bad one too', () => {
  test.each([['k'], ['a b']])('%s', async (key) => {
    const sample = await newSample();
    const headers = { 'idempotency-key': key };
    const links = [await requestSso(handoff, sample, { headers }), await requestSso(handoff, sample, { headers })];
    expect(links.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(links.map(({ text }) => text)).size).toBe(2);
    const tokens = [await requestToken(handoff, sample, { headers }), await requestToken(handoff, sample, { headers })];
    const [user, ...lists] = [
      await createUser(handoff, sample, await bearer(handoff, sample)),
      await callUsers(handoff, sample, { headers: { ...(await bearer(handoff, sample)), ...headers } }),
      await callAsPartner(handoff, sample, '/v1/sso/attempts', { headers }),
      await callAsPartner(handoff, sample, '/v1/integration', { headers, method: 'PATCH', body: {} }),
    ];
    const again = await callUsers(handoff, sample, { headers: { ...(await bearer(handoff, sample)), ...headers } });
    expect(again.text).toContain(user.user_id);
    const answers = [...links, ...tokens, ...lists, again];
    expect(answers.map((answer) => [answer.status, answer.headers.has('idempotent-replayed')])).toEqual(
      answers.map(() => [200, false]),
    );
    expect(
      await handoff.deps.db
        .selectFrom('idempotency_keys')
        .where('partner_id', '=', sample.partner_id)
        .selectAll()
        .execute(),
    ).toEqual([]);
  });
});

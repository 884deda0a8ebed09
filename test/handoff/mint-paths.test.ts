// The redirect_path of POST /v1/sso: which rule a refusal names, and whose prefixes hold. The rules themselves are tried one
// by one, with hundreds of examples, in redirect-path.unit.test.ts.

import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RedirectPathFault } from '../../src/handoff/redirect-path.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { expectRefusal, provedBy } from './expect-refusal.ts';
import { hostilePaths } from './hostile-redirect-paths.ts';

type Verdict = { message: string; code: string };

/** Expects a refusal for the path and returns the code it gives. */
async function refusedWith(handoff: Handoff, sample: Sample, redirect_path: string): Promise<string> {
  const answer = await requestSso(handoff, sample, { redirect_path });
  const { error } = answer.json as { error: { validation: [Verdict] } };
  const [{ message, code }] = error.validation;
  await expectRefusal(handoff, answer, {
    slug: 'invalid-request',
    detail: message,
    validation: [{ field: 'redirect_path', message, code }],
    // PostgreSQL's text cannot hold U+0000; its picture stands for it.
    proved: provedBy(sample, redirect_path.replaceAll('\0', '\u2400')),
  });
  return code;
}

/** Refused for their shape before this rule is asked, or not to be had in JSON. */
const ELSEWHERE = new Set<string>(['missing', 'wrong_type', 'empty', 'too_long'] satisfies RedirectPathFault[]);

const examples = Object.entries(hostilePaths)
  .filter(([code, paths]) => paths.length > 0 && !ELSEWHERE.has(code))
  .map(([code, paths]) => ({ code, paths: paths.filter((path) => typeof path === 'string').slice(0, 5) }));

describe('with every prefix allowed', () => {
  let handoff: Handoff;
  let sample: Sample;
  beforeAll(async () => {
    handoff = await startHandoff({ environment: { REDIRECT_PATH_PREFIXES: '/' } });
    sample = await createSample(handoff.deps);
  });
  afterAll(() => handoff.close());

  test('a path outside of dashboard and embed is granted', async () => {
    expect((await requestSso(handoff, sample, { redirect_path: '/reports/7' })).status).toBe(200);
  });

  test('the examples are of most rules', () => expect(examples.length).toBeGreaterThan(12));

  test.each(examples.filter(({ code }) => code !== 'not_allowed_prefix'))(
    'a path is refused by the rule that it breaks: $code',
    async ({ code, paths }) => {
      for (const path of paths) expect(await refusedWith(handoff, sample, path)).toBe(code);
    },
  );

  test('the service’s own paths stay closed', async () => {
    for (const path of ['/auth/logout', '/v1/sso', '/errors/invalid-request', '/docs', '/openapi.yaml', '/healthz']) {
      expect(await refusedWith(handoff, sample, path)).toBe('own_path');
    }
  });

  // It was answered with 500 on PostgreSQL, and no event was recorded.
  test('a path with U+0000 is refused and recorded on either database', async () => {
    expect(await refusedWith(handoff, sample, '/dashboard/\0')).toBe('control_character');
  });
});

describe('with prefixes', () => {
  let handoff: Handoff;
  beforeAll(async () => {
    handoff = await startHandoff({ environment: { REDIRECT_PATH_PREFIXES: '/dashboard, /embed' } });
  });
  afterAll(() => handoff.close());

  async function statuses(sample: Sample, paths: readonly string[]): Promise<number[]> {
    const answers = paths.map((redirect_path) => requestSso(handoff, sample, { redirect_path }));
    return (await Promise.all(answers)).map((answer) => answer.status);
  }

  test('of the deployment, a path has to lie under one, on the boundary of a segment', async () => {
    const sample = await createSample(handoff.deps);
    const inside = ['/dashboard', '/dashboard/', '/dashboard?x', '/embed/patients/1'];
    expect(await statuses(sample, inside)).toEqual([200, 200, 200, 200]);
    for (const path of ['/', '/embedded', '/dashboards/1', '/Dashboard', '/reports']) {
      expect(await refusedWith(handoff, sample, path)).toBe('not_allowed_prefix');
    }
  });

  test('of the integration, a path has to lie under one of these', async () => {
    const redirect_path_prefixes = ['/embed/patients', '/dashboard/reports'];
    const sample = await createSample(handoff.deps, { integration: { redirect_path_prefixes } });
    expect(await statuses(sample, ['/embed/patients/1', '/dashboard/reports?year=2026'])).toEqual([200, 200]);
    for (const path of ['/dashboard', '/embed', '/embed/patientsx', '/embed/prescriptions/approval']) {
      expect(await refusedWith(handoff, sample, path)).toBe('not_allowed_prefix');
    }
  });

  test('of the integration, one outside of the deployment’s opens nothing', async () => {
    const sample = await createSample(handoff.deps, {
      integration: { redirect_path_prefixes: ['/reports', '/dashboard'] },
    });
    expect(await statuses(sample, ['/dashboard'])).toEqual([200]);
    for (const path of ['/reports', '/reports/7', '/embed/patients/1']) {
      expect(await refusedWith(handoff, sample, path)).toBe('not_allowed_prefix');
    }
  });

  test('of the integration, a change holds from the next request on, for this partner alone', async () => {
    const [sample, other] = [await createSample(handoff.deps), await createSample(handoff.deps)];
    const { partner_id, organization_id } = sample;
    const options = { redirect_path_prefixes: ['/embed'] };
    expect(await statuses(sample, ['/embed', '/dashboard'])).toEqual([200, 200]);
    await enableIntegration(handoff.deps.db, { partner_id, organization_id, options }, handoff.deps);
    expect(await statuses(sample, ['/embed', '/dashboard'])).toEqual([200, 400]);
    expect(await statuses(other, ['/embed', '/dashboard'])).toEqual([200, 200]);
  });
});

describe('while the body is on its way', () => {
  let handoff: Handoff;
  beforeAll(async () => {
    handoff = await startHandoff({ environment: { REDIRECT_PATH_PREFIXES: '/dashboard,/embed' } });
  });
  afterAll(() => handoff.close());

  /** Sends the body when the caller has been authenticated, and `meanwhile` is over. */
  async function mintSlowly(sample: Sample, redirect_path: string, meanwhile: () => Promise<unknown>) {
    const { partner_id, partner_secret, organization_id, organization_secret, user_id } = sample;
    const secrets = { 'x-partner-secret': partner_secret, 'x-organization-secret': organization_secret };
    const ids = { 'x-partner-id': partner_id, 'x-organization-id': organization_id, 'x-user-id': user_id };
    const headers = { 'content-type': 'application/json', ...ids, ...secrets };
    const asked = requestHttp(new URL('/v1/sso', handoff.url), { method: 'POST', headers });
    asked.flushHeaders();
    const used = handoff.deps.db.selectFrom('credentials').select('last_used_at').where('partner_id', '=', partner_id);
    await expect
      .poll(async () => (await used.execute()).every(({ last_used_at }) => last_used_at !== null), { timeout: 5_000 })
      .toBe(true);
    await meanwhile();
    asked.end(JSON.stringify({ redirect_path }));
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return { status: answer.statusCode, body: await json(answer) };
  }

  test('a path that the integration stays open for is granted', async () => {
    const sample = await createSample(handoff.deps);
    expect(await mintSlowly(sample, '/dashboard/1', async () => undefined)).toMatchObject({ status: 200 });
  });

  test('a path that the integration is closed for is refused', async () => {
    const sample = await createSample(handoff.deps);
    const { partner_id, organization_id } = sample;
    const options = { redirect_path_prefixes: ['/embed'] };
    const narrow = async () =>
      enableIntegration(handoff.deps.db, { partner_id, organization_id, options }, handoff.deps);
    expect(await mintSlowly(sample, '/dashboard/1', narrow)).toMatchObject({
      status: 400,
      body: { error: { validation: [{ field: 'redirect_path', code: 'not_allowed_prefix' }] } },
    });
  });
});

test('with the API below a path, that path is the service’s own', async () => {
  const handoff = await startHandoff({
    environment: { API_URL: 'http://localhost:8787/external', REDIRECT_PATH_PREFIXES: '/' },
  });
  try {
    const sample = await createSample(handoff.deps);
    expect(await refusedWith(handoff, sample, '/external/v1/sso')).toBe('own_path');
    expect((await requestSso(handoff, sample, { redirect_path: '/externals' })).status).toBe(200);
  } finally {
    await handoff.close();
  }
});

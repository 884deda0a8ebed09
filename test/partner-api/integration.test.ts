// A partner looks at its integration and changes what is its own to say: who may frame the portal, and where an error page
// leads back to. Which addresses are good for that is in integration-addresses.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { timestamp } from '../../src/foundation/clock.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { SCOPES } from '../../src/partners/scopes.ts';
import { call, CLICK, FRAME, partnerHeaders, PRACTICE_ORIGIN } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { frameAncestorsOf, linksOf } from '../support/html.ts';
import { bearer, requestToken } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { Operator } from '../cli/operator.ts';
import { callAsPartner, requestIdOf, type Success } from './as-partner.ts';
import { askToChange, integrationOf } from './integration.ts';
import { EMBED_PAGE, mint } from './receipts.ts';

let handoff: Handoff;
let operator: Operator;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { REDEEM: 'confirm' } });
  operator = new Operator(handoff.database.url);
});
afterAll(() => handoff.close());

function later(): string {
  handoff.clock.advance(1_000);
  return timestamp(handoff.clock.now());
}

const pairOf = ({ partner_id, organization_id }: Sample) => [
  '--partner',
  partner_id,
  '--organization',
  organization_id,
];

async function listed({ partner_id }: Sample): Promise<object | undefined> {
  const [one] = await operator.json<object[]>('integration', 'list', '--partner', partner_id);
  return one;
}

describe('looking at it', () => {
  test('tells what was agreed when it was enabled', async () => {
    const created_at = later();
    const sample = await createSample(handoff.deps);
    later();
    const { partner_id, organization_id } = sample;
    expect(await integrationOf(handoff, sample)).toEqual({
      partner: { partner_id, name: 'Sample Practice Software' },
      organization: { organization_id, name: 'Sample Clinic' },
      scopes: [...SCOPES],
      embed_origins: [PRACTICE_ORIGIN],
      redirect_path_prefixes: ['/dashboard', '/embed'],
      return_url: null,
      connected_at: null,
      created_at,
    });
  });

  test('tells what the operator changed: addresses, scopes, and the paths that deployment and integration both allow', async () => {
    const sample = await createSample(handoff.deps);
    const { partner_id, organization_id } = sample;
    const options = {
      embed_origins: ['https://practice.example'],
      redirect_path_prefixes: ['/embed/patients', '/reports'],
      return_url: 'https://practice.example/patients',
      scopes: ['read:users', 'create:user'] as const,
    };
    const change = { partner_id, organization_id, options: { ...options, scopes: [...options.scopes] } };
    await enableIntegration(handoff.deps.db, change, handoff.deps);
    expect(await integrationOf(handoff, sample)).toMatchObject({
      ...options,
      scopes: ['create:user', 'read:users'],
      redirect_path_prefixes: ['/embed/patients'],
    });
  });

  test('tells when it was first shown to work, and so does the command line', async () => {
    const sample = await createSample(handoff.deps);
    const validate = async () => {
      const path = `/v1/organizations/${sample.organization_id}/validate`;
      return call(handoff, path, { headers: await bearer(handoff, sample) });
    };
    expect(await listed(sample)).toMatchObject({ connected_at: null });
    const connected_at = later();
    expect((await validate()).json).toMatchObject({ message: 'Successfully validated token' });
    later();
    expect((await validate()).status).toBe(200);
    expect(await integrationOf(handoff, sample)).toMatchObject({ connected_at });
    expect(await listed(sample)).toMatchObject({ connected_at });
    const { partner_id } = sample;
    const filter = { action: 'integration.connected', partner_id };
    expect(await listEvents(handoff.deps.db, filter, { limit: 5 })).toMatchObject([
      { occurred_at: connected_at, actor: 'partner', organization_id: sample.organization_id },
    ]);
  });
});

describe('the scopes that the operator approves', () => {
  const granted = async (sample: Sample, scope?: string[]): Promise<unknown> => {
    const answer = await requestToken(handoff, sample, { scope });
    return answer.status === 200 ? (answer.json as Success<{ scope: string[] }>).data.scope : answer.status;
  };

  test('are those that tokens are good for, from the next one on', async () => {
    const sample = await createSample(handoff.deps);
    expect(await granted(sample)).toEqual([...SCOPES]);
    const scopes = ['--scope', 'update:user', '--scope', 'read:user'];
    await operator.read('integration', 'enable', ...pairOf(sample), ...scopes);
    expect(await integrationOf(handoff, sample)).toMatchObject({ scopes: ['read:user', 'update:user'] });
    expect(await granted(sample)).toEqual(['read:user', 'update:user']);
    expect(await granted(sample, ['read:user', 'create:user'])).toEqual(['read:user']);
    expect(await granted(sample, ['create:user'])).toBe(403);
  });

  test('may be none, and then there are links and no tokens', async () => {
    const sample = await createSample(handoff.deps);
    await operator.read('integration', 'enable', ...pairOf(sample), '--no-scope');
    expect(await integrationOf(handoff, sample)).toMatchObject({ scopes: [] });
    expect(await granted(sample)).toBe(403);
    await mint(handoff, sample);
    await operator.read('integration', 'enable', ...pairOf(sample), ...SCOPES.flatMap((one) => ['--scope', one]));
    expect(await granted(sample)).toEqual([...SCOPES]);
  });
});

describe('changing it', () => {
  const BOTH = { embed_origins: ['https://practice.example'], return_url: 'https://practice.example/patients' };

  test('answers with the whole, replaces what is named and keeps the rest', async () => {
    const sample = await createSample(handoff.deps);
    const first = await askToChange(handoff, sample, BOTH);
    const { data, message } = first.json as Success<object>;
    expect(message).toBe('Integration updated successfully');
    expect(data).toEqual({ ...(await integrationOf(handoff, sample)), ...BOTH });
    const other = { embed_origins: ['https://b.example:8443', 'https://a.example'] };
    await askToChange(handoff, sample, other);
    expect(await integrationOf(handoff, sample)).toMatchObject({ ...BOTH, ...other });
    await askToChange(handoff, sample, { return_url: null });
    expect(await integrationOf(handoff, sample)).toMatchObject({ ...other, return_url: null });
    await askToChange(handoff, sample, { embed_origins: [] });
    expect(await integrationOf(handoff, sample)).toMatchObject({ embed_origins: [], return_url: null });
  });

  test('concerns this organization alone, and is seen by the operator', async () => {
    const [sample, other] = [await createSample(handoff.deps), await createSample(handoff.deps)];
    await askToChange(handoff, sample, BOTH);
    expect(await integrationOf(handoff, other)).toMatchObject({ embed_origins: [PRACTICE_ORIGIN], return_url: null });
    expect(await listed(sample)).toMatchObject(BOTH);
  });

  test('is in the audit trail with what was before and after', async () => {
    const sample = await createSample(handoff.deps);
    const { partner_id, organization_id } = sample;
    await askToChange(handoff, sample, BOTH);
    const occurred_at = later();
    const after = { embed_origins: ['https://other.example'], return_url: null };
    const request_id = requestIdOf(await askToChange(handoff, sample, after));
    const [event, ...more] = await listEvents(handoff.deps.db, { request_id }, { limit: 5 });
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      occurred_at,
      actor: 'partner',
      action: 'integration.updated',
      outcome: 'granted',
      partner_id,
      organization_id,
    });
    expect(JSON.parse(event?.detail ?? '')).toEqual({ ...after, before: BOTH });
  });

  test('to nothing at all changes nothing, and leaves no event', async () => {
    const sample = await createSample(handoff.deps);
    await askToChange(handoff, sample, BOTH);
    const answer = await askToChange(handoff, sample, {});
    expect(answer.json).toMatchObject({ statusCode: 200, data: BOTH });
    expect(await listEvents(handoff.deps.db, { request_id: requestIdOf(answer) }, { limit: 5 })).toEqual([]);
  });

  test.each([
    ['a member of the operator’s', { ...BOTH, scopes: ['read:user'] }, ['scopes']],
    ['paths', { redirect_path_prefixes: ['/'] }, ['redirect_path_prefixes']],
    ['members that nobody knows', { returnUrl: 'https://practice.example/', name: 'x' }, ['returnUrl', 'name']],
  ])('is refused with %s, by name, and nothing changes', async (_, body, fields) => {
    const sample = await createSample(handoff.deps);
    const before = await integrationOf(handoff, sample);
    const answer = await askToChange(handoff, sample, body);
    const validation = fields.map((field) => ({
      field,
      message: `${field} is not a member of this body`,
      code: 'unrecognized',
    }));
    expect(answer.json).toMatchObject({ statusCode: 422, error: { title: 'Validation failed', validation } });
    expect(await integrationOf(handoff, sample)).toEqual(before);
    const events = await listEvents(handoff.deps.db, { request_id: requestIdOf(answer) }, { limit: 5 });
    expect(events).toMatchObject([
      { actor: 'partner', action: 'integration.updated', outcome: 'refused', problem: 'validation-error' },
    ]);
  });

  test('is refused with a body that is none', async () => {
    const sample = await createSample(handoff.deps);
    const patch = (body: string, headers: Record<string, string> = {}) =>
      call(handoff, '/v1/integration', { method: 'PATCH', headers: { ...partnerHeaders(sample), ...headers }, body });
    const large = JSON.stringify({ return_url: 'x'.repeat(16_384) });
    const answers = [patch(''), patch('{'), patch('[]'), patch('{}', { 'content-type': 'text/plain' }), patch(large)];
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([400, 400, 422, 415, 413]);
    const headers = { 'content-type': 'application/merge-patch+json' };
    expect(
      (await callAsPartner(handoff, sample, '/v1/integration', { method: 'PATCH', headers, body: {} })).status,
    ).toBe(415);
  });
});

test('what was changed holds from the next page on: the way back, and who may frame it', async () => {
  const sample = await createSample(handoff.deps);
  const { path } = await mint(handoff, sample, { redirect_path: EMBED_PAGE });
  const wrong_place = async () => linksOf(await call(handoff, path, { headers: CLICK }));
  // A page that asks first may be framed by those alone; one that refuses says so in whatever frame it is.
  const framed = async () => frameAncestorsOf(await call(handoff, path, { headers: FRAME }));
  expect([await wrong_place(), await framed()]).toEqual([[], PRACTICE_ORIGIN]);
  const return_url = 'https://practice.example/patients?from=portal&tab="1"';
  await askToChange(handoff, sample, { embed_origins: [PRACTICE_ORIGIN, 'https://b.example'], return_url });
  expect([await wrong_place(), await framed()]).toEqual([[return_url], `${PRACTICE_ORIGIN} https://b.example`]);
  await askToChange(handoff, sample, { embed_origins: [], return_url: null });
  expect([await wrong_place(), await framed()]).toEqual([[], 'https: http:']);
});

// Who may use receipts and self-service: a partner that is enabled for an organization, with the secrets of both. Every operation
// is refused to everybody else, and changes nothing then.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newSecret, systemRandom } from '../../src/foundation/ids.ts';
import { type Answer, call, problemOf } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { partnerHeaders4 } from '../support/partner-api.ts';
import { createPlace, type Place, WITHDRAWALS } from '../support/withdrawals.ts';
import { listCredentials, rotate } from './credentials.ts';
import { mint } from './receipts.ts';

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

const OPERATIONS = [
  ['GET', '/v1/sso/attempts', 200],
  ['GET', '/v1/sso/attempts/{request_id}', 200],
  ['DELETE', '/v1/sso/attempts/{request_id}', 200],
  ['GET', '/v1/credentials', 200],
  ['POST', '/v1/credentials/partner/rotate', 201],
  ['POST', '/v1/credentials/organization/rotate', 201],
  ['DELETE', '/v1/credentials/{credential_id}', 204],
  ['GET', '/v1/integration', 200],
  ['PATCH', '/v1/integration', 200],
] as const;

const HEADERS = ['x-partner-id', 'x-partner-secret', 'x-organization-id', 'x-organization-secret'];

describe.each(OPERATIONS)('%s %s', (method, path, status) => {
  let place: Place;
  let address: string;
  beforeAll(async () => {
    const first = await createPlace(handoff.deps);
    handoff.clock.advance(1_000);
    const { sample } = await rotate(handoff, first, { whose: 'organization' });
    place = { ...first, ...sample };
    const { organization } = await listCredentials(handoff, place);
    const { request_id } = await mint(handoff, place);
    address = path.replace('{request_id}', request_id).replace('{credential_id}', organization[1]?.credential_id ?? '');
  });

  const ask = (headers: Record<string, string> | [string, string][]): Promise<Answer> =>
    call(handoff, address, {
      method,
      headers,
      ...(method === 'PATCH' && { body: '{"embed_origins":["https://a.example"]}' }),
    });

  /** All that these operations could change. */
  async function stateOf(): Promise<unknown[]> {
    const { db } = handoff.deps;
    const own = ['partner_id', '=', place.partner_id] as const;
    return [
      await db
        .selectFrom('sso_tokens')
        .selectAll()
        .where(...own)
        .execute(),
      await db
        .selectFrom('credentials')
        .select(['credential_id', 'expires_at', 'revoked_at'])
        .where(...own)
        .orderBy('credential_id')
        .execute(),
      await db
        .selectFrom('integrations')
        .selectAll()
        .where(...own)
        .execute(),
    ];
  }

  async function refusalOf(headers: Record<string, string> | [string, string][]): Promise<unknown[]> {
    const before = await stateOf();
    const answer = await ask(headers);
    expect(await stateOf()).toEqual(before);
    const { error } = answer.json as { error: { detail: string } };
    return [answer.status, problemOf(answer), error.detail];
  }

  test('names the headers that are missing', async () => {
    const good = Object.entries(partnerHeaders4(place));
    for (const missing of [...HEADERS.map((name) => [name]), HEADERS]) {
      const headers = Object.fromEntries(good.filter(([name]) => !missing.includes(name)));
      const detail = `Missing required headers: ${missing.join(', ')}`;
      expect(await refusalOf(headers)).toEqual([400, 'invalid-request', detail]);
    }
  });

  test('refuses each header that is there twice', async () => {
    const good = Object.entries(partnerHeaders4(place));
    for (const [name, value] of good.filter(([one]) => HEADERS.includes(one))) {
      const detail = `The header ${name} arrived more than once`;
      expect(await refusalOf([...good, [name, value]])).toEqual([400, 'invalid-request', detail]);
    }
  });

  test('refuses wrong secrets, one of another kind too, and ids of others', async () => {
    const headers = partnerHeaders4(place);
    const other = await createPlace(handoff.deps);
    const wrong: [Record<string, string>, 'partner' | 'organization'][] = [
      [{ 'x-partner-secret': newSecret('hps', systemRandom) }, 'partner'],
      [{ 'x-partner-secret': place.organization_secret }, 'partner'],
      [{ 'x-partner-secret': other.partner_secret }, 'partner'],
      [{ 'x-partner-id': other.partner_id }, 'partner'],
      [{ 'x-organization-secret': newSecret('hos', systemRandom) }, 'organization'],
      [{ 'x-organization-secret': place.partner_secret }, 'organization'],
      [{ 'x-organization-secret': other.organization_secret }, 'organization'],
      [{ 'x-organization-id': other.organization_id }, 'organization'],
    ];
    for (const [replaced, whose] of wrong) {
      const detail = `Invalid ${whose} credentials`;
      expect(await refusalOf({ ...headers, ...replaced })).toEqual([401, 'authentication-required', detail]);
    }
  });

  test('refuses a web page', async () => {
    const headers = { ...partnerHeaders4(place), origin: 'https://practice.example' };
    expect((await refusalOf(headers)).slice(0, 2)).toEqual([403, 'browser-request-refused']);
  });

  test('is there for whoever has both secrets', async () => {
    expect((await ask(partnerHeaders4(place))).status).toBe(status);
  });

  test('refuses a partner that is suspended or not enabled, in an organization that is not, with the reason', async () => {
    for (const { problem, withdraw, restore } of WITHDRAWALS) {
      if (problem.startsWith('user-')) continue;
      await withdraw(handoff.deps, place);
      expect((await refusalOf(partnerHeaders4(place))).slice(0, 2)).toEqual([403, problem]);
      await restore(handoff.deps, place);
    }
  });
});

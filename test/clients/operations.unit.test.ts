// What each operation sends, and what it makes of the answer.

import { describe, expect, test } from 'vitest';
import type { HandoffClient, SsoLinkRequest } from '../../clients/typescript/src/handoff-client.ts';
import { LINK, nothing, type Reply, REQUEST, REQUEST_ID, stubClient, success, token } from './stub-api.ts';

const BASE = 'https://api.example.com/external';
const USERS = `${BASE}/v1/organizations/sample-clinic/users`;

/** The request that an act with a bearer token sends. */
async function asks(act: (client: HandoffClient) => Promise<unknown>, reply: Reply) {
  const { client, asked } = stubClient([token(), reply]);
  const result = await act(client);
  const last = asked.at(-1);
  return { result, line: `${last?.method} ${last?.url.href}`, body: last?.body };
}

describe('users', () => {
  const user = { user_id: 'usr_1' };
  const cases: [string, (client: HandoffClient) => Promise<unknown>, Reply, string, unknown][] = [
    ['get', ({ users }) => users.get('usr_1'), success(user), `GET ${USERS}/usr_1`, undefined],
    [
      'update',
      ({ users }) => users.update('usr_1', { title: null }),
      success(user),
      `PUT ${USERS}/usr_1`,
      { title: null },
    ],
    [
      'replaceRoles',
      ({ users }) => users.replaceRoles('usr_1', ['admin']),
      success(user),
      `PUT ${USERS}/usr_1/roles`,
      { access_roles: ['admin'] },
    ],
    ['disable', ({ users }) => users.disable('usr_1'), success(user), `PUT ${USERS}/usr_1/disable`, undefined],
    ['enable', ({ users }) => users.enable('usr_1'), success(user), `PUT ${USERS}/usr_1/enable`, undefined],
    [
      'endSessions',
      ({ users }) => users.endSessions('usr_1'),
      success(user),
      `DELETE ${USERS}/usr_1/sessions`,
      undefined,
    ],
  ];

  test.each(cases)('%s', async (_name, act, reply, line, body) => {
    const sent = await asks(act, reply);
    expect(sent).toMatchObject({ line, body, result: user });
  });

  test('what deletes has no result', async () => {
    expect(await asks(({ users }) => users.delete('usr_1'), nothing())).toMatchObject({
      line: `DELETE ${USERS}/usr_1`,
      result: undefined,
    });
    expect(await asks(({ users }) => users.endSession('usr_1', 'ses_1'), nothing())).toMatchObject({
      line: `DELETE ${USERS}/usr_1/sessions/ses_1`,
      result: undefined,
    });
  });

  test('a page, with its filters', async () => {
    const pagination = { count: 1, hasNext: true, limit: 1, lastKey: 'cursor-1' };
    const { line, result } = await asks(
      ({ users }) =>
        users.list({ limit: 1, lastKey: 'cursor-0', email: 'pat+1@clinic.example', partnerUserId: 'A#1 b' }),
      success([user], { pagination }),
    );
    expect(line).toBe(`GET ${USERS}?limit=1&lastKey=cursor-0&email=pat%2B1%40clinic.example&partner_user_id=A%231+b`);
    expect(result).toEqual({ items: [user], hasNext: true, lastKey: 'cursor-1', requestId: REQUEST_ID });
  });

  test('the live sessions', async () => {
    const { line, result } = await asks(({ users }) => users.sessions('usr_1'), success([{ session_id: 'ses_1' }]));
    expect(line).toBe(`GET ${USERS}/usr_1/sessions`);
    expect(result).toEqual({ items: [{ session_id: 'ses_1' }], hasNext: false, lastKey: null, requestId: REQUEST_ID });
  });

  test('iterate goes from page to page, and no further than is read', async () => {
    const page = (ids: string[], lastKey: string | null) =>
      success(
        ids.map((user_id) => ({ user_id })),
        {
          pagination: { count: ids.length, hasNext: lastKey !== null, limit: 2, lastKey },
        },
      );
    const pages = () => [token(), page(['usr_1', 'usr_2'], 'after-2'), page([], 'after-3'), page(['usr_4'], null)];
    const { client, asked } = stubClient(pages());
    const ids = [];
    for await (const { user_id } of client.users.iterate({ limit: 2 })) ids.push(user_id);
    expect(ids).toEqual(['usr_1', 'usr_2', 'usr_4']);
    expect(asked.map(({ url }) => url.search)).toEqual([
      '',
      '?limit=2',
      '?limit=2&lastKey=after-2',
      '?limit=2&lastKey=after-3',
    ]);

    const early = stubClient(pages());
    const all = early.client.users.iterate();
    await all.next();
    await all.return();
    expect(early.asked).toHaveLength(2);
  });

  test('an id cannot lead to another address', async () => {
    const { line } = await asks(({ users }) => users.get('../x?y#z/%2e'), success(user));
    expect(line).toBe(`GET ${USERS}/..%2Fx%3Fy%23z%2F%252e`);
    const { client, asked } = stubClient([token()]);
    for (const id of ['', '.', '..', undefined, null, 7]) {
      await expect(client.users.get(id as string)).rejects.toThrow(TypeError);
    }
    expect(asked).toEqual([]);
  });
});

describe('receipts', () => {
  const ATTEMPTS = `${BASE}/v1/sso/attempts`;
  const attempt = { request_id: 'req_1', outcome: 'minted' };

  test('a page, with its filters', async () => {
    const { client, asked } = stubClient([success([attempt])]);
    const page = await client.attempts.list({
      userId: 'usr_1',
      outcome: 'refused',
      from: new Date('2026-03-01T09:00:00.000Z'),
      until: '2026-03-02T00:00:00.000Z',
      requestId: 'req_1',
      limit: 5,
    });
    expect(page.items).toEqual([attempt]);
    expect(asked[0]?.url.href).toBe(
      `${ATTEMPTS}?limit=5&user_id=usr_1&outcome=refused&from=2026-03-01T09%3A00%3A00.000Z&until=2026-03-02T00%3A00%3A00.000Z&request_id=req_1`,
    );
    expect(asked[0]?.headers.get('x-partner-secret')).toBe('hps_samplePartnerSecret0000');
  });

  test('one, its withdrawal, and all of them', async () => {
    const { client, asked } = stubClient([success(attempt), success(attempt), success([attempt, attempt])]);
    expect(await client.attempts.get('req_1')).toEqual(attempt);
    expect(await client.attempts.revoke('req_1')).toEqual(attempt);
    const all = [];
    for await (const one of client.attempts.iterate()) all.push(one);
    expect(all).toHaveLength(2);
    expect(asked.map(({ method, url }) => `${method} ${url.href}`)).toEqual([
      `GET ${ATTEMPTS}/req_1`,
      `DELETE ${ATTEMPTS}/req_1`,
      `GET ${ATTEMPTS}`,
    ]);
  });
});

describe('self-service', () => {
  test('the secrets', async () => {
    const rotated = () => success({ credential_id: 'crd_1' }, { status: 201 });
    const { client, asked } = stubClient([success({ partner: [] }), rotated(), rotated(), nothing()]);
    expect(await client.credentials.list()).toEqual({ partner: [] });
    await client.credentials.rotatePartnerSecret();
    await client.credentials.rotateOrganizationSecret({ overlapHours: 0 });
    await client.credentials.revoke('crd_1');
    expect(asked.map(({ method, url, body }) => [`${method} ${url.href}`, body])).toEqual([
      [`GET ${BASE}/v1/credentials`, undefined],
      [`POST ${BASE}/v1/credentials/partner/rotate`, undefined],
      [`POST ${BASE}/v1/credentials/organization/rotate`, { overlap_hours: 0 }],
      [`DELETE ${BASE}/v1/credentials/crd_1`, undefined],
    ]);
    // Without a body there is no media type to name.
    expect(asked.map(({ headers }) => headers.get('content-type'))).toEqual([null, null, 'application/json', null]);
  });

  test('the integration', async () => {
    const { client, asked } = stubClient([success({ return_url: null }), success({ return_url: null })]);
    await client.integration.get();
    await client.integration.update({ return_url: null, embed_origins: ['https://practice.example'] });
    expect(asked.map(({ method, url }) => `${method} ${url.href}`)).toEqual([
      `GET ${BASE}/v1/integration`,
      `PATCH ${BASE}/v1/integration`,
    ]);
    expect(asked[1]?.body).toEqual({ return_url: null, embed_origins: ['https://practice.example'] });
  });

  test('validate', async () => {
    const { client, asked } = stubClient([token(), success({ validated: true })]);
    expect(await client.validate()).toEqual({ validated: true });
    expect(asked[1]?.url.href).toBe(`${BASE}/v1/organizations/sample-clinic/validate`);
  });
});

describe('a link', () => {
  test('for a user by the portal’s id, or by the partner’s own', async () => {
    const { client, asked } = stubClient([success(LINK), success(LINK)]);
    expect({ ...(await client.createSsoLink(REQUEST)) }).toEqual({
      redirectUrl: LINK.redirect_url,
      ssoToken: LINK.sso_token,
      expiresIn: 300,
      requestId: REQUEST_ID,
    });
    await client.createSsoLink({ partnerUserId: 'CLINIKO#USER 12345', redirectPath: '/dashboard' });
    const [first, second] = asked.map(({ headers }) => Object.fromEntries(headers));
    expect(first).toMatchObject({
      'x-user-id': 'usr_sample',
      'x-partner-id': 'sample-partner',
      'x-organization-id': 'sample-clinic',
      'x-organization-secret': 'hos_sampleOrganizationSecret',
      'content-type': 'application/json',
      accept: 'application/json',
    });
    expect(first).not.toHaveProperty('x-partner-user-id');
    expect(second).toMatchObject({ 'x-partner-user-id': 'CLINIKO#USER 12345' });
    expect(second).not.toHaveProperty('x-user-id');
    expect(asked[0]?.body).toEqual({ redirect_path: '/dashboard/patients/sample-patient' });
  });

  test.each([
    [{}, 'userId or partnerUserId is missing'],
    [{ userId: '' }, 'userId or partnerUserId is missing'],
    [{ userId: 'usr_1', partnerUserId: 'mine' }, 'Give either userId or partnerUserId, not both'],
    [{ userId: 'usr_1\r\nx-user-id: usr_2' }, 'userId or partnerUserId must be visible ASCII'],
    [{ partnerUserId: '' }, 'partnerUserId must be visible ASCII'],
    [{ partnerUserId: ' mine' }, 'partnerUserId must be visible ASCII'],
    [{ partnerUserId: 'mine\n' }, 'partnerUserId must be visible ASCII'],
    [{ userId: 'usr_1', redirectPath: undefined }, 'redirectPath must be a string'],
  ])('is not asked for with %j', async (request, message) => {
    const { client, asked } = stubClient([]);
    const asking = client.createSsoLink({ redirectPath: '/dashboard', ...request } as SsoLinkRequest);
    await expect(asking).rejects.toThrow(message);
    expect(asked).toEqual([]);
  });
});

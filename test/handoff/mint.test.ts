// POST /v1/sso when everything is in order: the documented answer, what the token says and who can check it, and what is
// kept of it. What is refused is in mint-refusals.test.ts.

import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { timestamp } from '../../src/foundation/clock.ts';
import {
  type Answer,
  call,
  CLICK,
  cookieOf,
  EMBED_PATH,
  FRAME,
  mintLink,
  PATIENT_PATH,
  requestSso,
} from '../support/client.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { requestIdOf } from './expect-refusal.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

function tokenOf(answer: Answer): string {
  return (answer.json as { data: { sso_token: string } }).data.sso_token;
}

/** The body with the token masked: a failed test must not print it. */
function maskedBody(answer: Answer): unknown {
  return JSON.parse(answer.text.replaceAll(tokenOf(answer), '<sso_token>'));
}

async function fetchKeys({ url, config }: Handoff, base_path = ''): Promise<JSONWebKeySet> {
  const answer = await call({ url, config }, `${base_path}/.well-known/jwks.json`);
  expect(answer.status).toBe(200);
  return answer.json as JSONWebKeySet;
}

describe('the answer', () => {
  test('has exactly the documented members', async () => {
    const answer = await requestSso(handoff, sample);
    expect(answer.status).toBe(200);
    expect(maskedBody(answer)).toEqual({
      success: true,
      statusCode: 200,
      message: 'SSO token created successfully',
      data: {
        sso_token: '<sso_token>',
        redirect_url: `${PUBLIC_URL}/auth/sso?token=<sso_token>&redirect=${encodeURIComponent(PATIENT_PATH)}`,
        expires_in: 300,
      },
      timestamp: timestamp(handoff.clock.now()),
      requestId: requestIdOf(answer),
    });
  });

  test('is JSON that nobody may keep, and says nothing to browsers', async () => {
    const { headers } = await requestSso(handoff, sample);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('cache-control')).toBe('no-store');
    expect([...headers.keys()].filter((name) => /^access-control-|^set-cookie$/.test(name))).toEqual([]);
  });

  test.each(['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'comes for %s too',
    async (type) => {
      expect((await requestSso(handoff, sample, { headers: { 'content-type': type } })).status).toBe(200);
    },
  );

  test('encodes the path with every reserved character, so that it arrives as one parameter', async () => {
    const redirect_path = '/embed/patients/1?from=a&to=b+c#top';
    const answer = await requestSso(handoff, sample, { redirect_path });
    const { redirect_url } = (maskedBody(answer) as { data: { redirect_url: string } }).data;
    expect(redirect_url).toBe(
      `${PUBLIC_URL}/auth/sso?token=<sso_token>&redirect=%2Fembed%2Fpatients%2F1%3Ffrom%3Da%26to%3Db%2Bc%23top`,
    );
  });
});

describe('the token', () => {
  test('says who may land where, through whom, and for five minutes', async () => {
    const claims = decodeJwt(tokenOf(await requestSso(handoff, sample)));
    const now = handoff.clock.now() / 1000;
    expect(claims).toEqual({
      iss: PUBLIC_URL,
      aud: PUBLIC_URL,
      sub: sample.user_id,
      org: sample.organization_id,
      client_id: sample.partner_id,
      redirect_path: PATIENT_PATH,
      jti: expect.stringMatching(/^sso_[0-9a-f]{32}$/) as unknown,
      iat: now,
      exp: now + 300,
    });
  });

  test('names its key, its type and ES256 in its header, and nothing else', async () => {
    const header = decodeProtectedHeader(tokenOf(await requestSso(handoff, sample)));
    expect(header).toEqual({
      alg: 'ES256',
      kid: expect.stringMatching(/^key_[0-9a-f]{32}$/) as unknown,
      typ: 'sso+jwt',
    });
  });

  test('can be verified by anybody with the published keys, until it expires and not if it is changed', async () => {
    const token = tokenOf(await requestSso(handoff, sample));
    const published = await fetchKeys(handoff);
    const verify = (text: string, seconds: number) =>
      jwtVerify(text, createLocalJWKSet(published), {
        issuer: PUBLIC_URL,
        audience: PUBLIC_URL,
        typ: 'sso+jwt',
        algorithms: ['ES256'],
        currentDate: new Date(handoff.clock.now() + seconds * 1000),
      }).then(
        () => 'verified',
        (error: unknown) => (error as { code: string }).code,
      );
    expect(await verify(token, 299)).toBe('verified');
    expect(await verify(token, 300)).toBe('ERR_JWT_EXPIRED');
    const [header, payload = '', signature] = token.split('.');
    const other = Buffer.from(Buffer.from(payload, 'base64url').toString().replace(sample.user_id, 'usr_other'));
    const changed = [header, other.toString('base64url'), signature].join('.');
    expect(await verify(changed, 0)).toBe('ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
  });

  test('is another one each time', async () => {
    const ids = await Promise.all(
      Array.from({ length: 10 }, async () => decodeJwt(tokenOf(await requestSso(handoff, sample))).jti),
    );
    expect(new Set(ids).size).toBe(10);
  });
});

test('the published keys hold no private member', async () => {
  const { keys } = await fetchKeys(handoff);
  const names = ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'];
  expect(keys.map((key) => Object.keys(key).toSorted())).toEqual([names, names]);
});

describe('a redirect_path', () => {
  test.each([
    ['of the dashboard itself', '/dashboard'],
    ['with a query', '/dashboard/patients/1?tab=notes&x=%E2%82%AC&x=a%2Fb+c'],
    ['with a fragment', '/dashboard#/route?y=%23'],
    ['with both and nothing in them', '/dashboard/patients/1?#'],
    ['with characters a query may hold', `/dashboard?q=!$'()*,;:@/?"<>[]{}|^\`~%25`],
    ['with an address in its query', '/dashboard?back=https://other.example/%2e%2e/?a=b%26c'],
    // A JSON escape, base64url and percent-encoding each make the most of it.
    ['of the greatest length', `/dashboard?${'"'.repeat(2037)}`],
  ])('%s survives byte for byte, from the request to where the browser lands', async (_, redirect_path) => {
    const link = await mintLink(handoff, sample, redirect_path);
    expect(decodeJwt(link.sso_token)['redirect_path']).toBe(redirect_path);
    expect(new URL(link.redirect_url).searchParams.get('redirect')).toBe(redirect_path);
    const landed = await call(handoff, link.path, { headers: CLICK });
    expect(landed.headers.get('location')).toBe(redirect_path);
  });

  test('for an iframe gets a link that works in one', async () => {
    const link = await mintLink(handoff, sample, EMBED_PATH);
    const landed = await call(handoff, link.path, { headers: FRAME });
    expect(landed.status).toBe(303);
    expect(cookieOf(landed)).toMatch(/^__Host-handoff-embed=/);
  });
});

describe('what is kept', () => {
  test('is one audit event with every id, the path, the address and the user agent', async () => {
    const answer = await requestSso(handoff, sample, { headers: { 'user-agent': 'Sample Practice Software/1.0' } });
    const request_id = requestIdOf(answer);
    expect(await listEvents(handoff.deps.db, { request_id }, { limit: 10 })).toEqual([
      {
        event_id: expect.stringMatching(/^evt_[0-9a-f]{32}$/) as unknown,
        occurred_at: timestamp(handoff.clock.now()),
        actor: 'partner',
        action: 'sso_token.minted',
        outcome: 'granted',
        problem: null,
        target_id: null,
        partner_id: sample.partner_id,
        organization_id: sample.organization_id,
        user_id: sample.user_id,
        session_id: null,
        jti: decodeJwt(tokenOf(answer)).jti,
        redirect_path: PATIENT_PATH,
        request_id,
        client_address: '127.0.0.1',
        user_agent: 'Sample Practice Software/1.0',
        detail: null,
      },
    ]);
  });

  test('is one unspent row of the token, without the token', async () => {
    const answer = await requestSso(handoff, sample);
    const jti = decodeJwt(tokenOf(answer)).jti ?? '';
    const rows = await handoff.deps.db.selectFrom('sso_tokens').selectAll().where('jti', '=', jti).execute();
    expect(rows).toEqual([
      {
        jti,
        partner_id: sample.partner_id,
        organization_id: sample.organization_id,
        user_id: sample.user_id,
        request_id: requestIdOf(answer),
        minted_at: timestamp(handoff.clock.now()),
        expires_at: timestamp(handoff.clock.now() + 300_000),
        opened_at: null,
        redeemed_at: null,
        revoked_at: null,
      },
    ]);
  });

  test('has neither the signature nor a secret in any column', async () => {
    const [, , signature = ''] = tokenOf(await requestSso(handoff, sample)).split('.');
    const { db } = handoff.deps;
    const rows = await Promise.all(
      (['partners', 'integrations', 'credentials', 'sso_tokens', 'audit_events'] as const).map((table) =>
        db.selectFrom(table).selectAll().execute(),
      ),
    );
    const kept = JSON.stringify(rows);
    expect(kept.includes(sample.partner_id), 'the search sees the rows').toBe(true);
    expect(kept.includes(signature), 'signature').toBe(false);
    expect(kept.includes(sample.partner_secret), 'partner secret').toBe(false);
    expect(kept.includes(sample.organization_secret), 'organization secret').toBe(false);
  });
});

describe('with the API below a path and the portal on another host', () => {
  const environment = { API_URL: 'https://api.clinic.example/external', PORTAL_URL: 'https://portal.clinic.example' };

  test('the link leads to the portal, and issuer, audience and keys are where they are said to be', async () => {
    const server = await startHandoff({ environment });
    try {
      const answer = await requestSso(server, await createSample(server.deps));
      const token = tokenOf(answer);
      const { data } = maskedBody(answer) as { data: { redirect_url: string } };
      const redirect = encodeURIComponent(PATIENT_PATH);
      expect(data.redirect_url).toBe(`https://portal.clinic.example/auth/sso?token=<sso_token>&redirect=${redirect}`);
      for (const base_path of ['', '/external']) {
        const { payload } = await jwtVerify(token, createLocalJWKSet(await fetchKeys(server, base_path)), {
          currentDate: new Date(server.clock.now()),
        });
        expect(payload).toMatchObject({ iss: environment.API_URL, aud: environment.PORTAL_URL });
      }
      const landed = await call(server, `/auth/sso?token=${token}&redirect=${redirect}`, { headers: CLICK });
      expect(landed.status).toBe(303);
      expect((await call(server, '/v1/sso', { method: 'POST' })).status, 'without the path').toBe(404);
    } finally {
      await server.close();
    }
  });
});

// The portal kit's two checks against a real Handoff: who is let in, for how long after it was taken away, and through a rotation.

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createPortal, HandoffAwayError, type Portal } from '../../clients/portal/src/handoff-portal.ts';
import { rotateSigningKeys } from '../../src/signing-keys/rotate.ts';
import { suspendUser } from '../../src/users/user.ts';
import {
  call,
  cookieOf,
  EMBED_PATH,
  FRAME,
  mintLink,
  openLink,
  PATIENT_PATH,
  PRACTICE_ORIGIN,
} from '../support/client.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps, { access_roles: ['provider', 'admin'] });
});
afterAll(() => handoff.close());
afterEach(() => {
  vi.useRealTimers();
});

const inTab = async (user_id = sample.user_id) => openLink(handoff, await mintLink(handoff, { ...sample, user_id }));

async function inFrame(): Promise<string> {
  const { path } = await mintLink(handoff, sample, EMBED_PATH);
  const cookie = cookieOf(await call(handoff, path, { headers: { ...FRAME, cookie: '__Host-handoff-probe=1' } }));
  if (cookie === undefined) throw new Error('not signed in');
  return cookie;
}

const bearing = (cookie: string) => ({ authorization: `Bearer ${cookie.split('=')[1]}` });

describe('asking', () => {
  const portal = () =>
    createPortal({ check: 'ask', handoffUrl: handoff.url, portalUrl: PUBLIC_URL, issuer: PUBLIC_URL });
  const reasonFor = async (path: string, headers: Record<string, string>) =>
    (await portal().identify({ headers, path })).reason ?? 'signed in';

  test('tells who is signed in', async () => {
    const cookie = await inTab();
    const { signedIn } = await portal().identify({ headers: { cookie: `theme=dark; ${cookie}` }, path: PATIENT_PATH });
    const { user_id: userId, organization_id: organizationId, partner_id: partnerId } = sample;
    expect(signedIn).toMatchObject({ userId, organizationId, partnerId, roles: ['admin', 'provider'], embed: false });
    expect(signedIn?.session).toMatchObject({
      organization: { name: 'Sample Clinic' },
      embed_origins: [PRACTICE_ORIGIN],
    });
    expect(signedIn?.frameAncestors).toBe("frame-ancestors 'none'");
  });

  test('tells who is signed in in a frame, by cookie and by bearer, on embedded pages only', async () => {
    const cookie = await inFrame();
    for (const headers of [{ cookie }, bearing(cookie)]) {
      const { signedIn } = await portal().identify({ headers, path: EMBED_PATH });
      expect([signedIn?.embed, signedIn?.frameAncestors]).toEqual([true, `frame-ancestors ${PRACTICE_ORIGIN}`]);
      const forged = { ...headers, 'x-forwarded-uri': EMBED_PATH };
      expect(await reasonFor(PATIENT_PATH, forged)).toBe('session-embed-only');
      expect(await reasonFor('/embed/%2e%2e/dashboard', forged)).toBe('session-embed-only');
    }
  });

  test('takes the session of the place where there are two', async () => {
    const both = { cookie: `${await inTab()}; ${await inFrame()}` };
    expect((await portal().identify({ headers: both, path: PATIENT_PATH })).signedIn?.embed).toBe(false);
    expect((await portal().identify({ headers: both, path: EMBED_PATH })).signedIn?.embed).toBe(true);
  });

  test('hears at once that somebody was suspended, or has signed out', async () => {
    const user_id = await createSampleUser(handoff.deps, sample.organization_id);
    const [suspended, signed_out] = [await inTab(user_id), await inTab()];
    for (const cookie of [suspended, signed_out]) expect(await reasonFor(PATIENT_PATH, { cookie })).toBe('signed in');
    await suspendUser(handoff.deps.db, user_id, handoff.deps);
    await call(handoff, '/auth/logout', { method: 'POST', headers: { cookie: signed_out } });
    for (const cookie of [suspended, signed_out])
      expect(await reasonFor(PATIENT_PATH, { cookie })).toBe('session-expired');
  });

  test('knows whom a page was made for', async () => {
    const cookie = await inTab();
    const subject = `${sample.user_id}/${sample.organization_id}`;
    expect(await reasonFor(PATIENT_PATH, { cookie, 'handoff-subject': subject })).toBe('signed in');
    expect(await reasonFor(PATIENT_PATH, { cookie, 'handoff-subject': `usr_other/${sample.organization_id}` })).toBe(
      'session-changed',
    );
  });

  test('counts as use', async () => {
    const cookie = await inTab();
    for (let times = 0; times < 3; times += 1) {
      handoff.clock.advance(20 * 60_000);
      expect(await reasonFor(PATIENT_PATH, { cookie })).toBe('signed in');
    }
  });

  test('tells who may frame a page before anybody is signed in', async () => {
    const framing = (headers: Record<string, string>) => portal().framing({ headers, path: EMBED_PATH });
    expect(await framing({ referer: `${PRACTICE_ORIGIN}/` })).toBe(`frame-ancestors ${PRACTICE_ORIGIN}`);
    expect(await framing({ referer: 'https://evil.example/' })).toBe("frame-ancestors 'none'");
    expect(await framing({ cookie: await inFrame() })).toBe(`frame-ancestors ${PRACTICE_ORIGIN}`);
    expect(await framing({})).toBe("frame-ancestors 'none'");
  });

  test('says that nobody can say when Handoff is away', async () => {
    const other = await startHandoff();
    await other.close();
    const away = createPortal({ check: 'ask', handoffUrl: other.url });
    const headers = { cookie: await inTab() };
    await expect(away.identify({ headers, path: PATIENT_PATH })).rejects.toThrow(HandoffAwayError);
  });
});

describe('offline', () => {
  const SECOND = 1_000;

  /** Handoff's clock, and the portal's with it. */
  function keepTime(): void {
    vi.useFakeTimers({ toFake: ['Date'], now: handoff.clock.now() });
  }

  function pass(milliseconds: number): void {
    handoff.clock.advance(milliseconds);
    vi.setSystemTime(handoff.clock.now());
  }

  function offlinePortal(): Portal {
    const jwksUrl = `${handoff.url}/.well-known/jwks.json`;
    return createPortal({ check: 'offline', issuer: PUBLIC_URL, portalUrl: PUBLIC_URL, jwksUrl });
  }

  /** What a proxy passes on. */
  async function passedOn(cookie: string, path: string): Promise<Record<string, string>> {
    const headers = { cookie, 'x-forwarded-uri': path };
    const answer = await call(handoff, '/auth/verify?session_jwt=1', { headers });
    const told = [...answer.headers].filter(([name]) => name.startsWith('x-auth-'));
    return Object.fromEntries(told);
  }

  test('tells the same as asking does', async () => {
    keepTime();
    const cookie = await inFrame();
    const headers = await passedOn(cookie, EMBED_PATH);
    const asked = await createPortal({ check: 'ask', handoffUrl: handoff.url }).identify({
      headers: { cookie },
      path: EMBED_PATH,
    });
    const { session: _, ...told } = asked.signedIn ?? {};
    const portal = offlinePortal();
    expect((await portal.identify({ headers, path: EMBED_PATH })).signedIn).toEqual(told);
    expect((await portal.identify({ headers, path: PATIENT_PATH })).reason).toBe('session-embed-only');
  });

  test('believes a session that was ended for a minute, and no longer', async () => {
    keepTime();
    const user_id = await createSampleUser(handoff.deps, sample.organization_id);
    const cookie = await inTab(user_id);
    const headers = await passedOn(cookie, PATIENT_PATH);
    const portal = offlinePortal();
    await suspendUser(handoff.deps.db, user_id, handoff.deps);
    pass(60 * SECOND);
    expect((await portal.identify({ headers, path: PATIENT_PATH })).signedIn?.userId).toBe(user_id);
    pass(6 * SECOND);
    expect((await portal.identify({ headers, path: PATIENT_PATH })).reason).toBe('session-expired');
    expect(await passedOn(cookie, PATIENT_PATH), 'Handoff makes no other').toEqual({});
  });

  test('goes through a rotation of the keys, and through one after a compromise', async () => {
    keepTime();
    const cookie = await inTab();
    const portal = offlinePortal();
    const identify = async (headers: Record<string, string>) => portal.identify({ headers, path: PATIENT_PATH });
    const first = await passedOn(cookie, PATIENT_PATH);
    expect((await identify(first)).signedIn).toBeDefined();
    const makers = { ...handoff.deps, master_key: handoff.config.MASTER_KEY };
    await rotateSigningKeys(handoff.deps.db, { compromised: false }, makers);
    pass(15 * SECOND);
    const second = await passedOn(cookie, PATIENT_PATH);
    expect((await identify(second)).signedIn, 'signed with the new one').toBeDefined();
    expect((await identify(first)).signedIn, 'signed with the old one').toBeDefined();
    for (let times = 0; times < 2; times += 1) {
      await rotateSigningKeys(handoff.deps.db, { compromised: true }, makers);
      pass(11 * SECOND);
      expect((await identify(await passedOn(cookie, PATIENT_PATH))).signedIn, 'signed with a newer one').toBeDefined();
    }
    expect((await identify(second)).reason).toBe('session-invalid');
  });

  test('takes no other token of Handoff’s', async () => {
    keepTime();
    const { sso_token } = await mintLink(handoff, sample);
    const headers = { 'x-auth-session-jwt': sso_token };
    expect((await offlinePortal().identify({ headers, path: PATIENT_PATH })).reason).toBe('session-invalid');
  });
});

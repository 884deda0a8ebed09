// The portal kit's `check: 'ask'`: what goes to Handoff, who is let in, and that nobody is taken for nobody when nobody can say.

import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createPortal, HandoffAwayError } from '../../clients/portal/src/handoff-portal.ts';
import type { AskOptions } from '../../clients/portal/src/settings.ts';
import { COOKIE, EMBEDDED, found, HANDOFF, json, PORTAL, refused, SESSION, stubFetch, SUBJECT } from './portal-stub.ts';

type Reply = Parameters<typeof stubFetch>[0];

function portalWith(reply: Reply, options: Partial<AskOptions> = {}) {
  const { fetch, asked } = stubFetch(reply);
  return { portal: createPortal({ check: 'ask', handoffUrl: HANDOFF, fetch, ...options }), asked };
}

const request = (path: string, headers: Record<string, string> = {}) =>
  new Request(PORTAL + path, { headers: { cookie: COOKIE, ...headers } });

describe('who is signed in', () => {
  test('is told as Handoff says it', async () => {
    const { portal } = portalWith(found(SESSION));
    expect(await portal.identify(request('/dashboard'))).toEqual({
      reason: undefined,
      signedIn: {
        userId: 'usr_sample',
        organizationId: 'org_sample',
        partnerId: 'ptr_sample',
        roles: ['admin', 'provider'],
        sessionId: SESSION.session_id,
        embed: false,
        subject: SUBJECT,
        frameAncestors: "frame-ancestors 'none'",
        session: SESSION,
      },
    });
  });

  test('is found out anew each time', async () => {
    const replies = [found(SESSION), refused('session-expired')];
    const { portal, asked } = portalWith(() => replies.shift() ?? refused('session-expired'));
    expect((await portal.identify(request('/dashboard'))).reason).toBeUndefined();
    expect((await portal.identify(request('/dashboard'))).reason).toBe('session-expired');
    expect(asked).toHaveLength(2);
    expect(asked[0]?.init.cache).toBe('no-store');
  });

  test('is asked with a session of an embedded page, which says who may frame it', async () => {
    const { portal } = portalWith(
      found({ ...EMBEDDED, embed_origins: ['https://one.example', 'https://two.example:8443'] }),
    );
    const { signedIn } = await portal.identify(request('/embed/patients/7'));
    expect(signedIn?.frameAncestors).toBe('frame-ancestors https://one.example https://two.example:8443');
  });

  test.each([[[]], [['*']], [['https://a.example; script-src *']], [['https://a.example', 'data:']]])(
    'and nobody may frame it where the list is %j',
    async (embed_origins) => {
      const { portal } = portalWith(found({ ...EMBEDDED, embed_origins }));
      const { signedIn } = await portal.identify(request('/embed/patients/7'));
      expect(signedIn?.frameAncestors).toBe("frame-ancestors 'none'");
    },
  );

  test('can be asked of Node’s requests and of any headers', async () => {
    const { portal, asked } = portalWith(found(SESSION));
    for (const asking of [
      { headers: { cookie: COOKIE }, url: '/dashboard?a=b', method: 'GET' },
      { headers: { Cookie: [COOKIE] }, path: '/dashboard' },
      { headers: new Headers({ cookie: COOKIE }), url: `${PORTAL}/dashboard` },
    ]) {
      expect((await portal.identify(asking)).signedIn?.userId).toBe('usr_sample');
    }
    expect(asked.map(({ headers }) => headers.get('cookie'))).toEqual([COOKIE, COOKIE, COOKIE]);
  });
});

describe('what goes to Handoff', () => {
  test('is our cookies, our bearer and the page’s subject, and nothing else of the request', async () => {
    const { portal, asked } = portalWith(found(EMBEDDED));
    const embedded = `__Host-handoff-embed=ses_1.${'e'.repeat(43)}`;
    await portal.identify(
      request('/embed/patients/7?secret=1', {
        cookie: `theme=dark; ${COOKIE}; sid=s3cret; ${embedded}; __Host-handoff-probe=1; x__Host-handoff=2; __Host-handoff`,
        authorization: 'Bearer ses_1.abc',
        'handoff-subject': SUBJECT,
        'x-forwarded-for': '203.0.113.7',
        'x-forwarded-uri': '/embed/forged',
        'x-original-uri': '/embed/forged',
        'x-auth-user-id': 'usr_forged',
        referer: 'https://evil.example/',
      }),
    );
    expect(asked).toHaveLength(1);
    expect(asked[0]?.url).toBe(`${HANDOFF}/auth/session`);
    expect(Object.fromEntries(asked[0]?.headers ?? [])).toEqual({
      accept: 'application/json',
      cookie: `${COOKIE}; ${embedded}`,
      authorization: 'Bearer ses_1.abc',
      'handoff-subject': SUBJECT,
      'x-forwarded-uri': '/embed/patients/7',
    });
    expect(asked[0]?.init.redirect).toBe('manual');
  });

  test('is no token of the portal’s own', async () => {
    const { portal, asked } = portalWith(found(SESSION));
    await portal.identify(request('/dashboard', { authorization: 'Bearer eyJ0.of-the.portal' }));
    expect(asked[0]?.headers.get('authorization')).toBeNull();
    expect(asked[0]?.headers.get('cookie')).toBe(COOKIE);
  });

  test.each([
    ['/dashboard/patients/7', '/'],
    ['/embedded', '/'],
    ['/embed/%2e%2e/dashboard', '/'],
    ['/embed/a%2fb', '/'],
    ['/embed/patients/7', '/embed/patients/7'],
  ])('is the path only where it is an embedded page: %s as %s', async (path, stated) => {
    const { portal, asked } = portalWith(found(SESSION));
    await portal.identify({ headers: { cookie: COOKIE }, path });
    expect(asked[0]?.headers.get('x-forwarded-uri')).toBe(stated);
  });

  test('is nothing when there is nothing of ours in the request', async () => {
    const { portal, asked } = portalWith(found(SESSION));
    const other = request('/dashboard', { cookie: 'theme=dark', authorization: 'Basic eA==' });
    expect(await portal.identify(other)).toEqual({ signedIn: undefined, reason: 'session-required' });
    expect(asked).toHaveLength(0);
  });
});

describe('nobody is signed in', () => {
  test.each(['session-required', 'session-expired', 'session-embed-only', 'session-changed', 'session-something-new'])(
    'when Handoff says %s',
    async (slug) => {
      const { portal } = portalWith(refused(slug));
      expect(await portal.identify(request('/dashboard'))).toEqual({ signedIn: undefined, reason: slug });
    },
  );

  test('on another page than an embedded one with an embedded session, whatever Handoff says', async () => {
    const { portal } = portalWith(found(EMBEDDED));
    expect((await portal.identify(request('/dashboard'))).reason).toBe('session-embed-only');
    expect((await portal.identify(request('/embed/a'))).signedIn?.embed).toBe(true);
  });

  test('for a page that was made for somebody else', async () => {
    const { portal } = portalWith(found(SESSION));
    const asOther = request('/dashboard', { 'handoff-subject': 'usr_other/org_sample' });
    expect((await portal.identify(asOther)).reason).toBe('session-changed');
    expect((await portal.identify(request('/dashboard', { 'handoff-subject': SUBJECT }))).signedIn).toBeDefined();
  });
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof HandoffAwayError)) return String(error);
  expect(error.message, 'nothing of what was sent').not.toContain('ses_');
  return error.code;
}

describe('nobody can say who is signed in', () => {
  const UNEXPECTED: [string, Response][] = [
    ['an error of Handoff’s', json(500, {})],
    ['that its database is away', refused('service-unavailable', 503)],
    ['a page of another server', new Response('<h1>Welcome</h1>', { headers: { 'content-type': 'text/html' } })],
    ['another server’s 401', new Response('', { status: 401 })],
    ['a 401 about something else', refused('authentication-required')],
    ['a 403', refused('session-required', 403)],
    ['a redirection', new Response(null, { status: 302, headers: { location: '/login' } })],
    ['nothing', new Response(null, { status: 204 })],
    ['a session without a user', found({ ...SESSION, user: {} })],
    ['a session without an organization', found({ ...SESSION, organization: { organization_id: '' } })],
    ['roles that are none', found({ ...SESSION, user: { ...SESSION.user, access_roles: 'admin' } })],
    ['an embed that is neither', found({ ...SESSION, embed: 'false' })],
    ['no list of origins', found({ ...SESSION, embed_origins: undefined })],
  ];
  test.each(UNEXPECTED)('when the answer is %s', async (_, reply) => {
    const { portal } = portalWith(reply);
    expect(await codeOf(portal.identify(request('/dashboard')))).toBe('unexpected-answer');
  });

  test('when no answer comes', async () => {
    const { portal } = portalWith(new TypeError(`fetch failed with ${COOKIE}`));
    expect(await codeOf(portal.identify(request('/dashboard')))).toBe('connection-failed');
  });

  test('when it takes too long, the body included', async () => {
    const server = createServer((incoming, response) => {
      if (incoming.headers['cookie'] === COOKIE) response.writeHead(200).write('{"success":');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const portal = createPortal({ check: 'ask', handoffUrl: `http://127.0.0.1:${port}`, timeoutMs: 200 });
      expect(await codeOf(portal.identify(request('/dashboard')))).toBe('timed-out');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('wrong options are told by name', () => {
  const WRONG: [string, object][] = [
    ['handoffUrl is missing', { handoffUrl: undefined }],
    ['handoffUrl must be', { handoffUrl: 'handoff.internal' }],
    ['handoffUrl must be', { handoffUrl: 'ftp://handoff.internal' }],
    ['handoffUrl must be an origin', { handoffUrl: 'http://handoff.internal/auth' }],
    ['handoffUrl must be', { handoffUrl: 'http://user:password@handoff.internal' }],
    ['portalUrl must be', { portalUrl: 'portal.example' }],
    ['timeoutMs must be', { timeoutMs: 0 }],
    ['fetch must be', { fetch: 'fetch' }],
    ['check must be', { check: 'guess' }],
  ];
  test.each(WRONG)('%s', (message, options) => {
    const all = { check: 'ask', handoffUrl: HANDOFF, ...options } as AskOptions;
    expect(() => createPortal(all)).toThrow(message);
    expect(() => createPortal(all)).toThrow(TypeError);
    expect(() => createPortal(all)).not.toThrow('password');
  });
});

describe('who may frame a page before anybody is signed in', () => {
  const shell = (headers: Record<string, string>) => new Request(`${PORTAL}/embed/a`, { headers });

  test('is asked with the cookie and the Referer', async () => {
    const { portal, asked } = portalWith(found({ frame_ancestors: ['https://practice.example'] }));
    const policy = await portal.framing(shell({ referer: 'https://practice.example/', cookie: `a=b; ${COOKIE}` }));
    expect(policy).toBe('frame-ancestors https://practice.example');
    expect(asked[0]?.url).toBe(`${HANDOFF}/auth/framing`);
    expect(Object.fromEntries(asked[0]?.headers ?? [])).toEqual({
      accept: 'application/json',
      cookie: COOKIE,
      referer: 'https://practice.example/',
    });
  });

  test('is nobody when Handoff names nobody, and not known when it does not answer', async () => {
    expect(await portalWith(found({ frame_ancestors: [] })).portal.framing(shell({}))).toBe("frame-ancestors 'none'");
    expect(await codeOf(portalWith(json(500, {})).portal.framing(shell({})))).toBe('unexpected-answer');
    expect(await codeOf(portalWith(found({})).portal.framing(shell({})))).toBe('unexpected-answer');
  });
});

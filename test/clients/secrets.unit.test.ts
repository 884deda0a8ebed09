// Secrets, tokens and links stay out of whatever is logged: the client, its errors, its results. And out of browsers.

import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { createHandoffClient } from '../../clients/typescript/src/handoff-client.ts';
import { refuseBrowsers } from '../../clients/typescript/src/platform.ts';
import { CREDENTIALS, failure, LINK, type Reply, REQUEST, type Stub, stubClient, success, token } from './stub-api.ts';

const TOKEN = 'eyJsampleAccess.token.signature';
const SECRETS = [
  CREDENTIALS.partnerSecret,
  CREDENTIALS.organizationSecret,
  TOKEN,
  LINK.sso_token,
  'hps_new',
  'hos_new',
];

/** Everything that a logger, an error tracker or a debugger's console makes of a value. */
function shownAs(value: unknown): string {
  const stack = value instanceof Error ? [value.message, value.stack, inspect(value.cause)] : [];
  const texts = [
    inspect(value, { depth: 20, showHidden: true, getters: true }),
    inspect({ nested: [value] }, { depth: 20 }),
    String(value),
    Object.prototype.toString.call(value),
    ...stack,
  ];
  return texts.join('\n');
}

function expectNoSecret(text: string): void {
  for (const secret of SECRETS) expect(text.includes(secret), `has ${secret.slice(0, 6)}…`).toBe(false);
}

async function caught({ client }: Stub): Promise<unknown> {
  const reasons = [];
  for (const act of [() => client.createSsoLink(REQUEST), () => client.validate()]) {
    reasons.push(
      await act().then(
        () => 'succeeded',
        (reason: unknown) => reason,
      ),
    );
  }
  return reasons;
}

test('the client shows none, fresh and after use', async () => {
  const { client } = stubClient([token(TOKEN), success({ validated: true }), success(LINK)]);
  for (const use of [async () => undefined, () => client.validate(), () => client.createSsoLink(REQUEST)]) {
    await use();
    expectNoSecret(shownAs(client) + JSON.stringify(client));
  }
  expect(Object.isFrozen(client)).toBe(true);
});

test('no error shows any, whatever the fetch in use puts into its own errors', async () => {
  // As some fetch packages do: the whole request in the error.
  const talkative: Reply = ({ headers, url }) => {
    const sent = Object.fromEntries(headers);
    throw Object.assign(new Error(`failed with ${JSON.stringify(sent)}`, { cause: sent }), {
      headers: sent,
      url,
      code: 'E',
    });
  };
  for (const reply of [talkative, new Response('<h1>', { status: 502 }), failure(403, 'partner-suspended')]) {
    const errors = await caught(stubClient([reply, token(TOKEN), reply], { retries: 0 }));
    expectNoSecret(shownAs(errors) + JSON.stringify(errors));
  }
});

test('no error shows what an answer quotes of the request', async () => {
  const quoting: Reply = ({ headers }) => {
    const quoted = JSON.stringify(Object.fromEntries(headers));
    const validation = [{ field: quoted, message: quoted, code: quoted }];
    return failure(400, `invalid-request${quoted}`, { detail: quoted, code: quoted, validation });
  };
  const stub = stubClient([quoting, token(TOKEN), quoting]);
  const errors = await caught(stub);
  expectNoSecret(shownAs(errors) + JSON.stringify(errors));
  expect(shownAs(errors)).toContain('[redacted]');
});

test('a base URL’s path and a user’s path are in no error', async () => {
  const errors = await caught(stubClient([new Error('reset'), new Error('reset')], { retries: 0 }));
  expect(shownAs(errors)).not.toMatch(/external|sample-patient/);
});

test('a link shows where it leads, not what opens it; reading it and JSON give it', async () => {
  const { client } = stubClient([success(LINK)]);
  const link = await client.createSsoLink(REQUEST);
  expectNoSecret(shownAs(link));
  expect(inspect(link)).toContain('https://portal.example.com/auth/sso?[concealed]');
  expect(link.redirectUrl).toBe(LINK.redirect_url);
  expect(link.ssoToken).toBe(LINK.sso_token);
  expect(JSON.parse(JSON.stringify(link))).toMatchObject({ redirectUrl: LINK.redirect_url });
});

test('a new secret is not shown either; reading it gives it', async () => {
  const [partner, organization] = [
    success({ credential_id: 'crd_1', partner_secret: 'hps_new' }),
    success({ credential_id: 'crd_2', organization_secret: 'hos_new' }),
  ];
  const { client } = stubClient([partner, organization]);
  const rotated = [await client.credentials.rotatePartnerSecret(), await client.credentials.rotateOrganizationSecret()];
  expectNoSecret(shownAs(rotated));
  expect(rotated).toMatchObject([{ partner_secret: 'hps_new' }, { organization_secret: 'hos_new' }]);
});

describe('a browser or an app', () => {
  const MOZILLA = { userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0' };
  const refused: [string, Parameters<typeof refuseBrowsers>[0]][] = [
    ['a page', { window: {}, document: {}, navigator: MOZILLA }],
    ['a page with a bundler’s idea of process', { window: {}, document: {}, process: { versions: {} } }],
    ['a worker of a page', { navigator: MOZILLA }],
    [
      'a page of Electron, which has Node',
      { window: {}, document: {}, process: { versions: { node: '24.0.0' }, type: 'renderer' } },
    ],
    ['an app of React Native', { window: {}, navigator: { product: 'ReactNative' } }],
  ];

  test.each(refused)('gets no client: %s', (_what, surroundings) => {
    expect(() => refuseBrowsers(surroundings)).toThrow(/servers only.*can read the partner secret.*rotate them/s);
  });

  const accepted: [string, Parameters<typeof refuseBrowsers>[0]][] = [
    ['Node', { process: { versions: { node: '18.20.0' } } }],
    ['Node with jsdom', { window: {}, document: {}, navigator: MOZILLA, process: { versions: { node: '24.0.0' } } }],
    ['Bun', { Bun: {}, navigator: { userAgent: 'Bun/1.3.0' } }],
    ['Deno 1, which had a window', { Deno: {}, window: {}, navigator: { userAgent: 'Deno/1.46.0' } }],
    ['Cloudflare Workers', { navigator: { userAgent: 'Cloudflare-Workers' } }],
    ['a runtime that says nothing of itself', {}],
  ];

  test.each(accepted)('is not what %s is taken for', (_what, surroundings) => {
    expect(() => refuseBrowsers(surroundings)).not.toThrow();
  });

  test('is told before its options are looked at', () => {
    vi.stubGlobal('window', {});
    vi.stubGlobal('document', {});
    vi.stubGlobal('process', { ...process, type: 'renderer' });
    try {
      expect(() => createHandoffClient({ ...CREDENTIALS, partnerSecret: '' })).toThrow('servers only');
    } finally {
      vi.unstubAllGlobals();
    }
    expect(() => createHandoffClient({ ...CREDENTIALS, partnerSecret: '' })).toThrow('partnerSecret is missing');
  });

  test('that is a page in truth has no process: an empty global object is judged without errors', () => {
    const surroundings: object = runInNewContext('globalThis');
    expect(() => refuseBrowsers(surroundings)).not.toThrow();
  });
});

// What a clinician reads when a link does not work, what everybody else gets instead.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { suspendPartner } from '../../src/partners/partner.ts';
import { suspendUser } from '../../src/users/user.ts';
import { call, CLICK, FRAME, mintLink, openLink } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { expectPlainPage, formOf, frameAncestorsOf, linksOf, textOf } from '../support/html.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

const RETURN_URL = 'https://practice.example/patients?from=portal&again=1';
const PRESS_AGAIN = 'Go back to Sample Practice Software and press the button again.';
const PRESS_AGAIN_SOMEWHERE = 'Go back to your practice software and press the button again.';
const ASK_ADMIN = 'Please ask the administrator of your clinic.';

type Failure = {
  problem: string;
  status: number;
  heading: string;
  advice: string;
  fail: (sample: Sample) => Promise<string>;
};

const minted = async (sample: Sample, path?: string) => (await mintLink(handoff, sample, path)).path;

/** `fail` makes a link that does not work and returns its path; the ones whose token is not ours cannot name the partner. */
const FAILURES: Failure[] = [
  {
    problem: 'token-used',
    status: 410,
    heading: 'This link has already been used',
    advice: PRESS_AGAIN,
    fail: async (sample) => {
      const link = await mintLink(handoff, sample);
      await openLink(handoff, link);
      return link.path;
    },
  },
  {
    problem: 'token-expired',
    status: 410,
    heading: 'This link has expired',
    advice: PRESS_AGAIN,
    fail: async (sample) => {
      const path = await minted(sample);
      handoff.clock.advance(300_000);
      return path;
    },
  },
  {
    problem: 'user-suspended',
    status: 403,
    heading: 'Your account is suspended',
    advice: ASK_ADMIN,
    fail: async (sample) => {
      const path = await minted(sample);
      await suspendUser(handoff.deps.db, sample.user_id, handoff.deps);
      return path;
    },
  },
  {
    problem: 'partner-suspended',
    status: 403,
    heading: 'Sample Practice Software cannot open the portal at the moment',
    advice: ASK_ADMIN,
    fail: async (sample) => {
      const path = await minted(sample);
      await suspendPartner(handoff.deps.db, sample.partner_id, handoff.deps);
      return path;
    },
  },
  {
    problem: 'token-unknown',
    status: 404,
    heading: 'We do not know this link',
    advice: PRESS_AGAIN,
    fail: async (sample) => {
      const path = await minted(sample);
      await handoff.deps.db.deleteFrom('sso_tokens').where('redeemed_at', 'is', null).execute();
      return path;
    },
  },
  {
    problem: 'redirect-mismatch',
    status: 400,
    heading: 'This link does not work',
    advice: PRESS_AGAIN,
    fail: async (sample) => (await minted(sample)).replace('dashboard', 'elsewhere'),
  },
  {
    problem: 'frame-required',
    status: 403,
    heading: 'This page is made to be shown inside Sample Practice Software',
    advice: PRESS_AGAIN,
    fail: (sample) => minted(sample, '/embed/patients'),
  },
  {
    problem: 'token-invalid',
    status: 400,
    heading: 'This link does not work',
    advice: PRESS_AGAIN_SOMEWHERE,
    fail: async (sample) => (await minted(sample)).replace('token=e', 'token=f'),
  },
  {
    problem: 'invalid-request',
    status: 400,
    heading: 'This link is not complete',
    advice: PRESS_AGAIN_SOMEWHERE,
    fail: async (sample) => (await minted(sample)).replace(/&redirect=.*/, ''),
  },
];

describe.each(FAILURES)('$problem', ({ problem, status, heading, advice, fail }) => {
  const names_partner = advice !== PRESS_AGAIN_SOMEWHERE;

  test('is a page that says in kind words what happened and what to do', async () => {
    const path = await fail(await createSample(handoff.deps, { integration: { return_url: RETURN_URL } }));
    const page = await call(handoff, path, { headers: CLICK });
    expect(page.status).toBe(status);
    expectPlainPage(page);
    expect(page.text).toContain(`<h1>${heading}</h1>`);
    expect(textOf(page)).toContain(advice);
    expect(textOf(page)).toContain(`Reference for support: ${page.headers.get('x-request-id')}`);
    expect(linksOf(page)).toEqual(names_partner ? [RETURN_URL] : []);
    expect(textOf(page).includes('Back to Sample Practice Software')).toBe(names_partner);
    expect(formOf(page)).toBeUndefined();
    expect(frameAncestorsOf(page)).toBe("'none'");
    // The whole address stands in the bar; the page does not repeat what could still be worth something.
    expect(page.text.includes('eyJ'), 'a token in the page').toBe(false);
  });

  test.each(['application/json', 'application/problem+json', '*/*', 'image/png', ''])(
    'is bare problem details for Accept: %s',
    async (accept) => {
      const path = await fail(await createSample(handoff.deps, { integration: { return_url: RETURN_URL } }));
      const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
      const answer = await call(handoff, path, { headers: { ...navigation, ...(accept !== '' && { accept }) } });
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      const { title, detail, instance, ...rest } = answer.json as Record<string, unknown>;
      const request_id = answer.headers.get('x-request-id');
      const validation = [{ field: 'redirect', message: 'redirect is required', code: 'missing' }];
      const entries = problem === 'invalid-request' ? { validation } : {};
      const type = `${handoff.config.PROBLEM_BASE_URL}/${problem}`;
      expect(rest).toEqual({ type, status, request_id, ...entries });
      expect([title, detail].map((words) => typeof words)).toEqual(['string', 'string']);
      expect(String(instance).replaceAll('-', '')).toBe(`urn:uuid:${String(request_id).slice(4)}`);
    },
  );
});

test('without a return URL there is no link, and the words still name the partner', async () => {
  const link = await mintLink(handoff, await createSample(handoff.deps));
  await openLink(handoff, link);
  const page = await call(handoff, link.path, { headers: CLICK });
  expect(linksOf(page)).toEqual([]);
  expect(textOf(page)).toContain(PRESS_AGAIN);
});

test('in a frame the page can be read, whoever shows it, and its link leaves the frame', async () => {
  const sample = await createSample(handoff.deps, { integration: { return_url: RETURN_URL } });
  const link = await mintLink(handoff, sample, '/embed/patients');
  await call(handoff, link.path, { headers: FRAME });
  const page = await call(handoff, link.path, { headers: FRAME });
  expectPlainPage(page);
  expect(page.text).toContain('<h1>This link has already been used</h1>');
  expect(frameAncestorsOf(page)).toBe('https: http:');
  expect(page.headers.get('x-frame-options')).toBeNull();
  expect(page.text).toMatch(/<a [^>]*target="_top"/);
});

test('in a frame even a link that is not complete gets a page that can be read', async () => {
  const page = await call(handoff, '/auth/sso', { headers: FRAME });
  expectPlainPage(page);
  expect([page.status, frameAncestorsOf(page)]).toEqual([400, 'https: http:']);
  const in_a_tab = await call(handoff, '/auth/sso', { headers: CLICK });
  expect([in_a_tab.status, frameAncestorsOf(in_a_tab)]).toEqual([400, "'none'"]);
});

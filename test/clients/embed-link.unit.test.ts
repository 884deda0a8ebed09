// What handoff-embed takes for a link.

import { describe, expect, test } from 'vitest';
import { HandoffEmbedError } from '../../clients/embed/src/errors.js';
import { parseLink } from '../../clients/embed/src/link.js';
import { linkTo, SUBJECT, tokenOf } from './embed-world.ts';

const PORTAL = 'https://portal.example';
const FRAME_LINK = linkTo(PORTAL, '/embed/patients/sample?tab=a b#top');

/** What is said of it. */
function faultOf(value: unknown, expected: Parameters<typeof parseLink>[1] = { target: 'frame' }): string {
  try {
    parseLink(value, expected);
    return 'none';
  } catch (error) {
    return error instanceof HandoffEmbedError && error.code === 'bad-link' ? error.message : 'another error';
  }
}

test('a link is taken apart, and left as it is', () => {
  const link = parseLink(FRAME_LINK, { target: 'frame', origin: PORTAL });
  expect(link.url === FRAME_LINK).toBe(true);
  expect(link.token === tokenOf(FRAME_LINK)).toBe(true);
  expect(link).toMatchObject({ origin: PORTAL, redirect_path: '/embed/patients/sample?tab=a b#top', subject: SUBJECT });
});

describe('a path for frames', () => {
  test.each(['/embed', '/embed/', '/embed/a', '/embed?a', '/embed#a'])('is %s', (path) => {
    expect(faultOf(linkTo(PORTAL, path), { target: 'frame' })).toBe('none');
    expect(faultOf(linkTo(PORTAL, path), { target: 'tab' })).toContain("for the target 'tab'");
  });

  test.each(['/dashboard', '/', '/embedded', '/embed-a', '/a/embed/', '/Embed/a'])('is not %s', (path) => {
    expect(faultOf(linkTo(PORTAL, path), { target: 'tab' })).toBe('none');
    expect(faultOf(linkTo(PORTAL, path), { target: 'frame' })).toContain("for the target 'frame'");
  });
});

const payload = (claims: unknown): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

describe('is refused', () => {
  const { search } = new URL(FRAME_LINK);
  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /absolute/],
    ['an object that is an address', new URL(FRAME_LINK), /absolute/],
    ['a path', `/auth/sso${search}`, /absolute/],
    ['a host without scheme', `//portal.example/auth/sso${search}`, /absolute/],
    ['a script', `javascript:alert(1)/${search}`, /absolute/],
    ['a document in the address', `data:text/html,${search}`, /absolute/],
    ['another path', FRAME_LINK.replace('/auth/sso', '/auth/sso/'), /as Handoff returned/],
    ['a user name', FRAME_LINK.replace('https://', 'https://sample@'), /as Handoff returned/],
    ['a password', FRAME_LINK.replace('https://', 'https://:sample@'), /as Handoff returned/],
    ['a fragment', `${FRAME_LINK}#top`, /as Handoff returned/],
    ['no token', `${PORTAL}/auth/sso?redirect=%2Fembed%2Fa`, /no token/],
    ['an empty token', `${PORTAL}/auth/sso?token=&redirect=%2Fembed%2Fa`, /no token/],
    ['two tokens', `${FRAME_LINK}&token=a`, /no token, or several/],
    ['no path', `${PORTAL}/auth/sso?token=a`, /no redirect/],
    ['two paths', `${FRAME_LINK}&redirect=%2Fembed%2Fa`, /no redirect, or several/],
    ['a token that is none', `${PORTAL}/auth/sso?token=a&redirect=%2Fembed%2Fa`, /not one of Handoff/],
    ['a token with an empty middle', `${PORTAL}/auth/sso?token=a..b&redirect=%2Fembed%2Fa`, /not one of Handoff/],
    [
      'a token of somebody else',
      `${PORTAL}/auth/sso?token=${payload({ sub: 'a' })}&redirect=%2Fembed`,
      /not one of Handoff/,
    ],
    ['a token about nothing', `${PORTAL}/auth/sso?token=${payload(null)}&redirect=%2Fembed`, /not one of Handoff/],
  ])('%s', (_what, value, fault) => {
    const said = faultOf(value);
    expect(said).toMatch(fault);
    expect(said).not.toMatch(/token=|portal\.example/);
  });

  test('the link of another portal, another port or another scheme', () => {
    const refusals = ['https://portal.elsewhere.example', `${PORTAL}:8443`, 'http://portal.example'].map((origin) =>
      faultOf(linkTo(origin, '/embed/a'), { target: 'frame', origin: PORTAL }),
    );
    for (const refusal of refusals) expect(refusal).toContain('its origin is not that of the first link');
    expect(faultOf(linkTo(PORTAL, '/embed/b'), { target: 'frame', origin: PORTAL })).toBe('none');
  });
});

// requireSameOrigin of the portal kit: whether a page of the portal sent a request, with and without the portal's address.

import { describe, expect, test } from 'vitest';
import { CrossSiteRequestError, requireSameOrigin } from '../../clients/portal/src/handoff-portal.ts';
import { PORTAL } from './portal-stub.ts';

const request = (headers: Record<string, string>) => ({ method: 'POST', path: '/dashboard/notes', headers });

type Case = [string, Record<string, string>];

const OWN: Case[] = [
  ['the browser says so', { 'sec-fetch-site': 'same-origin' }],
  ['the browser says so, of a page that keeps its origin back', { 'sec-fetch-site': 'same-origin', origin: 'null' }],
  ['a person typed it', { 'sec-fetch-site': 'none' }],
  ['an old browser names the portal', { origin: PORTAL, host: 'portal.example' }],
  ['it is no browser', { host: 'portal.example' }],
];
const FOREIGN: Case[] = [
  ['another site', { 'sec-fetch-site': 'cross-site' }],
  ['another site that names the portal', { 'sec-fetch-site': 'cross-site', origin: PORTAL, host: 'portal.example' }],
  ['another host of the site', { 'sec-fetch-site': 'same-site' }],
  ['an old browser names another origin', { origin: 'https://evil.example', host: 'portal.example' }],
  ['a page without an origin', { origin: 'null', host: 'portal.example' }],
  ['an origin that is none', { origin: 'portal.example', host: 'portal.example' }],
];

describe.each([{}, { portalUrl: PORTAL }])('with %j', (options) => {
  test.each(OWN)('a request is the portal’s own: %s', (_, headers) => {
    expect(() => requireSameOrigin(request(headers), options)).not.toThrow();
    expect(() => requireSameOrigin({ ...request({}), headers: new Headers(headers) }, options)).not.toThrow();
  });

  test.each(FOREIGN)('a request is not the portal’s own: %s', (_, headers) => {
    expect(() => requireSameOrigin(request(headers), options)).toThrow(CrossSiteRequestError);
    expect(() => requireSameOrigin(request(headers), options)).toThrow('cross-site-request');
  });
});

test('the portal’s address knows its scheme and port, which the host alone does not', () => {
  const other_scheme = request({ origin: 'http://portal.example', host: 'portal.example' });
  expect(() => requireSameOrigin(other_scheme, { portalUrl: PORTAL })).toThrow(CrossSiteRequestError);
  expect(() => requireSameOrigin(other_scheme)).not.toThrow();
});

// Embed Doctor on addresses that cannot be opened, or not as they should be, and what its requests look like.

import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { makeCertificate } from './certificate.ts';
import { checkOf, examine, troubles, wordsOf } from './doctor.ts';
import { type Answering, startStub, type Stub } from './stub.ts';

const stubs: Stub[] = [];
afterEach(async () => {
  await Promise.all(stubs.splice(0).map((stub) => stub.close()));
});

async function serve(...parameters: Parameters<typeof startStub>): Promise<Stub> {
  const stub = await startStub(...parameters);
  stubs.push(stub);
  return stub;
}

const EMBEDDABLE = {
  'content-security-policy': 'frame-ancestors https://practice.example',
  'cache-control': 'no-store',
};
const GOOD: Answering = () => ({ headers: EMBEDDABLE });

describe('the request', () => {
  test('is that of a browser for an iframe on the page, says what it is, and brings nothing else', async () => {
    const stub = await serve(GOOD);
    await examine(`${stub.url}/embed/sample`);
    expect(stub.requests).toEqual([
      {
        path: '/embed/sample',
        headers: {
          host: new URL(stub.url).host,
          connection: 'close',
          'user-agent': 'Mozilla/5.0 (compatible; Handoff Embed Doctor)',
          accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
          'accept-language': 'en',
          'accept-encoding': 'identity',
          'upgrade-insecure-requests': '1',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'iframe',
          'sec-fetch-site': 'cross-site',
          referer: 'https://practice.example/',
        },
      },
    ]);
  });

  test.each([
    ['another port of the same host', 'http://127.0.0.1:1', 'same-site'],
    ['another host', 'http://localhost:1', 'cross-site'],
  ])('from %s says which site it is of', async (_, page_origin, site) => {
    const stub = await serve(GOOD);
    await examine(`${stub.url}/embed/`, { page_origin });
    expect(stub.requests[0]?.headers['sec-fetch-site']).toBe(site);
  });
});

describe('an address', () => {
  test('of http on another machine gets no request at all', async () => {
    const report = await examine('http://portal.example/auth/sso?token=x&redirect=%2Fembed%2F');
    expect(troubles(report)).toEqual({ 'secure-address': 'fault' });
    expect(checkOf(report, 'secure-address').mended_by).toBe('operator');
    expect(report).toMatchObject({ ok: false, link_spent: false });
  });

  test('where nothing listens', async () => {
    const report = await examine(`http://127.0.0.1:${await freePort()}/embed/`);
    expect(troubles(report)).toEqual({ reachable: 'fault' });
    expect(wordsOf(report, 'reachable')).toMatch(/ECONNREFUSED[^]*Nothing listens there/);
  });

  test('whose host is unknown', async () => {
    const report = await examine('https://portal.invalid/embed/');
    expect(troubles(report)).toEqual({ reachable: 'fault' });
    expect(wordsOf(report, 'reachable')).toMatch(/unknown to DNS/);
  });

  test('that answers too late, in the middle of a page', async () => {
    const stub = await serve(() => 'stall');
    const report = await examine(`${stub.url}/embed/`, { limits: { timeout: 300 } });
    expect(wordsOf(report, 'reachable')).toMatch(/no answer within 0\.3 s/);
  });

  test('that answers without end', async () => {
    const stub = await serve(() => ({ body: 'x'.repeat(1001) }));
    const report = await examine(`${stub.url}/embed/`, { limits: { size: 1000 } });
    expect(wordsOf(report, 'reachable')).toMatch(/more than 1000 bytes/);
    expect((await examine(`${stub.url}/embed/`, { limits: { size: 1001 } })).counts.fault).toBe(0);
  });

  test('that is not allowed where it is examined gets no request, also behind a redirect', async () => {
    const stub = await serve((path) =>
      path === '/embed/on' ? { status: 302, headers: { location: '/private' } } : {},
    );
    const isAllowed = ({ pathname }: URL) => pathname.startsWith('/embed/');
    const report = await examine(`${stub.url}/embed/on`, { limits: { isAllowed } });
    expect(checkOf(report, 'reachable').verdict).toBe('not-checked');
    expect(stub.requests.map(({ path }) => path)).toEqual(['/embed/on']);
  });

  test('that leads nowhere', async () => {
    const stub = await serve(() => ({ status: 302, headers: { location: 'https://[' } }));
    const report = await examine(`${stub.url}/embed/`);
    expect(troubles(report)).toEqual({ redirects: 'fault' });
    expect(wordsOf(report, 'redirects')).toMatch(/Location is no address/);
  });
});

describe('a certificate', () => {
  const DAY = 86_400_000;
  const day = (days: number) => new Date(Date.now() + days * DAY);

  async function serveWith(host: string, from: number, until: number, believed: boolean): Promise<Stub> {
    const certificate = makeCertificate(host, { from: day(from), until: day(until) });
    if (believed) setDefaultCACertificates([...getCACertificates('default'), certificate.cert]);
    return serve(GOOD, certificate);
  }

  test('that is good', async () => {
    const stub = await serveWith('127.0.0.1', -1, 100, true);
    const report = await examine(`${stub.url}/embed/`);
    expect(troubles(report)).toEqual({});
    expect(wordsOf(report, 'certificate')).toMatch(/good until \d{4}-/);
  });

  test('that ends soon', async () => {
    const stub = await serveWith('127.0.0.1', -1, 10, true);
    expect(troubles(await examine(`${stub.url}/embed/`))).toEqual({ certificate: 'warning' });
  });

  test.each([
    ['that nobody vouches for', '127.0.0.1', 100, false, /SELF_SIGNED[^]*an authority that browsers know/],
    ['that is over', '127.0.0.1', -1, true, /EXPIRED[^]*Renew/],
    ['for another name', 'portal.example', 100, true, /ALTNAME[^]*add this host/],
  ])('%s', async (_, host, until, believed, says) => {
    const stub = await serveWith(host, -2, until, believed);
    const report = await examine(`${stub.url}/embed/`);
    expect(troubles(report)).toEqual({ certificate: 'fault' });
    expect(wordsOf(report, 'certificate')).toMatch(says);
    expect(checkOf(report, 'certificate').mended_by).toBe('operator');
    expect(stub.requests).toEqual([]);
  });

  test('where no TLS is spoken', async () => {
    const stub = await serve(GOOD);
    const report = await examine(`${stub.url.replace('http:', 'https:')}/embed/`);
    expect(wordsOf(report, 'certificate')).toMatch(/speaks no TLS/);
  });

  test('of a portal that leads to http', async () => {
    const certificate = makeCertificate('127.0.0.1', { from: day(-1), until: day(100) });
    setDefaultCACertificates([...getCACertificates('default'), certificate.cert]);
    const stub = await serve(() => ({ status: 302, headers: { location: 'http://127.0.0.1/embed/' } }), certificate);
    const report = await examine(`${stub.url}/embed/`);
    expect(troubles(report)).toEqual({ redirects: 'fault' });
    expect(wordsOf(report, 'redirects')).toMatch(/leads to http, which was not followed/);
  });
});

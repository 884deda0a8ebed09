// Every address takes the methods of its routes and refuses the others, and one regular expression finds the route.

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { call } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { requestHead, sendRaw } from './raw-request.ts';

/** What the log line of a request says of its address. */
function routeInLog(log: string, request_id: string): unknown {
  const line = log.split('\n').find((text) => text.includes(request_id)) ?? '{}';
  return (JSON.parse(line) as { route?: string }).route;
}

const METHODS = ['DELETE', 'GET', 'PATCH', 'POST', 'PUT'];

describe.each(['production', 'sandbox'] as const)('in %s', (mode) => {
  let handoff: Handoff;
  let app: Awaited<ReturnType<typeof createApp>>;
  beforeAll(async () => {
    handoff = await startHandoff({ mode });
    app = await createApp(handoff.deps, { draining: false });
  });
  afterAll(() => handoff.close());

  /** Each registered path as an address, and what it takes. Middleware and what takes every method are registered for ALL. */
  function addresses(): { address: string; taken: Set<string>; allow: string }[] {
    const routes = app.routes.filter(({ method }) => method !== 'ALL');
    const paths = new Set(routes.map(({ path }) => path));
    // Takes every method below another pattern, for the proxies that keep the original one.
    paths.delete('/auth/verify');
    return [...paths].map((path) => {
      const methods = routes.filter((route) => route.path === path).map(({ method }) => method);
      const taken = new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS']);
      return { address: path.replaceAll(/:\w+|\*$/g, 'x'), taken, allow: [...taken].toSorted().join(', ') };
    });
  }

  async function statusOf(method: string, address: string): Promise<number> {
    return (await sendRaw(handoff.url, requestHead(method, address, {}))).status;
  }

  // Hono has a slower router for what its fast one cannot do: handlers of all methods beside those of one, patterns that overlap.
  test('the fast router knows every route', () => {
    app.router.match('GET', '/');
    expect(app.router.name).toBe('SmartRouter + RegExpRouter');
  });

  test('a method that an address does not take is refused with those that it takes', async () => {
    const refused: string[] = [];
    for (const { address, taken, allow } of addresses()) {
      for (const method of METHODS.filter((one) => !taken.has(one))) {
        const answer = await call(handoff, address, { method });
        expect([address, method, answer.status, answer.headers.get('allow')]).toEqual([address, method, 405, allow]);
        refused.push(`${method} ${address}`);
      }
    }
    expect(refused).toContain('GET /v1/credentials/partner/rotate');
    expect(refused).toContain('POST /v1/credentials/x');
  });

  test('OPTIONS is told them, and none of them is refused', async () => {
    for (const { address, taken, allow } of addresses()) {
      const options = await call(handoff, address, { method: 'OPTIONS' });
      expect([address, options.status, options.headers.get('allow')]).toEqual([address, 204, allow]);
      for (const method of METHODS.filter((one) => taken.has(one))) {
        expect([address, method, await statusOf(method, address)]).not.toEqual([address, method, 405]);
      }
    }
  });

  test('an address that no route has is not found, whatever the method', async () => {
    for (const address of [
      '/v1/sso/',
      '/v1/credentials/partner/rotate/x',
      '/V1/sso',
      '/v1',
      '//v1/sso',
      '/*',
      '/v1/*',
    ]) {
      for (const method of [...METHODS, 'OPTIONS']) {
        expect([address, method, await statusOf(method, address)]).toEqual([address, method, 404]);
      }
    }
  });

  test('the log has the pattern of an address, of a refused method too, and never the address', async () => {
    const routes: unknown[] = [];
    for (const [method, address] of [
      ['GET', '/v1/receipts-of-nobody'],
      ['GET', '/v1/credentials/partner/rotate'],
      ['POST', '/v1/credentials/partner/rotate'],
      ['POST', '/v1/credentials/x'],
      ['GET', '/auth/verify/dashboard/x'],
    ] as const) {
      const answer = await sendRaw(handoff.url, requestHead(method, address, {}));
      routes.push(routeInLog(await readFile(handoff.log_file, 'utf8'), answer.headers.get('x-request-id') ?? ''));
    }
    const rotate = '/v1/credentials/partner/rotate';
    expect(routes).toEqual(['/*', rotate, rotate, '/v1/credentials/:credential_id', '/auth/verify/*']);
  });
});

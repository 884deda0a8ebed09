// openapi.yaml and the service have the same operations.

import { inspectRoutes } from 'hono/dev';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { Handoff } from '../support/handoff.ts';
import { OPERATIONS, REFERENCE_FILES } from '../support/openapi.ts';
import { BASE_PATH, pathsOf, startBelowPath, WITH_GET } from './serve.ts';

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startBelowPath();
});
afterAll(() => handoff.close());

const EVERY_METHOD = OPERATIONS.filter(({ path }) => path.endsWith('{original_path}')).map(({ method }) => method);

/** Routes as the document writes them. A path with nothing but ALL takes every method. */
async function registeredOperations(): Promise<Set<string>> {
  const routes = inspectRoutes(await createApp(handoff.deps, { draining: false })).filter(
    ({ isMiddleware }) => !isMiddleware,
  );
  const paths = new Set(routes.map(({ path }) => path).filter((path) => !path.startsWith(BASE_PATH + REFERENCE_FILES)));
  const registered = [...paths].flatMap((path) => {
    const methods = routes.filter((route) => route.path === path && route.method !== 'ALL').map(({ method }) => method);
    const taken = methods.length === 0 ? EVERY_METHOD : methods.flatMap((one) => (one === 'GET' ? WITH_GET : [one]));
    const template = path.replace('/*', '/{original_path}').replaceAll(/:(\w+)/g, '{$1}');
    return taken.map((method) => `${method} ${template}`);
  });
  return new Set(registered);
}

test('the documented operations are the registered routes, and the other way round', async () => {
  const documented = OPERATIONS.flatMap((operation) =>
    pathsOf(operation).flatMap((path) =>
      (operation.method === 'GET' ? WITH_GET : [operation.method]).map((method) => `${method} ${path}`),
    ),
  );
  expect([...new Set(documented)].toSorted()).toEqual([...(await registeredOperations())].toSorted());
  expect(documented).toContain('POST /external/v1/sso');
});

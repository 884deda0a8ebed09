// The composition root: mounts every folder's routes, and says how a request begins and how an error is answered.

import { Hono } from 'hono';
import { accessTokenRoutes } from './access-tokens/routes.ts';
import { apiReferenceRoutes } from './api-reference/routes.ts';
import { toProblem } from './db/problem.ts';
import type { Deps } from './deps.ts';
import { Problem } from './foundation/problem.ts';
import { mintRoutes } from './handoff/mint-route.ts';
import { redeemRoutes } from './handoff/redeem-route.ts';
import { healthRoutes, type Readiness } from './health/routes.ts';
import { otherMethods } from './http/allowed-methods.ts';
import { type AnswerStyle, problemAnswer } from './http/answer.ts';
import { fromHonoError } from './http/body.ts';
import { limitFailures } from './http/failure-limit.ts';
import { type AppContext, type AppEnv, requestContext, singleHeaders } from './http/context.ts';
import { problemRoutes } from './http/problem-routes.ts';
import { routedPath } from './portal/original-place.ts';
import { portalRoutes } from './portal/routes.ts';
import { userRoutes } from './provisioning/routes.ts';
import { userSessionRoutes } from './provisioning/session-routes.ts';
import { receiptRoutes } from './receipts/routes.ts';
import { credentialRoutes } from './self-service/credential-routes.ts';
import { integrationRoutes } from './self-service/integration-routes.ts';
import { signingKeyRoutes } from './signing-keys/routes.ts';

/** The path of API_URL, without a slash at its end; '' at the root. */
function basePath(api_url: string): string {
  const { pathname } = new URL(api_url);
  return pathname === '/' ? '' : pathname;
}

/** What the log keeps of a refusal: our own words for a refused request, the error itself for a fault. */
function noteProblem(c: AppContext, problem: Problem, { log }: Deps): void {
  const reason = typeof problem.cause === 'string' ? { reason: problem.cause } : {};
  c.set('refusal', { problem: problem.slug, ...reason });
  if (problem.entry.status < 500) return;
  log.error({ request_id: c.get('request').request_id, err: problem.cause ?? problem }, 'request failed');
}

export async function createApp(deps: Deps, readiness: Readiness): Promise<Hono<AppEnv>> {
  const { config } = deps;
  const base_path = basePath(config.API_URL);
  const app = new Hono<AppEnv>({ getPath: routedPath });

  const styleOf = (c: AppContext): AnswerStyle => (c.req.path.startsWith(`${base_path}/v1/`) ? 'envelope' : 'page');
  const answer = (c: AppContext, problem: Problem) => {
    noteProblem(c, problem, deps);
    return problemAnswer(c, problem, { ...deps, style: styleOf(c) });
  };
  app.onError((error, c) => answer(c, fromHonoError(error) ?? toProblem(error)));

  app.use(requestContext({ ...deps, readiness, trusted_proxies: config.TRUSTED_PROXIES }));

  app.use(`${base_path}/v1/*`, limitFailures(deps));

  // These record what they refuse, a header that arrived twice included, and look for one themselves.
  app.route(base_path, mintRoutes(deps));
  app.route('/', redeemRoutes(deps));
  app.route(base_path, accessTokenRoutes(deps));
  app.route(base_path, receiptRoutes(deps));
  app.route(base_path, credentialRoutes(deps));
  app.route(base_path, integrationRoutes(deps));
  app.route(base_path, userRoutes(deps));
  app.route(base_path, userSessionRoutes(deps));
  app.use(singleHeaders());
  app.route(base_path, problemRoutes());
  app.route(base_path, apiReferenceRoutes(deps));
  app.route(base_path, signingKeyRoutes(deps));
  if (base_path !== '') app.route('/', signingKeyRoutes(deps));
  app.route('/', portalRoutes(deps));
  app.route('/', healthRoutes(deps, readiness));
  if (config.mode === 'sandbox') {
    const { samplePortalRoutes } = await import('./sandbox/portal/routes.ts');
    app.route('/', samplePortalRoutes(deps, app));
  }
  const answerOtherMethod = otherMethods(app);
  app.notFound((c) => {
    const other = answerOtherMethod(c);
    if (other === undefined) return answer(c, new Problem('not-found', 'There is nothing at this address'));
    if (other instanceof Response) return other;
    // A failed request, for whoever counts them on the way out.
    c.error = other;
    return answer(c, other);
  });
  return app;
}

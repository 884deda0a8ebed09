// An attempt to mint or redeem, granted or refused, leaves an audit event. The flows record what they grant in their own
// transaction; what is refused, wherever in the chain, is recorded here, before its answer leaves.

import type { MiddlewareHandler } from 'hono';
import { type AuditAction, recordEvent } from '../audit/audit.ts';
import { toProblem } from '../db/problem.ts';
import type { AuditActor } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { fromHonoError } from '../http/body.ts';
import type { AppContext, AppEnv } from '../http/context.ts';

/**
 * Records the refusal of whatever stands behind this middleware. When the database is away there is no row to be had, and
 * then the answer is 503 whatever the reason was: no attempt gets another answer without its event.
 */
export function recordRefusals(
  deps: Deps,
  action: AuditAction,
  actorOf: (c: AppContext) => AuditActor,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    // Hono turns what a handler throws into an answer on the spot and keeps the error here.
    if (c.error === undefined) return;
    const { slug } = fromHonoError(c.error) ?? toProblem(c.error);
    // Asking a database that is away once more would only double the wait.
    if (slug === 'service-unavailable') return;
    await recordEvent(
      deps.db,
      { actor: actorOf(c), action, ...c.get('proved'), request: c.get('request'), problem: slug },
      deps,
    );
  };
}

// An attempt, granted or refused, leaves an audit event. The flows record what they grant in their own transaction; what is
// refused, wherever in the chain, is recorded here, before its answer leaves.

import type { MiddlewareHandler } from 'hono';
import { toProblem } from '../db/problem.ts';
import type { AuditActor } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import type { Problem } from '../foundation/problem.ts';
import { fromHonoError } from '../http/body.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
import { countFailure } from '../http/failure-limit.ts';
import { type AuditAction, type AuditEvent, recordEvent } from './audit.ts';

/** What the receipt of the attempt tells beside the kind of problem. */
export type RefusalDetail = Pick<Problem, 'detail'> & Partial<Pick<Problem, 'validation' | 'received'>>;

function describeRefusal({ detail, validation, received }: Problem): RefusalDetail {
  return { detail, ...(validation && { validation }), ...(received !== undefined && { received }) };
}

export type RefusedAttempt = {
  action: AuditAction;
  actorOf: (c: AppContext) => AuditActor;
  /** Where more than the event is to be written. */
  record?: (deps: Deps, event: AuditEvent) => Promise<void>;
};

/** For what a partner's server asks for. */
export function recordPartnerRefusals(deps: Deps, action: AuditAction): MiddlewareHandler<AppEnv> {
  return recordRefusals(deps, { action, actorOf: () => 'partner' });
}

/**
 * Records the refusal of whatever stands behind this middleware. When the database is away there is no row to be had, and
 * then the answer is 503 whatever the reason was: no attempt gets another answer without its event. What strangers send too
 * much of is not recorded, and answered 429.
 */
export function recordRefusals(
  deps: Deps,
  { action, actorOf, record = (_, event) => recordEvent(deps.db, event, deps) }: RefusedAttempt,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    // Hono turns what a handler throws into an answer on the spot and keeps the error here.
    if (c.error === undefined) return;
    const problem = fromHonoError(c.error) ?? toProblem(c.error);
    // Asking a database that is away once more would only double the wait.
    if (problem.slug === 'service-unavailable') return;
    await countFailure(c, deps.failures);
    const author = { actor: actorOf(c), request: c.get('request') };
    const refusal = { problem: problem.slug, detail: describeRefusal(problem) };
    await record(deps, { ...author, action, ...c.get('proved'), ...refusal });
  };
}

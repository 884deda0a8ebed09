// Redeeming: a token becomes a session, once. The steps in order: verify, same path, placement, burn, still active, session.
// A refusal at any step spends nothing: burn and session are one transaction.

import { type AuditEvent, recordEvent } from '../audit/audit.ts';
import type { Database, DatabaseTransaction } from '../db/database.ts';
import { grant } from '../db/group.ts';
import type { AuditActor, SessionKind, SessionsTable, SsoTokensTable } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { timestamp } from '../foundation/clock.ts';
import { Problem } from '../foundation/problem.ts';
import { type Access, getActiveAccess } from '../partners/standing.ts';
import { closeSession, lifetimesOf, startSession } from '../sessions/session.ts';
import { burnSsoToken, findSsoToken, noteOpened } from '../sso-tokens/store.ts';
import { isEmbedPath } from './redirect-path.ts';
import type { VerifiedToken } from './sso-token.ts';
import type { RequestContext } from '../foundation/request-context.ts';

/** Where the browser says it will show the page; `unknown` when it does not say, as servers and old browsers do not. */
export type Placement = 'tab' | 'frame' | 'unknown';

export type Redemption = Access & { session: SessionsTable; session_token: string };

function sessionKind(redirect_path: string): SessionKind {
  return isEmbedPath(redirect_path) ? 'embed' : 'top_level';
}

/** @throws Problem redirect-mismatch unless the link leads to the path that was signed */
export function requireSamePath(verified: VerifiedToken, redirect: string): void {
  if (redirect !== verified.redirect_path)
    throw new Problem('redirect-mismatch', 'The redirect is not the path this token was made for');
}

/** @throws Problem token-expired */
export function requireUnexpired(verified: VerifiedToken, now: number): void {
  // RFC 7519, 4.1.4: on or after `exp` the token is not accepted.
  if (now >= verified.expires_at) throw new Problem('token-expired', 'The token has expired');
}

/** @throws Problem frame-required or frame-refused, when the browser tells where the page will be shown */
export function requirePlacement(verified: VerifiedToken, placement: Placement): void {
  const kind = sessionKind(verified.redirect_path);
  if (kind === 'embed' && placement === 'tab')
    throw new Problem('frame-required', 'This token is for a page inside an iframe');
  if (kind === 'top_level' && placement === 'frame')
    throw new Problem('frame-refused', 'This token is for a page in a tab of its own');
}

/**
 * Who frames the link decides whether it is spent: the page it leads to can refuse to be shown in a hostile frame, but by then
 * the exchange has taken place in it.
 * @throws Problem embedding-refused, unless every page around it is one that the integration has registered, or the portal's own
 */
export function requireEmbedders(embedders: readonly (string | undefined)[], allowed: readonly string[]): void {
  for (const embedder of embedders) {
    if (embedder === undefined) {
      throw new Problem('embedding-refused', 'The page around the portal does not say which page it is', {
        received: 'a frame without a Referer',
      });
    }
    if (allowed.includes(embedder)) continue;
    throw new Problem('embedding-refused', `The origin ${embedder} is not registered with the portal`, {
      received: embedder,
    });
  }
}

/** Which of the sessions that a browser holds end when a link is spent: the one in its place, and everybody else's. */
export function replacedBy(verified: VerifiedToken, held: readonly SessionsTable[]): SessionsTable[] {
  const kind = sessionKind(verified.redirect_path);
  return held.filter((session) => session.kind === kind || session.user_id !== verified.user_id);
}

function isHolder(row: SsoTokensTable, { partner_id, organization_id, user_id }: VerifiedToken): boolean {
  return row.partner_id === partner_id && row.organization_id === organization_id && row.user_id === user_id;
}

/** Says why a token could not be burned. A suspension also revokes, and is the better reason. */
async function explainUnburned(db: Database, verified: VerifiedToken): Promise<Problem> {
  const row = await findSsoToken(db, verified.jti);
  if (row === undefined || !isHolder(row, verified))
    return new Problem('token-unknown', 'There is no record of this token');
  if (row.redeemed_at !== null) return new Problem('token-used', 'The token has already been used');
  if (row.revoked_at === null) return new Problem('token-expired', 'The token has expired');
  await getActiveAccess(db, verified);
  return new Problem('token-revoked', 'The token has been revoked');
}

/** Nobody is asked about a link that could not be spent any more. @throws Problem with the reason */
export async function requireUnspent(db: Database, verified: VerifiedToken): Promise<void> {
  const row = await findSsoToken(db, verified.jti);
  if (row?.redeemed_at === null && row.revoked_at === null && isHolder(row, verified)) return;
  throw await explainUnburned(db, verified);
}

/** Records that a browser or portal came with a token, whatever came of it; its row keeps when that first was. */
export async function recordArrival(deps: Deps, event: AuditEvent): Promise<void> {
  await deps.db.transaction().execute(async (tx) => {
    if (event.jti !== undefined) await noteOpened(tx, event.jti, timestamp(deps.clock()));
    await recordEvent(tx, event, deps);
  });
}

export type Exchange = {
  verified: VerifiedToken;
  /** The live sessions of this browser that end when the new one starts. */
  replaces: readonly SessionsTable[];
  actor: AuditActor;
  request: RequestContext;
};

/** Burns the token and starts the session, or neither. @throws Problem with the reason */
export async function exchangeSsoToken(
  deps: Deps,
  { verified, replaces, actor, request }: Exchange,
): Promise<Redemption> {
  const { expires_at: _, redirect_path, ...holder } = verified;
  const spend = async (tx: DatabaseTransaction): Promise<Redemption> => {
    const burned = await burnSsoToken(tx, holder, timestamp(deps.clock()));
    if (burned === undefined) throw await explainUnburned(tx, verified);
    const access = await getActiveAccess(tx, holder);
    for (const { session_id } of replaces)
      await closeSession(tx, { session_id, reason: 'replaced', actor, request }, deps);
    const start = { kind: sessionKind(redirect_path), ...holder };
    const started = await startSession(tx, start, { ...deps, lifetimes: lifetimesOf(deps.config) });
    const { session_id } = started.session;
    await recordEvent(tx, { actor, action: 'sso_token.redeemed', request, ...holder, session_id, redirect_path }, deps);
    return { ...started, ...access };
  };
  return grant(deps.db, { write: spend, row: holder.jti });
}

// A sign-in's life: started by a door, carried as `<session_id>.<secret>`, prolonged by use, ended by sign-out, by a new
// sign-in in the same browser, or by whoever withdraws access. Cookies are in cookies.ts.

import { recordEvent } from '../audit/audit.ts';
import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { AuditActor, SessionEndReason, SessionKind, SessionsTable } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { equalHashes, type Makers, newId, newSessionToken, parseSessionToken } from '../foundation/ids.ts';
import { endSession, findSession, insertSession, isLive, touchSession } from './store.ts';
import type { RequestContext } from '../foundation/request-context.ts';

/** How long sessions of a kind last, in minutes. */
export type SessionLifetimes = Record<SessionKind, { idle_minutes: number; absolute_minutes: number }>;

export function lifetimesOf(config: Config): SessionLifetimes {
  return {
    top_level: { idle_minutes: config.SESSION_IDLE_MINUTES, absolute_minutes: config.SESSION_ABSOLUTE_MINUTES },
    embed: { idle_minutes: config.EMBED_SESSION_IDLE_MINUTES, absolute_minutes: config.EMBED_SESSION_ABSOLUTE_MINUTES },
  };
}

const MINUTE = 60_000;

export type NewSession = {
  kind: SessionKind;
  jti: string;
  partner_id: string;
  organization_id: string;
  user_id: string;
};

/** Starts a session, in the transaction that burned its token. The token is returned once and never stored. */
export async function startSession(
  db: Database,
  start: NewSession,
  { lifetimes, ...makers }: Makers & { lifetimes: SessionLifetimes },
): Promise<{ session: SessionsTable; session_token: string }> {
  const now = makers.clock();
  const lifetime = lifetimes[start.kind];
  const session_id = newId('ses', makers);
  const { session_token, secret_hash } = newSessionToken(session_id, makers.random);
  const session: SessionsTable = {
    session_id,
    secret_hash,
    ...start,
    created_at: timestamp(now),
    idle_expires_at: timestamp(now + lifetime.idle_minutes * MINUTE),
    expires_at: timestamp(now + lifetime.absolute_minutes * MINUTE),
    ended_at: null,
    end_reason: null,
  };
  await insertSession(db, session);
  return { session, session_token };
}

/** The live session of a token that a browser or portal carries; undefined when it is forged, unknown or over. */
export async function findLiveSession(
  db: Database,
  session_token: string,
  now: number,
): Promise<SessionsTable | undefined> {
  const parsed = parseSessionToken(session_token);
  if (parsed === undefined) return undefined;
  const session = await findSession(db, parsed.session_id);
  return session && isCarriedBy(session, parsed, now) ? session : undefined;
}

/** True for a live session whose secret is the one that somebody carries. `now` in milliseconds. */
export function isCarriedBy(session: SessionsTable, carried: { secret_hash: string }, now: number): boolean {
  return equalHashes(session.secret_hash, carried.secret_hash) && isLive(session, timestamp(now));
}

// A write for every page view would make the busiest query of all a write; once a minute is exact enough for an idle limit
// of minutes. A tenth for very short limits.
function touchInterval(idle_milliseconds: number): number {
  return Math.min(MINUTE, idle_milliseconds / 10);
}

/** Prolongs a session that is in use; returns it with its present idle limit. */
export async function prolongSession(
  db: Database,
  session: SessionsTable,
  { now, lifetimes }: { now: number; lifetimes: SessionLifetimes },
): Promise<SessionsTable> {
  const idle = lifetimes[session.kind].idle_minutes * MINUTE;
  const idle_expires_at = Math.min(now + idle, Date.parse(session.expires_at));
  if (idle_expires_at - Date.parse(session.idle_expires_at) < touchInterval(idle)) return session;
  await touchSession(db, { session_id: session.session_id, idle_expires_at: timestamp(idle_expires_at) });
  return { ...session, idle_expires_at: timestamp(idle_expires_at) };
}

/** Ends a live session and records who ended it and why; false when it was over already. */
export async function closeSession(
  db: Database,
  close: { session_id: string; reason: SessionEndReason; actor: AuditActor; request?: RequestContext },
  makers: Makers,
): Promise<boolean> {
  const { session_id, reason, actor, request } = close;
  const ended = await endSession(db, session_id, { ended_at: timestamp(makers.clock()), end_reason: reason });
  if (ended === undefined) return false;
  const { user_id, organization_id, partner_id, jti } = ended;
  const subject = { session_id, user_id, organization_id, partner_id, jti };
  const detail = { reason, kind: ended.kind };
  await recordEvent(db, { action: 'session.ended', actor, ...(request && { request }), ...subject, detail }, makers);
  return true;
}

// POST /auth/sso with JSON: a portal's server, or the script of a page in a frame, exchanges the token without a navigation.

import { z } from 'zod';
import type { SessionsTable } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { success } from '../http/answer.ts';
import { type AppContext, prove } from '../http/context.ts';
import { isFromBrowser, requireSameOrigin } from '../http/fetch-metadata.ts';
import { describeSession } from '../partners/signed-in.ts';
import { bearerToken, listBrowserSessions } from '../sessions/carried-session.ts';
import { writeSessionCookie } from '../sessions/cookies.ts';
import { findLiveSession } from '../sessions/session.ts';
import { readToken } from './arrival.ts';
import {
  exchangeSsoToken,
  replacedBy,
  requireEmbedders,
  requirePlacement,
  requireSamePath,
  requireUnexpired,
} from './redeem.ts';
import type { VerifiedToken } from './sso-token.ts';

export const EXCHANGE_REQUEST = z.object({
  token: z.string().min(1).max(8192),
  redirect: z.string().min(1).max(2048).optional(),
  session: z.enum(['bearer', 'cookie']).optional(),
  embedders: z.array(z.string().min(1).max(2048)).min(1).max(10).optional(),
});

type ExchangeRequest = z.output<typeof EXCHANGE_REQUEST>;

/** The sessions that the new one takes the place of: for a bearer the bearer that came along, for a cookie the cookies. */
async function replacedSessions(
  deps: Deps,
  c: AppContext,
  { verified, session }: { verified: VerifiedToken; session: ExchangeRequest['session'] },
): Promise<SessionsTable[]> {
  if (session === 'cookie') return replacedBy(verified, await listBrowserSessions(deps, c));
  const token = bearerToken(c);
  const carried = token === undefined ? undefined : await findLiveSession(deps.db, token, deps.clock());
  return carried === undefined ? [] : [carried];
}

/** Every way to say no comes before the token is spent. @throws Problem with the reason */
export async function exchangeForPortal(deps: Deps, c: AppContext, request: ExchangeRequest): Promise<Response> {
  const { config } = deps;
  requireSameOrigin(c, config.PORTAL_URL);
  const { verified, standing } = await readToken(deps, c, request.token);
  if (request.redirect !== undefined) requireSamePath(verified, request.redirect);
  requireUnexpired(verified, deps.clock());
  const registered = standing?.integration.embed_origins ?? [];
  if (request.embedders !== undefined) {
    requirePlacement(verified, 'frame');
    requireEmbedders(request.embedders, [...registered, config.PORTAL_URL]);
  }
  const replaces = await replacedSessions(deps, c, { verified, session: request.session });
  const actor = isFromBrowser(c) ? 'browser' : 'portal';
  const exchange = { verified, replaces, actor, request: c.get('request') } as const;
  const { session_token, ...signed_in } = await exchangeSsoToken(deps, exchange);
  prove(c, { session_id: signed_in.session.session_id });
  const facts = { redirect_path: verified.redirect_path, ...describeSession(signed_in) };
  if (request.session === 'cookie') writeSessionCookie(c, { kind: signed_in.session.kind, session_token, replaces });
  const data = request.session === 'cookie' ? facts : { session_token, ...facts };
  return success(c, deps, { message: 'Session created successfully', data });
}

// Who is signed in, as this package tells it, and the rules that hold whichever way it was found out.

import { isEmbedPath } from './embed-path.ts';
import type { ReadRequest } from './request.ts';

/** `data` of GET /auth/session, as it is on the wire. Times are RFC 3339. */
export type Session = {
  session_id: string;
  /** Good for pages under /embed only. */
  embed: boolean;
  user: { user_id: string; email: string; given_name: string; family_name: string; access_roles: string[] };
  organization: { organization_id: string; name: string };
  partner: { partner_id: string; name: string };
  /** Who may frame the page. */
  embed_origins: string[];
  created_at: string;
  idle_expires_at: string;
  expires_at: string;
};

export type SignedIn = {
  readonly userId: string;
  readonly organizationId: string;
  /** The practice software that sent the user. */
  readonly partnerId: string;
  readonly roles: readonly string[];
  readonly sessionId: string;
  /** The session is of an iframe, and good for pages under /embed only. */
  readonly embed: boolean;
  /** For a page to send back with its requests, as `Handoff-Subject`: so it never acts as somebody who signed in later. */
  readonly subject: string;
  /** Directive of a Content-Security-Policy: who may frame this page. */
  readonly frameAncestors: string;
  /** Names, e-mail address, limits; with `check: 'ask'` only. */
  readonly session?: Session;
};

/** Why nobody is signed in: the problems of Handoff's session check, and `session-invalid` for a JWT that is not good. */
export type NotSignedInReason =
  | 'session-required'
  | 'session-expired'
  | 'session-embed-only'
  | 'session-changed'
  | 'session-invalid'
  // Those that are added later; the first half keeps the known ones in an editor's suggestions.
  | (string & {});

export type NotSignedIn = { signedIn: undefined; reason: NotSignedInReason };
export type Identity = { signedIn: SignedIn; reason: undefined } | NotSignedIn;

export function nobody(reason: NotSignedInReason): NotSignedIn {
  return { signedIn: undefined, reason };
}

/** The rules about the page: an embedded session opens embedded pages only, and a page's requests are of whom it was made for. */
export function admit(signedIn: SignedIn, { path, header }: ReadRequest): Identity {
  const subject = header('handoff-subject');
  if (subject !== undefined && subject !== signedIn.subject) return nobody('session-changed');
  if (signedIn.embed && !isEmbedPath(path)) return nobody('session-embed-only');
  return { signedIn, reason: undefined };
}

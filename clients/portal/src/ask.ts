// `check: 'ask'`: each request is put to GET /auth/session of Handoff, with our cookies or bearer and the path alone. Nothing is
// kept, so that a session that is ended is over at once.

import { frameAncestors, NOBODY_FRAMES } from './framing.ts';
import { askHandoff, credentialsOf, isObject, parseJson, type Received, unexpected } from './handoff.ts';
import { isEmbedPath } from './embed-path.ts';
import type { ReadRequest } from './request.ts';
import type { Settings } from './settings.ts';
import { admit, type Identity, nobody, type Session, type SignedIn } from './signed-in.ts';

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

/** What is decided by; names and e-mail address are shown as they are. */
function isSession(data: unknown): data is Session {
  if (!isObject(data) || !isObject(data['user']) || !isObject(data['organization']) || !isObject(data['partner']))
    return false;
  const ids = [data['session_id'], data['user']['user_id'], data['organization']['organization_id']];
  const lists = [data['user']['access_roles'], data['embed_origins']];
  return (
    [...ids, data['partner']['partner_id']].every(isText) && lists.every(areTexts) && typeof data['embed'] === 'boolean'
  );
}

function describe(session: Session): SignedIn {
  const { user_id: userId, access_roles: roles } = session.user;
  const { organization_id: organizationId } = session.organization;
  return {
    userId,
    organizationId,
    partnerId: session.partner.partner_id,
    roles,
    sessionId: session.session_id,
    embed: session.embed,
    subject: `${userId}/${organizationId}`,
    frameAncestors: session.embed ? frameAncestors(session.embed_origins) : NOBODY_FRAMES,
    session,
  };
}

/** The problem of a 401; another server's 401 says nothing about a session. */
function refusalOf({ status, text }: Received): Identity {
  const body = parseJson(text);
  const type = isObject(body) && typeof body['type'] === 'string' ? body['type'] : '';
  const slug = /\/(session-[a-z-]+)$/.exec(type)?.[1];
  if (slug === undefined) throw unexpected(status);
  return nobody(slug);
}

/** An embedded page as it is; any other as one that is certainly none, since where it leads is nobody's business. */
function statedPath(path: string): string {
  return isEmbedPath(path) ? path : '/';
}

/** @throws HandoffAwayError */
export async function ask(settings: Settings, handoffUrl: string, request: ReadRequest): Promise<Identity> {
  const credentials = credentialsOf(request);
  if (Object.keys(credentials).length === 0) return nobody('session-required');
  const subject = request.header('handoff-subject');
  const received = await askHandoff(settings, `${handoffUrl}/auth/session`, {
    ...credentials,
    // Ours, whatever the client sent under this name.
    'x-forwarded-uri': statedPath(request.path),
    ...(subject !== undefined && { 'handoff-subject': subject }),
  });
  if (received.status === 401) return refusalOf(received);
  const body = parseJson(received.text);
  const data = isObject(body) ? body['data'] : undefined;
  if (received.status !== 200 || !isSession(data)) throw unexpected(received.status);
  return admit(describe(data), request);
}

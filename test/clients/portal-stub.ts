// A Handoff for the portal kit's unit tests: its session check with answers that a test chooses, and session JWTs with their keys.

import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { Session } from '../../clients/portal/src/signed-in.ts';

export const ISSUER = 'https://api.example.com/external';
export const PORTAL = 'https://portal.example';
export const HANDOFF = 'http://handoff.internal:8787';

export const SESSION: Session = {
  session_id: 'ses_0195500e7a1b7c2d8e3f405162738495',
  embed: false,
  user: {
    user_id: 'usr_sample',
    email: 'pat@clinic.example',
    given_name: 'Pat',
    family_name: 'Provider',
    access_roles: ['admin', 'provider'],
  },
  organization: { organization_id: 'org_sample', name: 'Sample Clinic' },
  partner: { partner_id: 'ptr_sample', name: 'Sample Practice Software' },
  embed_origins: ['https://practice.example'],
  created_at: '2026-03-01T09:00:00.000Z',
  idle_expires_at: '2026-03-01T09:30:00.000Z',
  expires_at: '2026-03-01T21:00:00.000Z',
};

export const SUBJECT = 'usr_sample/org_sample';
export const EMBEDDED: Session = { ...SESSION, embed: true };
export const COOKIE = `__Host-handoff=${SESSION.session_id}.${'s'.repeat(43)}`;

export function json(status: number, body: unknown, type = 'application/json'): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': type } });
}

export function found(data: object): Response {
  return json(200, { success: true, statusCode: 200, message: 'Signed in', data, timestamp: SESSION.created_at });
}

export function refused(slug: string, status = 401): Response {
  return json(status, { type: `${ISSUER}/errors/${slug}`, title: 'Words', status }, 'application/problem+json');
}

export type Asked = { url: string; headers: Headers; init: RequestInit };

/** A fetch that notes what it is asked and answers with these in turn, the last one for ever. */
export function stubFetch(...replies: (Response | Error | (() => Response | Promise<Response>))[]) {
  const asked: Asked[] = [];
  const fetch: typeof globalThis.fetch = async (input, init = {}) => {
    asked.push({
      url: input instanceof Request ? input.url : input.toString(),
      headers: new Headers(init.headers),
      init,
    });
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    if (reply === undefined) throw new Error('not expected');
    if (reply instanceof Error) throw reply;
    // By what it can do: a server of Hono's puts a Response of its own in the place of the global one.
    return typeof reply === 'function' ? reply() : reply.clone();
  };
  return { fetch, asked };
}

export type Key = { kid: string; public_jwk: object; sign: (claims: JWTPayload, header?: object) => Promise<string> };

export async function createKey(kid: string): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const public_jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' };
  const sign = (payload: JWTPayload, header: object = {}) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid, typ: 'session+jwt', ...header }).sign(privateKey);
  return { kid, public_jwk, sign };
}

/** What Handoff signs at this moment. */
export function claims(more: Record<string, unknown> = {}): JWTPayload {
  const iat = Math.floor(Date.now() / 1000);
  const { session_id: sid, user, organization, partner, embed } = SESSION;
  const subject = { sub: user.user_id, sid, org: organization.organization_id, client_id: partner.partner_id };
  return { iss: ISSUER, aud: PORTAL, ...subject, roles: user.access_roles, embed, iat, exp: iat + 60, ...more };
}

export const keySet = (...keys: Key[]) => json(200, { keys: keys.map(({ public_jwk }) => public_jwk) });

// `check: 'offline'`: the proxy has asked GET /auth/verify?session_jwt=1 and passes the JWT on; it is verified here, with Handoff's
// public keys. No request to Handoff, and a session that is ended is believed for up to a minute.

import { parseFrameAncestors } from './framing.ts';
import { createKeys } from './keys.ts';
import type { ReadRequest } from './request.ts';
import { looksLikeJwt, verifySessionJwt } from './session-jwt.ts';
import { needed, type OfflineOptions, parseJwksUrl, type Settings } from './settings.ts';
import { admit, type Identity, nobody } from './signed-in.ts';

/** The proxy's header is in front: it overwrites what clients send under that name. */
function tokenOf({ header }: ReadRequest): string | undefined {
  const passed = header('x-auth-session-jwt');
  if (passed !== undefined && passed !== '') return passed;
  const bearer = /^Bearer (\S+)$/i.exec(header('authorization') ?? '')?.[1];
  return looksLikeJwt(bearer) ? bearer : undefined;
}

/** Node 18 has the Web Crypto API, but not by its global name. */
function requireWebCrypto(): void {
  if (globalThis.crypto?.subtle !== undefined) return;
  throw new TypeError(
    "check: 'offline' needs the Web Crypto API: Node 20, or Node 18 with --experimental-global-webcrypto",
  );
}

export type IdentifyOffline = (request: ReadRequest) => Promise<Identity>;

/** @throws TypeError */
export function createOffline(options: OfflineOptions, settings: Settings): IdentifyOffline {
  requireWebCrypto();
  const issuer = needed(settings.issuer, 'issuer');
  const audience = needed(settings.portalUrl, 'portalUrl');
  const getKey = createKeys(parseJwksUrl(options, issuer), settings);
  return async (request) => {
    const token = tokenOf(request);
    if (token === undefined) return nobody('session-required');
    if (!looksLikeJwt(token)) return nobody('session-invalid');
    const verified = await verifySessionJwt(token, { getKey, issuer, audience });
    if (typeof verified === 'string') return nobody(verified);
    // Who may frame the page is not in the JWT; the proxy passes it on beside it.
    const frameAncestors = verified.embed
      ? parseFrameAncestors(request.header('x-auth-content-security-policy'))
      : verified.frameAncestors;
    return admit({ ...verified, frameAncestors }, request);
  };
}

// The main job: a link that signs one clinician in to one page of the portal.

import type { Api } from './api.ts';
import { conceal } from './concealed.ts';
import { HandoffError } from './errors.ts';
import { parseUrl, parseVisible } from './settings.ts';
import type { CallOptions } from './transport.ts';
import type { SsoToken } from './types.ts';

export type SsoLinkRequest = {
  /** The page to land on, as `/dashboard/patients/<id>`. Encode what you put into it. */
  redirectPath: string;
} & (
  | { /** The portal's user_id. */ userId: string; partnerUserId?: never }
  | { /** Your own id of the user, from when you created her here. */ partnerUserId: string; userId?: never }
);

export type SsoLink = {
  /** Open it exactly as it is, within `expiresIn` seconds; it works once. Whoever opens it is signed in. */
  readonly redirectUrl: string;
  /** The token alone, for a portal that exchanges it itself. */
  readonly ssoToken: string;
  readonly expiresIn: number;
  /** Find the receipt with it: `attempts.get(requestId)`. */
  readonly requestId: string;
};

/** From plain JavaScript both may arrive, or neither; an undefined id must not sign on as somebody else. */
function userHeader({ userId, partnerUserId }: SsoLinkRequest): Record<string, string> {
  if (userId !== undefined && partnerUserId !== undefined) {
    throw new TypeError('Give either userId or partnerUserId, not both');
  }
  if (partnerUserId === undefined) return { 'x-user-id': parseVisible(userId, 'userId or partnerUserId') };
  if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(partnerUserId)) {
    throw new TypeError('partnerUserId must be visible ASCII, with spaces inside only');
  }
  return { 'x-partner-user-id': partnerUserId };
}

/** The page will open what is returned: a `javascript:` address, say, must not get there, whoever answers. */
function checkLink(redirectUrl: unknown, requestId: string): URL {
  const url = typeof redirectUrl === 'string' ? parseUrl(redirectUrl) : undefined;
  if (url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  const words = { title: 'Unexpected answer', detail: 'The redirect_url of the answer is not a web address' };
  throw new HandoffError({ ...words, type: 'about:blank', slug: 'unexpected-answer', status: 200, requestId });
}

type CreateSsoLink = (request: SsoLinkRequest, options?: CallOptions) => Promise<SsoLink>;

export function createSsoLinks({ asPartner }: Api): CreateSsoLink {
  return async (request, options) => {
    const headers = userHeader(request);
    if (typeof request.redirectPath !== 'string') throw new TypeError('redirectPath must be a string');
    const { data, requestId } = await asPartner<SsoToken>(
      { method: 'POST', path: '/v1/sso', headers, body: { redirect_path: request.redirectPath } },
      options,
    );
    const { origin, pathname } = checkLink(data?.redirect_url, requestId);
    return conceal(
      { redirectUrl: data.redirect_url, ssoToken: data.sso_token, expiresIn: data.expires_in, requestId },
      { redirectUrl: `${origin}${pathname}?[concealed]`, ssoToken: '[concealed]' },
    );
  };
}

// Every problem this service can name: the slug of its type URI, its status and title, and what to do about it. The page
// that a type URI opens, the page a clinician sees and openapi.yaml's enum all follow this list.

/** `cause` and `fix` speak to a developer; `clinician`, where there is one, to the person in front of the browser. */
export type CatalogueEntry = {
  status: 400 | 401 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 500 | 503;
  title: string;
  cause: string;
  fix: string;
  clinician?: { heading: string; advice: string };
};

const NEW_LINK = 'Go back to {partner} and press the button again.';
const ASK_ADMIN = 'Please ask the administrator of your clinic. The reference below helps them to find out more.';

export const PROBLEMS = {
  'invalid-request': {
    status: 400,
    title: 'Invalid request',
    cause: 'A header, parameter or body member is missing, arrived more than once, or is not of the documented form.',
    fix: 'Read `detail`, and `validation` where it is present: it names each field and what is wrong with it.',
    clinician: { heading: 'This link is not complete', advice: NEW_LINK },
  },
  'authentication-required': {
    status: 401,
    title: 'Unauthorized',
    cause:
      'The partner id and secret, or the organization id and secret, do not belong together, are unknown, expired or revoked.',
    fix: 'Check that the credentials are from this environment, and that a rotation has not replaced them. Ask the operator for new ones if they are lost.',
  },
  'browser-request-refused': {
    status: 403,
    title: 'Not for browsers',
    cause: 'The request came from a web page. Secrets do not belong in a browser, where any visitor can read them.',
    fix: 'Call this operation from your server and hand only the `redirect_url` to the page. If these secrets have been in a page, rotate them.',
  },
  'partner-suspended': {
    status: 403,
    title: 'Partner suspended',
    cause: 'The operator has suspended this partner.',
    fix: 'Contact the operator of the portal with the request id.',
    clinician: { heading: '{partner} cannot open the portal at the moment', advice: ASK_ADMIN },
  },
  'organization-suspended': {
    status: 403,
    title: 'Organization suspended',
    cause: 'The operator has suspended this organization, or the organization it is a part of.',
    fix: 'Contact the operator of the portal with the request id.',
    clinician: { heading: 'Your clinic cannot use the portal at the moment', advice: ASK_ADMIN },
  },
  'integration-disabled': {
    status: 403,
    title: 'Integration disabled',
    cause: 'This partner is not enabled for this organization any more.',
    fix: 'Ask the organization to enable the integration again.',
    clinician: { heading: 'Your clinic has switched {partner} off for the portal', advice: ASK_ADMIN },
  },
  'user-not-found': {
    status: 404,
    title: 'User not found',
    cause: 'No user with this id is a member of this organization.',
    fix: 'Check that `x-user-id` is the user_id given when the user was created, and that the user belongs to this organization. Users are never created by signing on.',
    clinician: { heading: 'You have no account here yet', advice: ASK_ADMIN },
  },
  'user-suspended': {
    status: 403,
    title: 'User suspended',
    cause: 'This user exists but may not sign in.',
    fix: 'Ask an administrator of the organization to resume the user.',
    clinician: { heading: 'Your account is suspended', advice: ASK_ADMIN },
  },
  'token-invalid': {
    status: 400,
    title: 'Invalid token',
    cause: 'The token is not one that this service signed, or it was changed on the way.',
    fix: 'Open the `redirect_url` exactly as it was returned. Do not decode, trim or rebuild it.',
    clinician: {
      heading: 'This link does not work',
      advice: `It may have been cut off or changed on the way. ${NEW_LINK}`,
    },
  },
  'token-unknown': {
    status: 404,
    title: 'Unknown token',
    cause: 'The token is well signed, but this service has no record of having issued it to this user.',
    fix: 'Ask for a new token. If this happens again, tell the operator: the database may have been restored from a backup.',
    clinician: { heading: 'We do not know this link', advice: NEW_LINK },
  },
  'token-expired': {
    status: 410,
    title: 'Token expired',
    cause: 'An SSO token is good for 300 seconds after it was made.',
    fix: 'Ask for a token when the clinician presses the button, not when the page is drawn.',
    clinician: {
      heading: 'This link has expired',
      advice: `For your patients’ safety a link works for five minutes only. ${NEW_LINK}`,
    },
  },
  'token-used': {
    status: 410,
    title: 'Token already used',
    cause: 'An SSO token works once, and this one has been exchanged for a session.',
    fix: 'Ask for a new token for each sign-on.',
    clinician: {
      heading: 'This link has already been used',
      advice: `For your patients’ safety a link works only once. ${NEW_LINK}`,
    },
  },
  'token-revoked': {
    status: 410,
    title: 'Token revoked',
    cause:
      'The token was withdrawn before it was used, because the user, the partner, the organization or the integration lost access.',
    fix: 'Ask for a new token once access has been given back.',
    clinician: { heading: 'This link has been withdrawn', advice: NEW_LINK },
  },
  'redirect-mismatch': {
    status: 400,
    title: 'Redirect does not match',
    cause: 'The `redirect` parameter is not the path that the token was signed for.',
    fix: 'Open the `redirect_url` exactly as it was returned. To go to another page, ask for another token.',
    clinician: {
      heading: 'This link does not work',
      advice: `It leads to another page than the one you asked for. ${NEW_LINK}`,
    },
  },
  'navigation-required': {
    status: 403,
    title: 'Not a navigation',
    cause:
      'The link was fetched by a script, a prefetch or a preview, not opened by a person. The token has not been spent.',
    fix: 'Open the `redirect_url` in a tab or as the `src` of an iframe. A server exchanges a token with `POST /auth/sso`.',
    clinician: { heading: 'This link has to be opened in a tab', advice: NEW_LINK },
  },
  'frame-required': {
    status: 403,
    title: 'Only inside a frame',
    cause:
      'The token is for an /embed/ page, which is made for an iframe, and was opened in a tab of its own. It has not been spent.',
    fix: 'Use the `redirect_url` as the `src` of an iframe, or ask for a token for the /dashboard/ page.',
    clinician: { heading: 'This page is made to be shown inside {partner}', advice: NEW_LINK },
  },
  'frame-refused': {
    status: 403,
    title: 'Not inside a frame',
    cause: 'The token is for a full page and was opened inside an iframe. It has not been spent.',
    fix: 'Open the `redirect_url` in a tab, or ask for a token for an /embed/ page.',
    clinician: { heading: 'This page cannot be shown inside another page', advice: NEW_LINK },
  },
  'cross-site-request': {
    status: 403,
    title: 'Cross-site request',
    cause: 'The request was sent by a page of another site.',
    fix: 'Send it from a page of the portal, or from a server.',
    clinician: { heading: 'Another page tried to do this for you', advice: 'Nothing has been changed.' },
  },
  'session-required': {
    status: 401,
    title: 'Not signed in',
    cause: 'The request carries no session.',
    fix: 'Send the clinician to the partner’s software to sign on, and pass the portal’s cookies, or a bearer session token, on to the session check.',
    clinician: {
      heading: 'You are not signed in',
      advice: 'Go back to your practice software and open the portal from there.',
    },
  },
  'session-expired': {
    status: 401,
    title: 'Session ended',
    cause: 'The session has been ended, has been idle too long, or has reached its greatest age.',
    fix: 'Send the clinician to the partner’s software to sign on again.',
    clinician: {
      heading: 'You have been signed out',
      advice: 'Go back to your practice software and open the portal from there.',
    },
  },
  'session-embed-only': {
    status: 401,
    title: 'Session for embedded pages only',
    cause: 'The session was started for an /embed/ page inside an iframe and is good for those pages alone.',
    fix: 'Ask for a token for the /dashboard/ page. Make sure that the proxy passes the original path in X-Forwarded-Uri or X-Original-URI.',
    clinician: {
      heading: 'You are not signed in to this page',
      advice: 'Go back to your practice software and open the portal from there.',
    },
  },
  'not-found': {
    status: 404,
    title: 'Not found',
    cause: 'There is nothing at this address.',
    fix: 'Check the base URL, including its path, and the spelling of the address.',
    clinician: { heading: 'There is no such page', advice: 'Check the address, or go back to where you came from.' },
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    cause: 'The address exists but does not take this method.',
    fix: 'Use a method that the Allow header names.',
    clinician: { heading: 'This page cannot be opened like this', advice: 'Go back to where you came from.' },
  },
  'payload-too-large': {
    status: 413,
    title: 'Payload too large',
    cause: 'The body is larger than this operation takes.',
    fix: 'Send only the documented members; the limit stands in `detail`.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported media type',
    cause: 'The body is not of a media type that this operation reads, or it is compressed.',
    fix: 'Send UTF-8 JSON with `Content-Type: application/json` and no Content-Encoding.',
  },
  'internal-error': {
    status: 500,
    title: 'Internal error',
    cause: 'Something went wrong on our side, and it has been logged.',
    fix: 'Try again. If it persists, contact the operator with the request id.',
    clinician: { heading: 'Something went wrong on our side', advice: 'Please try again in a moment.' },
  },
  'service-unavailable': {
    status: 503,
    title: 'Service unavailable',
    cause: 'The service cannot reach its database, or is shutting down.',
    fix: 'Try again after the number of seconds in Retry-After.',
    clinician: { heading: 'The portal is not available at the moment', advice: 'Please try again in a moment.' },
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ProblemSlug = keyof typeof PROBLEMS;

/** The entry of a slug, with its optional members visible. */
export function catalogueEntry(slug: ProblemSlug): CatalogueEntry {
  return PROBLEMS[slug];
}

export function isProblemSlug(text: string): text is ProblemSlug {
  return Object.hasOwn(PROBLEMS, text);
}

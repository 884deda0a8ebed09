// Links, tokens and sessions, in the browser and at the portal.

import { NEW_LINK, type CatalogueEntry } from './entry.ts';

export const SIGN_ON_PROBLEMS = {
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
      'The token was withdrawn before it was used: by the partner, or because the user, the partner, the organization or the integration lost access.',
    fix: 'Ask for a new token; if access was taken away, once it has been given back.',
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
  'embedding-refused': {
    status: 403,
    title: 'Embedding page not registered',
    cause:
      'The link was opened in an iframe on a page whose origin is not registered for the integration, or which does not say its origin. The token has not been spent.',
    fix: 'Register the origin that `detail` names with `PATCH /v1/integration`. Where it names none, the page around the iframe keeps it back: give the iframe `referrerpolicy="strict-origin-when-cross-origin"`.',
    clinician: {
      heading: 'The portal cannot be shown on this page',
      advice:
        '{detail}. Please pass this on to whoever looks after {partner}; until then, open the portal in a tab of its own.',
    },
  },
  'cookie-refused': {
    status: 403,
    title: 'No cookie inside the frame',
    cause:
      'The browser keeps no cookie for the portal inside another site’s page, and the portal’s embedded pages need one. The token has not been spent.',
    fix: 'Offer the clinician a tab: `handoff-embed` does it by itself when `getLink` also makes links for a tab. The operator of a portal whose embedded pages can use a bearer sets `EMBED_WITHOUT_COOKIE=bearer`.',
    clinician: {
      heading: 'This browser does not let the portal sign you in here',
      advice: 'It keeps no cookies for a page that is shown inside another one. In a tab of its own the portal works.',
    },
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
  'session-changed': {
    status: 401,
    title: 'Somebody else is signed in',
    cause:
      'The session is not of the user and organization that `Handoff-Subject` names: since the page was made, somebody else has signed in to this browser.',
    fix: 'Do not act on this request. Make the page anew for whoever is signed in, or sign the page’s own user in again.',
    clinician: {
      heading: 'Somebody else has signed in here',
      advice: 'Nothing has been changed. Go back to your practice software and open the portal from there.',
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
} as const satisfies Record<string, CatalogueEntry>;

// The names that the peers' programs and whoever asks them have to agree on.

export const CLIENT_ID = 'sample-practice-software';
export const AUDIENCE = 'https://portal.example.com';
export const SCOPE = 'sso:create';
/** Of the session cookie in express-session.ts, as oauth2-proxy calls it. */
export const SESSION_COOKIE = '_oauth2_proxy';

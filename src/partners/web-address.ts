// Addresses of a partner's own pages: origins that may frame the portal, and where an error page leads back to. The command
// line and the partner's self-service hold them to the same rules.

export const MAX_EMBED_ORIGINS = 20;
const MAX_URL_LENGTH = 2_048;
// A host name has at most 253 characters (RFC 1035, 2.3.4), and there is a scheme and a port.
const MAX_ORIGIN_LENGTH = 270;

/** Whether http:// addresses of the own machine will do: in a sandbox, and for an operator who knows what they do. */
export type LocalHosts = 'local_hosts' | 'no_local_hosts';

function isWebUrl(url: URL, local: LocalHosts): boolean {
  const is_local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (is_local) return local === 'local_hosts' && /^https?:$/.test(url.protocol);
  return url.protocol === 'https:';
}

// It stands in a Content-Security-Policy, where * and ; mean something; the URL parser takes both in a host name.
const PLAIN_ORIGIN = /^https?:\/\/(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[::1\])(?::\d+)?$/;

/** True for an exact origin that may frame the portal. */
export function isEmbedOrigin(text: string, local: LocalHosts): boolean {
  const url =
    text.length <= MAX_ORIGIN_LENGTH && PLAIN_ORIGIN.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  return url?.origin === text && isWebUrl(url, local);
}

// The URL parser drops line breaks, takes a backslash for a slash and adds slashes that are missing; a page that the text is
// put into may read it otherwise.
const PLAIN_URL = /^https?:\/\/[^\s\\\p{Cc}\p{Cs}]+$/iu;

/** True for a page that a person may be sent back to. */
export function isReturnUrl(text: string, local: LocalHosts): boolean {
  if (text.length > MAX_URL_LENGTH || !PLAIN_URL.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return url.username === '' && url.password === '' && isWebUrl(url, local);
}

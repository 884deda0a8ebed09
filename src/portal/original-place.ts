// Which page a proxy asks about. Proxies tell it in X-Forwarded-Uri (Traefik, Caddy), X-Original-URI or X-Original-URL
// (nginx) or in the path itself (Envoy); a client can send the headers as well, so every one that is present has to agree.

import type { HttpBindings } from '@hono/node-server';
import { getPath } from 'hono/utils/url';
import { isEmbedPath, judgeRedirectPath } from '../handoff/redirect-path.ts';
import { type AppContext, header } from '../http/context.ts';
import type { Place } from './session-check.ts';

const VERIFY_PATH = '/auth/verify';
const BEHIND_VERIFY = `${VERIFY_PATH}/`;
const ORIGINAL_PATH_HEADERS = ['x-forwarded-uri', 'x-original-uri', 'x-original-url'];

function isBehindVerify(raw: string): boolean {
  return raw.startsWith(BEHIND_VERIFY);
}

/**
 * The path that a request is routed by. What a proxy appends to /auth/verify stays behind it: with its dot segments resolved,
 * the request would be for another address here, and one that answers 200 to anybody would let the client through.
 */
export function routedPath(request: Request, options?: { env?: HttpBindings }): string {
  return isBehindVerify(options?.env?.incoming.url ?? '') ? BEHIND_VERIFY : getPath(request);
}

/** The path as the client sent it: a parsed URL would have folded its dot segments already. */
function rawPathBehindVerify(c: AppContext): string | undefined {
  const raw = c.env.incoming.url ?? '';
  return isBehindVerify(raw) ? raw.slice(VERIFY_PATH.length) : undefined;
}

/** The path alone: what stands in a query decides nothing, and need not be as plain as a redirect_path's. */
function withoutQuery(path: string): string {
  return path.replace(/[?#].*$/s, '');
}

/** X-Original-URL is a whole URL by convention; one of another origin is no path of ours and stays as it is. */
function withoutOrigin(value: string, portal_url: string): string {
  return value.startsWith(`${portal_url}/`) ? value.slice(portal_url.length) : value;
}

const EMBED_RULES = { portal_origin: 'https://portal.invalid', allowed_prefixes: ['/embed'], own_paths: [] };

/** Under /embed in every reading a server behind the proxy could have of it, by the rule that redirect paths are held to. */
function isPlainEmbedPath(path: string): boolean {
  // The cheap question first: most pages are no embed pages.
  return isEmbedPath(path) && judgeRedirectPath(path, EMBED_RULES).ok;
}

/** Where the portal's own code asks: it may say for which page it does. Some proxies state the address of every request, this one's. */
export function statedPlace(c: AppContext, portal_url: string): Place {
  const stated = ORIGINAL_PATH_HEADERS.map((name) => header(c, name)).filter((path) => path !== undefined);
  const is_another = stated.some((path) => withoutQuery(withoutOrigin(path, portal_url)) !== c.req.path);
  return is_another ? originalPlace(c, portal_url) : 'unstated';
}

/** `embed` only if there is an original path and every copy of it says so; an embed session is refused in doubt. */
export function originalPlace(c: AppContext, portal_url: string): Place {
  const paths = [rawPathBehindVerify(c), ...ORIGINAL_PATH_HEADERS.map((name) => header(c, name))]
    .filter((path) => path !== undefined)
    .map((path) => withoutQuery(withoutOrigin(path, portal_url)));
  return paths.length > 0 && paths.every(isPlainEmbedPath) ? 'embed' : 'anywhere_else';
}

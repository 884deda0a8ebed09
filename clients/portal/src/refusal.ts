// What somebody gets who is not let in: problem details (RFC 9457) for a script, a page with a sentence for a person.

import { addPolicy, NOBODY_FRAMES } from './framing.ts';
import { FRAME_SCRIPT, FRAME_SCRIPT_HASH, STYLE, STYLE_HASH } from './refusal-page.ts';

type Words = { title: string; advice: string };

const GO_BACK = 'Go back to your practice software and open the portal from there.';

/** Of Handoff's problems, and of this package's own: `session-invalid` and `handoff-away`. */
const WORDS: Record<string, Words> = {
  'session-required': { title: 'You are not signed in', advice: GO_BACK },
  'session-expired': { title: 'You have been signed out', advice: GO_BACK },
  'session-embed-only': { title: 'You are not signed in to this page', advice: GO_BACK },
  'session-changed': { title: 'Somebody else has signed in', advice: `The page was made for another user. ${GO_BACK}` },
  'cross-site-request': { title: 'Another page tried to do this for you', advice: 'Nothing has been changed.' },
  'handoff-away': { title: 'The portal cannot look up who you are', advice: 'Please try again in a minute.' },
};

const NOT_SIGNED_IN: Words = { title: 'You are not signed in', advice: GO_BACK };

/** Who is refused, and what for. */
export type Refusal = {
  readonly status: 401 | 403 | 503;
  /** Last part of the problem's type: why identify() found nobody, `cross-site-request` or `handoff-away`. */
  readonly slug: string;
  /** Two sentences for a person. */
  readonly title: string;
  readonly advice: string;
  /** A person looks at the answer, in a tab or frame. */
  readonly isPage: boolean;
};

/**
 * What a portal answers instead: the way to a page of its own that needs no session, or a body. Nobody may frame that, unless
 * `frameAncestors` says otherwise: `frame-ancestors https:` for a page that holds nothing to act upon.
 */
export type RefusalAnswer = { redirect: string } | { body: string; contentType: string; frameAncestors?: string };

/** Undefined for what this package answers. */
export type OnRefused = (refusal: Refusal) => RefusalAnswer | undefined | Promise<RefusalAnswer | undefined>;

export type Answer = { status: number; headers: Record<string, string>; body: string };

export function refusalOf(status: Refusal['status'], slug: string, isPage: boolean): Refusal {
  return { status, slug, ...(WORDS[slug] ?? NOT_SIGNED_IN), isPage };
}

/** It holds nothing to act upon, so that it may be read in whatever frame it is. */
const ANY_FRAME = 'frame-ancestors https: http:';

function headersOf({ status }: Refusal): Record<string, string> {
  return {
    'cache-control': 'no-store',
    vary: 'Cookie, Authorization',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    // RFC 9110, 11.6.1 and 10.2.3
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(status === 503 && { 'retry-after': '5' }),
  };
}

function problem({ status, slug, title, advice }: Refusal, problemBaseUrl: string): string {
  return JSON.stringify({ type: `${problemBaseUrl}/${slug}`, title, status, detail: advice });
}

/** Every word in it is one of the constants above. */
function page({ slug, title, advice }: Refusal): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body data-problem="${/^[a-z-]*$/.test(slug) ? slug : ''}">
<main>
<h1>${title}</h1>
<p>${advice}</p>
</main>
<script>${FRAME_SCRIPT}</script>
</body>
</html>
`;
}

const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; script-src 'sha256-${FRAME_SCRIPT_HASH}'; base-uri 'none'; form-action 'none'`;

function standard(refusal: Refusal, problemBaseUrl: string): Answer {
  const headers = headersOf(refusal);
  if (!refusal.isPage) {
    const json = { 'content-type': 'application/problem+json', 'content-security-policy': ANY_FRAME };
    return { status: refusal.status, headers: { ...headers, ...json }, body: problem(refusal, problemBaseUrl) };
  }
  const html = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': addPolicy(PAGE_POLICY, ANY_FRAME),
  };
  return { status: refusal.status, headers: { ...headers, ...html }, body: page(refusal) };
}

/** The portal's own answer where it has one. */
export async function answerRefusal(
  refusal: Refusal,
  { problemBaseUrl, onRefused }: { problemBaseUrl: string; onRefused: OnRefused | undefined },
): Promise<Answer> {
  const own = await onRefused?.(refusal);
  if (own === undefined) return standard(refusal, problemBaseUrl);
  const headers = headersOf(refusal);
  if ('redirect' in own) return { status: 303, headers: { ...headers, location: own.redirect }, body: '' };
  const { body, contentType, frameAncestors = NOBODY_FRAMES } = own;
  const content = { 'content-type': contentType, 'content-security-policy': frameAncestors };
  return { status: refusal.status, headers: { ...headers, ...content }, body };
}

// What became of a link in a frame, read from the answers of /auth/sso on the way: the reading behind the checks of checks/link.ts and
// checks/cookies.ts.

import { isProblemSlug, type ProblemSlug } from '../foundation/problem-catalogue.ts';
import type { SetCookie } from './cookie.ts';
import { type Markup, readMarkup } from './markup.ts';
import type { Answer } from './exchange.ts';
import { type Hop, redirectOf, type Walk } from './walk.ts';

/** The path of every link, on the portal's origin. */
export const LINK_PATH = '/auth/sso';

export type Outcome =
  /** Signed in, by a cookie in the frame. */
  | { kind: 'cookie' }
  /** Sent on, with nothing spent: the page signs in through the page around it. */
  | { kind: 'bearer' }
  /** A page that says so, and offers a tab; nothing spent. */
  | { kind: 'tab' }
  /** A page with a button; nothing spent. */
  | { kind: 'asked' }
  | { kind: 'refused'; problem: ProblemSlug; request_id: string | undefined; markup: Markup }
  /** Sent in circles, or to another origin. */
  | { kind: 'astray' }
  /** No answer of Handoff's to a frame, or none at all; `request_id` where it is Handoff's all the same. */
  | { kind: 'unclear'; status: number | undefined; request_id?: string | undefined };

function isLinkHop({ answer }: Hop): boolean {
  return answer.url.pathname === LINK_PATH;
}

/** By a part of its name, because what changes cookies on the way changes names too. */
function cookieLike({ set_cookies }: Hop, part: string): SetCookie | undefined {
  return set_cookies.find(({ name }) => name.includes(part));
}

export function probeCookieOf(walk: Walk): SetCookie | undefined {
  return walk.hops.filter(isLinkHop).flatMap((hop) => cookieLike(hop, 'handoff-probe') ?? [])[0];
}

/** The one that signs in, not one that clears another. */
export function sessionCookieOf(walk: Walk): SetCookie | undefined {
  return walk.hops
    .filter(isLinkHop)
    .flatMap((hop) =>
      hop.set_cookies.filter(({ name, value }) => name.includes('handoff') && value.startsWith('ses_')),
    )[0];
}

/** The requests that came back from the first redirect, to the same link. */
export function secondArrival(walk: Walk): Hop | undefined {
  return walk.hops.filter(isLinkHop).find(({ answer }) => answer.url.searchParams.get('probe') === '1');
}

function readPage(answer: Answer): Outcome {
  const { status, headers } = answer;
  const markup = readMarkup(answer.body, answer.url);
  const { kind, problem = '' } = markup.answer;
  const request_id = /^req_[\w-]{1,64}$/.exec(headers.get('x-request-id') ?? '')?.[0];
  if (kind === 'asking') return { kind: 'asked' };
  if (kind !== 'error' || !isProblemSlug(problem)) return { kind: 'unclear', status, request_id };
  return problem === 'cookie-refused' ? { kind: 'tab' } : { kind: 'refused', problem, request_id, markup };
}

/** From the last answer of /auth/sso; what follows it is the portal's. */
export function outcomeOf(walk: Walk): Outcome {
  const last = walk.hops.findLast(isLinkHop);
  if (last === undefined) return { kind: 'unclear', status: undefined };
  if (sessionCookieOf(walk) !== undefined) return { kind: 'cookie' };
  const redirect = redirectOf(last.answer);
  if (redirect === undefined) return readPage(last.answer);
  return redirect.to?.origin === last.answer.url.origin && redirect.to.pathname !== LINK_PATH
    ? { kind: 'bearer' }
    : { kind: 'astray' };
}

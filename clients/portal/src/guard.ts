// The middleware without a framework: who is let in, with which headers the page goes out, and what the others get.

import { HandoffAwayError } from './errors.ts';
import { addPolicy, NOBODY_FRAMES } from './framing.ts';
import type { Portal } from './portal.ts';
import { type Answer, answerRefusal, type OnRefused, type Refusal, refusalOf } from './refusal.ts';
import { isNavigation, type PortalRequest, type ReadRequest, readRequest } from './request.ts';
import { changesNothing, isSameOrigin } from './same-origin.ts';
import type { SignedIn } from './signed-in.ts';

export type GuardOptions = {
  /** `false` lets in whoever is not signed in, too. When nobody can say who is, the answer is 503 all the same. Default `true`. */
  required?: boolean;
  /** An answer of the portal's own for somebody who is not let in. */
  onRefused?: OnRefused;
  /** `false` lets pages of other sites send what changes something: for routes that look after that themselves. Default `true`. */
  sameOrigin?: boolean;
};

/** What a page has to go out with: a Content-Security-Policy beside its own, and headers for caches by what kind it is. */
export type PagePolicy = { kind: 'page' | 'shell'; frameAncestors: string };
export type Admitted = { signedIn: SignedIn | undefined; policy: PagePolicy };
export type Guarded = (Admitted & { refused: undefined }) | { refused: Answer };

type Verdict = Admitted | { status: Refusal['status']; slug: string };

async function judge(
  portal: Portal,
  { request, read }: { request: PortalRequest; read: ReadRequest },
  { required = true, sameOrigin = true }: GuardOptions,
): Promise<Verdict> {
  if (sameOrigin && !changesNothing(read) && !isSameOrigin(read, portal.portalUrl)) {
    return { status: 403, slug: 'cross-site-request' };
  }
  const { signedIn, reason } = await portal.identify(request);
  if (signedIn === undefined && required) return { status: 401, slug: reason };
  return { signedIn, policy: { kind: 'page', frameAncestors: signedIn?.frameAncestors ?? NOBODY_FRAMES } };
}

async function answerAway(error: unknown): Promise<Verdict> {
  if (error instanceof HandoffAwayError) return { status: 503, slug: 'handoff-away' };
  throw error;
}

async function conclude(
  verdict: Verdict,
  { portal, read, onRefused }: { portal: Portal; read: ReadRequest; onRefused: OnRefused | undefined },
): Promise<Guarded> {
  if ('policy' in verdict) return { ...verdict, refused: undefined };
  const refusal = refusalOf(verdict.status, verdict.slug, isNavigation(read));
  const { problemBaseUrl } = portal;
  return { refused: await answerRefusal(refusal, { problemBaseUrl, onRefused }) };
}

/** For pages and requests of somebody who is signed in. */
export async function guardRequest(portal: Portal, request: PortalRequest, options: GuardOptions): Promise<Guarded> {
  const read = readRequest(request);
  const verdict = await judge(portal, { request, read }, options).catch(answerAway);
  return conclude(verdict, { portal, read, onRefused: options.onRefused });
}

/** For embedded documents that are the same for everybody and sign in by their script. */
export async function guardShell(portal: Portal, request: PortalRequest): Promise<Guarded> {
  const framed = async (): Promise<Verdict> => {
    return { signedIn: undefined, policy: { kind: 'shell', frameAncestors: await portal.framing(request) } };
  };
  const verdict = await framed().catch(answerAway);
  return conclude(verdict, { portal, read: readRequest(request), onRefused: undefined });
}

/** The headers of a page that is about to go out. */
export type PageHeaders = { get: (name: string) => string | undefined; set: (name: string, value: string) => void };

/** What the answer depends on. Who may frame a shell, Handoff says by the page around the frame. */
const VARY = { page: ['Cookie', 'Authorization'], shell: ['Cookie', 'Referer'] };

function withVary(own: string | undefined, kind: PagePolicy['kind']): string {
  const named = (own ?? '').split(',').map((name) => name.trim());
  const listed = named.filter((name) => name !== '');
  const missing = VARY[kind].filter(
    (name) => !listed.some((other) => other === '*' || other.toLowerCase() === name.toLowerCase()),
  );
  return [...listed, ...missing].join(', ');
}

/**
 * Adds what has to hold to what the page says of itself: the policy stands beside its own, and no cache keeps it unless it says so. No
 * cache keeps a shell at all: it would be shown with who could frame it elsewhere.
 */
export function secureHeaders({ get, set }: PageHeaders, { kind, frameAncestors }: PagePolicy): void {
  set('content-security-policy', addPolicy(get('content-security-policy'), frameAncestors));
  set('vary', withVary(get('vary'), kind));
  if (kind === 'shell' || get('cache-control') === undefined) set('cache-control', 'no-store');
}

// handoff-portal: who is signed in, for the portal behind Handoff. Middleware is in handoff-portal/hono, /express and /fastify, the
// browser's side of an embedded page in handoff-portal/browser.

export { type AwayCode, CrossSiteRequestError, HandoffAwayError } from './errors.ts';
export { addPolicy } from './framing.ts';
export type { GuardOptions } from './guard.ts';
export { createPortal, type Portal } from './portal.ts';
export { protect, type Protected, protectShell } from './protect.ts';
export type { OnRefused, Refusal, RefusalAnswer } from './refusal.ts';
export type { PortalRequest } from './request.ts';
export { requireSameOrigin } from './same-origin.ts';
export type { AskOptions, OfflineOptions, PortalOptions } from './settings.ts';
export type { Identity, NotSignedIn, NotSignedInReason, Session, SignedIn } from './signed-in.ts';

// What to tell the clinician, and your log, when there is no link. The same for every framework.

import { HandoffError } from 'handoff-client';

export type Failure = { status: 403 | 500 | 503; sentence: string };

const NO_ACCESS = new Set<string>(['user-not-found', 'user-suspended']);

/** These have been tried again already. */
const PASSING = new Set<string>([
  'connection-failed',
  'timed-out',
  'too-many-requests',
  'internal-error',
  'service-unavailable',
]);

/** @throws what is no failure of Handoff, for the framework's own error handler */
export function describeFailure(error: unknown): Failure {
  if (!(error instanceof HandoffError)) throw error;
  const { slug, status, requestId } = error;
  // `handoff.attempts.get(requestId)` says what was expected, and the fix. The error holds no secret, no link and no path, and may be
  // logged whole as well.
  console.error(JSON.stringify({ event: 'handoff_failed', slug, status, request_id: requestId }));
  const reference = requestId === undefined ? '' : ` Reference: ${requestId}`;
  if (NO_ACCESS.has(slug)) {
    return {
      status: 403,
      sentence: `You have no access to the portal. Please ask your clinic’s administrator.${reference}`,
    };
  }
  if (PASSING.has(slug)) {
    return { status: 503, sentence: `The portal does not answer. Please try again in a minute.${reference}` };
  }
  // Credentials, the path, the integration: not the clinician's fault, and not for her to read.
  return { status: 500, sentence: `The portal could not be opened.${reference}` };
}

// Any error as the Problem that a request ends in: a Problem is itself, a database that is away is 503, the rest is our fault.

import { Problem } from '../foundation/problem.ts';
import { isDatabaseAway } from './errors.ts';

const RETRY_AFTER_SECONDS = 5;

/** 503 and when to come again. */
export function unavailable(detail: string, cause?: unknown): Problem {
  const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) };
  return new Problem('service-unavailable', detail, { cause, headers });
}

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isDatabaseAway(error)) return unavailable('The service is not available at the moment', error);
  return new Problem('internal-error', 'An unexpected error occurred', { cause: error });
}

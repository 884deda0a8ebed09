// Any error as the Problem that a request ends in: a Problem is itself, a database that is away is 503, the rest is our fault.

import { Problem } from '../foundation/problem.ts';
import { isDatabaseAway } from './database.ts';

const RETRY_AFTER_SECONDS = 5;

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isDatabaseAway(error)) {
    const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) };
    return new Problem('service-unavailable', 'The service is not available at the moment', { cause: error, headers });
  }
  return new Problem('internal-error', 'An unexpected error occurred', { cause: error });
}

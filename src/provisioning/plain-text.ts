import { z } from 'zod';

// No control characters, which PostgreSQL (U+0000) or a screen could not hold, and nothing that would make a name look like
// another one on a page: overrides of the writing direction, line separators. Joiners stay: Persian and emoji need them.
const PLAIN = /^[^\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/u;

/** Trimmed text for people and forms. */
export function plainText(most: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(PLAIN, 'must not contain control characters or marks that turn the direction of text')
    .regex(/[\p{L}\p{N}]/u, 'must contain a letter or digit');
}

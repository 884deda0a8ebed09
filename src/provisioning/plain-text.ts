import { z } from 'zod';

/** Trimmed text for people and forms: no control characters, which PostgreSQL (U+0000) or a screen could not hold. */
export function plainText(most: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters');
}

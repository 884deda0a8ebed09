// Lists of the partner API: a limit, a cursor, and what an answer says of the rest. Spelled as the contract spells it.

import { z } from 'zod';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 50;

/** The query parameter `limit`. */
export const pageLimit = z
  .string()
  .refine((text) => /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_LIMIT, {
    message: `must be a whole number from 1 to ${MAX_LIMIT}`,
    params: { code: 'invalid_value' },
  })
  .transform(Number)
  .default(DEFAULT_LIMIT);

/** The query parameter `lastKey`: the id that the page before ended with, to be taken as it came. */
export function pageCursor(prefix: 'usr' | 'ses' | 'evt') {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-f]{32}$`), 'must be the lastKey of the page before')
    .optional();
}

/** `lastKey` is where the next page goes on; null on the last one. */
export type Pagination = { count: number; hasNext: boolean; limit: number; lastKey: string | null };

/** A page from one row more than was asked for, which tells whether there is a next one. */
export function paginate<Row>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
): { page: Row[]; pagination: Pagination } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const hasNext = rows.length > limit;
  const lastKey = hasNext && last !== undefined ? keyOf(last) : null;
  return { page, pagination: { count: page.length, hasNext, limit, lastKey } };
}

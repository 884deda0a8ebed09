// How big the databases of bench:scale are, and which ids are in them. Pure.

/** Users, and everything that grows with them. */
export type Size = { users: number; organizations: number; audit_rows: number; tokens: number; sessions: number };

/** Ten audit rows and a receipt a user, a clinic of a thousand, a tenth of them signed in. */
export function sizeOf(users: number): Size {
  return {
    users,
    organizations: Math.max(1, Math.round(users / 1000)),
    audit_rows: users * 10,
    tokens: users,
    sessions: Math.ceil(users / 10),
  };
}

/** Measured: a row of each table with its indexes, on the engine that needs more. */
const BYTES = { user: 950, audit_row: 850, token: 500, session: 700 };

/** What a database of a size needs at the most, in bytes, with room for its log. */
export function diskBytes({ users, audit_rows, tokens, sessions }: Size): number {
  const rows = users * BYTES.user + audit_rows * BYTES.audit_row + tokens * BYTES.token + sessions * BYTES.session;
  return Math.round(rows * 1.2) + 50_000_000;
}

/** An odd number that spreads neighbours over the whole of 60 bits' worth of digits. */
export const SPREAD = 2_654_435_761n;

/**
 * The id of the n-th row of a kind, made at `moment` (milliseconds): a UUID version 7 as the product writes them, with digits in
 * place of randomness that follow from n. fill.ts has the same in SQL.
 */
export function idOf(prefix: string, n: number, moment: number): string {
  const digits = (value: bigint | number, width: number) => value.toString(16).padStart(width, '0');
  return `${prefix}_${digits(moment, 12)}7${digits(n % 4096, 3)}8${digits(BigInt(n) * SPREAD, 15)}`;
}

/** Up to `count` of the numbers below `total`, evenly spaced and in an order that jumps about. */
export function scattered(total: number, count: number): number[] {
  const wanted = Math.min(total, count);
  const numbers = Array.from({ length: wanted }, (_, index) => Math.floor((index * total) / wanted));
  return numbers.toSorted(
    (one, other) => Number((BigInt(one) * SPREAD) % 1_000_003n) - Number((BigInt(other) * SPREAD) % 1_000_003n),
  );
}

// Medians, percentiles and ratios of rounds. Pure.

/** The least value that `percent` of the values do not exceed (nearest rank); 0 when there are none. `sorted` ascending. */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.max(0, rank - 1)] ?? 0;
}

/** The mean of the two in the middle when their number is even; 0 when there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
}

export type Spread = { median: number; least: number; greatest: number };

export function spread(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), greatest: Math.max(...values) };
}

/**
 * How often one is the other: the median of the ratios round by round. What slowed both down in one round, such as another
 * process on the machine, cancels out. Undefined unless both ran in the same rounds.
 */
export function ratioByRound(ones: readonly number[], others: readonly number[]): number | undefined {
  if (ones.length === 0 || ones.length !== others.length) return undefined;
  return median(ones.map((one, round) => one / (others[round] ?? Number.NaN)));
}

/** The order of contestants in a round: each begins once in a while, so that none always follows the same neighbour's heat. */
export function rotate<T>(list: readonly T[], round: number): T[] {
  const from = list.length === 0 ? 0 : round % list.length;
  return [...list.slice(from), ...list.slice(0, from)];
}

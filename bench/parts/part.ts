// One thing to be done, in several ways, and how long each takes.

import { median, ratioByRound, rotate } from '../report/statistics.ts';

/** `run` does it `times` times. */
export type Variant = { name: string; times: number; run: () => Promise<void> | void };
export type Part = { name: string; variants: Variant[] };

export type Timed = { name: string; variants: { name: string; microseconds: number; ratio: number }[] };

async function microsecondsOf({ times, run }: Variant): Promise<number> {
  const started = performance.now();
  await run();
  return ((performance.now() - started) * 1000) / times;
}

async function timePart({ name, variants }: Part, rounds: number): Promise<Timed> {
  const figures = new Map(variants.map((variant): [Variant, number[]] => [variant, []]));
  // Compiled, and in the caches, before it counts.
  for (const variant of variants) await microsecondsOf(variant);
  for (let round = 0; round < rounds; round += 1)
    for (const variant of rotate(variants, round)) figures.get(variant)?.push(await microsecondsOf(variant));
  const [first = []] = figures.values();
  return {
    name,
    variants: [...figures].map(([variant, values]) => ({
      name: variant.name,
      microseconds: median(values),
      ratio: ratioByRound(values, first) ?? Number.NaN,
    })),
  };
}

export async function timeParts(parts: readonly Part[], rounds: number): Promise<Timed[]> {
  const timed: Timed[] = [];
  for (const part of parts) timed.push(await timePart(part, rounds));
  return timed;
}

// What a run has measured, as data: what results.ts makes a page of.

import type { Kind } from '../field/contestant.ts';
import type { Machine } from '../measure/machine.ts';
import type { MemoryRun } from '../measure/memory.ts';
import type { PacedRound, Round } from '../measure/round.ts';
import type { TwoRounds } from '../measure/two-processes.ts';

export type CaseResult = { name: string; kind: Kind; floor?: string; rounds: Round[] };

export type PacedResult = { name: string; rounds: PacedRound[] };

export type ServerResult = {
  name: string;
  about: string;
  startups_ms: number[];
  rss_start_mb: number;
  rss_end_mb: number;
};

export type Run = {
  date: string;
  command: string;
  machine: Machine;
  /** Name and version of what took part. */
  versions: [string, string][];
  load: { generator: string; connections: number; seconds: number; rounds: number };
  cores: { server: string; load: string };
  cases: CaseResult[];
  servers: ServerResult[];
  paced: PacedResult[];
  two?: TwoRounds;
  memory?: MemoryRun;
};

/** What bench:scale has measured last. */
export type ScaleSummary = {
  date: string;
  commit: string;
  /** Of that run’s databases. */
  users: { least: number; most: number };
  /** Requests a second at most users against fewest, by case. */
  growth: Record<string, number>;
  /** p99 of mints during a sweep against without, by engine. */
  sweep: Record<string, number>;
};

/** Everything that is wrong with a run: with any of it the figures are worth nothing. */
export function errorsOf({ cases, paced, two, memory }: Run): string[] {
  return [
    ...cases.flatMap(({ name, rounds }) => rounds.map(({ errors, wrong }) => ({ name, errors, wrong }))),
    ...paced.flatMap(({ name, rounds }) =>
      rounds.map(({ errors, wrong }) => ({ name: `${name}, paced`, errors, wrong })),
    ),
    { name: 'two processes', errors: two?.errors ?? 0, wrong: [] },
    { name: 'memory', errors: memory?.errors ?? 0, wrong: [] },
  ]
    .filter(({ errors }) => errors > 0)
    .map(({ name, errors, wrong }) => `${name}: ${errors} errors${wrong.length > 0 ? ` (${wrong.join('; ')})` : ''}`);
}

// All cases, round after round: every case once a round, each round beginning with another one.

import { rotate } from '../report/statistics.ts';
import { type Loading, type PacedRound, type Round, runPacedRound, runRound, type Subject } from './round.ts';

export type CaseRounds<R> = Map<string, R[]>;

/** Told what is being measured, for whoever waits. */
export type Progress = (line: string) => void;

/** Expected of a case that has not run yet, in requests a second: enough for a warm-up. */
const FIRST_GUESS = 2_500;
/** How much faster than its fastest round so far a case may become before it runs out of requests that work once. */
const HEADROOM = 1.4;

export type Plan = { rounds: number; seconds: number; warm_up_seconds: number };

function fastest(rounds: readonly Round[] | undefined): number {
  return Math.max(0, ...(rounds ?? []).map(({ requests_per_second }) => requests_per_second));
}

/** Runs the plan; what the warm-up measured is thrown away. */
export async function runRounds(
  subjects: readonly Subject[],
  { rounds, seconds, warm_up_seconds }: Plan,
  { loading, progress }: { loading: Loading; progress: Progress },
): Promise<CaseRounds<Round>> {
  const measured: CaseRounds<Round> = new Map();
  const warm = new Map<string, number>();
  for (const subject of subjects) {
    const round = await runRound(subject, { seconds: warm_up_seconds, expected: FIRST_GUESS }, loading);
    warm.set(subject.one.name, round.requests_per_second);
    measured.set(subject.one.name, []);
    progress(describeRound('warm-up', subject.one.name, round));
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of rotate(subjects, round)) {
      const { name } = subject.one;
      const expected = HEADROOM * Math.max(fastest(measured.get(name)), warm.get(name) ?? FIRST_GUESS);
      const figures = await runRound(subject, { seconds, expected }, loading);
      measured.get(name)?.push(figures);
      progress(describeRound(`round ${round + 1} of ${rounds}`, name, figures));
    }
  }
  return measured;
}

function describeRound(when: string, name: string, round: Round): string {
  const { requests_per_second, p99_ms, errors, wrong } = round;
  const failed = errors === 0 ? '' : `, ${errors} errors ${wrong.join('; ')}`;
  return `${when}: ${name}: ${Math.round(requests_per_second)} req/s, p99 ${p99_ms.toFixed(1)} ms${failed}`;
}

export type PacedSubject = Subject & { yields: boolean };

const SHARE_OF_PEAK = 0.8;
const PEAK_SECONDS_AT_MOST = 2;

/** The same at a fixed rate: a share of what the case did at full load right before, because machines change with the minute. */
export async function runPacedRounds(
  subjects: readonly PacedSubject[],
  { rounds, seconds }: Omit<Plan, 'warm_up_seconds'>,
  { loading, progress }: { loading: Loading; progress: Progress },
): Promise<CaseRounds<PacedRound>> {
  const measured: CaseRounds<PacedRound> = new Map();
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of rotate(subjects, round)) {
      const { name } = subject.one;
      const at_peak = { seconds: Math.min(seconds, PEAK_SECONDS_AT_MOST), expected: FIRST_GUESS };
      const peak = await runRound(subject, at_peak, loading);
      const rate = SHARE_OF_PEAK * peak.requests_per_second;
      const steady = await runPacedRound(subject, { ...subject, rate, seconds }, loading);
      const figures = { ...steady, errors: steady.errors + peak.errors, wrong: [...peak.wrong, ...steady.wrong] };
      measured.set(name, [...(measured.get(name) ?? []), figures]);
      const { p50_ms, p99_ms, errors, wrong } = figures;
      const failed = errors === 0 ? '' : `, ${errors} errors ${wrong.join('; ')}`;
      const latency = `p50 ${p50_ms.toFixed(2)} ms, p99 ${p99_ms.toFixed(2)} ms`;
      progress(`paced ${round + 1} of ${rounds}: ${name}: ${Math.round(rate)} req/s, ${latency}${failed}`);
    }
  }
  return measured;
}

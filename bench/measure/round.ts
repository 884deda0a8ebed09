// One round of one case: fresh requests, load, answers checked meanwhile, processor time and rows before and after.

import { setTimeout as pause } from 'node:timers/promises';
import type { Case } from '../field/contestant.ts';
import { type Generator, type Load, runLoad, runPacedLoad } from '../load/load.ts';
import type { PacedFigures } from '../load/paced.ts';
import type { HttpRequest } from '../load/request.ts';
import { CHECKS_PER_SECOND, startChecking } from './checker.ts';
import type { RunningProgram } from './process.ts';

/** How all rounds of a run are loaded. */
export type Loading = { generator: Generator; connections: number; cores: string; folder: string };

export type Subject = { one: Case; server: RunningProgram };

export type Round = {
  requests_per_second: number;
  /** Of the server, all threads, for each answer. */
  cpu_us: number;
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
  /** Refusals, lost connections, timeouts, wrong answers, rows that do not add up. */
  errors: number;
  /** The first few of them in words. */
  wrong: string[];
};

/** Answers to requests that were cut off at the end of the load are made, and nobody counts them. */
const SETTLE_MILLISECONDS = 150;

/** The requests of a round: those for the load and those for the checker, different ones where each works once. */
async function takeRequests(one: Case, { count, seconds }: { count: number; seconds: number }) {
  const checks = Math.ceil(seconds + 2) * CHECKS_PER_SECOND;
  if (one.once) {
    const fresh = await one.requests(count + checks);
    return { load: fresh.slice(checks), check: fresh.slice(0, checks) };
  }
  const requests = await one.requests(count);
  const check = Array.from({ length: checks }, (_, index) => requests[(index * 7) % requests.length]);
  return { load: requests, check: check.filter((request) => request !== undefined) };
}

/** At the end of a round one request a connection is under way, and none is sent again. */
function cutOff(connections: number): number {
  return connections + 1;
}

/** Says if the rows that a case leaves are as many as its answers; those that were cut off may have left one or not. */
function rowsMissing(rows: number, { answers, cut_off }: { answers: number; cut_off: number }): string | undefined {
  if (rows >= answers && rows <= answers + cut_off) return undefined;
  return `${answers} answers, but ${rows} rows`;
}

type Whole = { answers: number; errors: number; cpu_us: number; wrong: string[] };

/** Runs `load` against a case with everything around it that makes its figures worth believing. */
async function watched<F extends { answers: number; errors: number }>(
  { one, server }: Subject,
  { connections, ...requests }: { load: HttpRequest[]; check: HttpRequest[]; connections: number },
  load: (requests: readonly HttpRequest[]) => Promise<F>,
): Promise<F & Whole> {
  const rows_before = await one.countRows?.();
  const cpu_before = server.cpuMilliseconds();
  const stopChecking = startChecking(one, server.port, requests.check);
  const figures = await load(requests.load);
  const checked = await stopChecking();
  const cpu_ms = server.cpuMilliseconds() - cpu_before;
  await pause(SETTLE_MILLISECONDS);
  const rows_after = await one.countRows?.();
  const answers = figures.answers + checked.answers;
  const missing =
    rows_before === undefined || rows_after === undefined
      ? undefined
      : rowsMissing(rows_after - rows_before, { answers, cut_off: cutOff(connections) });
  const wrong = missing === undefined ? checked.wrong : [...checked.wrong, missing];
  return {
    ...figures,
    errors: figures.errors + wrong.length,
    cpu_us: (cpu_ms * 1000) / answers,
    wrong: wrong.slice(0, 3),
  };
}

/**
 * One round at full load. `expected`: about how many requests a second there will be, for those that work once. Where they did not
 * suffice the round does not count, because wrk takes the whole time for its length however early it ended, and is run again.
 */
export async function runRound(
  subject: Subject,
  { seconds, expected }: { seconds: number; expected: number },
  loading: Loading,
): Promise<Round> {
  const { connections } = loading;
  const count = Math.ceil(expected * seconds) + connections;
  const requests = await takeRequests(subject.one, { count, seconds });
  const figures = await watched(subject, { ...requests, connections }, (load) =>
    runLoad(loading.generator, loadOf(subject, { seconds, requests: load }, loading)),
  );
  const ran_out = subject.one.once && figures.answers >= requests.load.length - connections;
  if (ran_out) return runRound(subject, { seconds, expected: expected * 2 + 100 }, loading);
  const { answers, cpu_us, p50_ms, p99_ms, max_ms, errors, wrong } = figures;
  return { requests_per_second: answers / figures.seconds, cpu_us, p50_ms, p99_ms, max_ms, errors, wrong };
}

export function loadOf(
  { one, server }: Subject,
  { seconds, requests }: { seconds: number; requests: readonly HttpRequest[] },
  { connections, cores, folder }: Loading,
): Load {
  return { port: server.port, connections, seconds, requests, once: one.once, cores, folder };
}

/** `asked`: the rate that was asked for, in requests a second. */
export type PacedRound = PacedFigures & { asked: number; wrong: string[] };

/** One round at a fixed rate. */
export async function runPacedRound(
  subject: Subject,
  { seconds, rate, yields, series }: { seconds: number; rate: number; yields: boolean; series?: string },
  loading: Loading,
): Promise<PacedRound> {
  const requests = await takeRequests(subject.one, { count: Math.ceil(rate * seconds), seconds });
  const { status } = subject.one;
  const { connections } = loading;
  const figures = await watched(subject, { ...requests, connections }, (load) =>
    runPacedLoad(loadOf(subject, { seconds, requests: load }, loading), {
      rate,
      status,
      yields,
      ...(series !== undefined && { series }),
    }),
  );
  return { ...figures, asked: rate };
}

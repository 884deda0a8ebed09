// Each goal with the figure of a run that decides it.

import { median, ratioByRound } from './statistics.ts';
import type { Goal } from './goals.ts';
import type { PacedResult, Run, ScaleSummary } from './run.ts';

const ratesOf = ({ cases }: Run, name: string) =>
  cases.find((one) => one.name === name)?.rounds.map(({ requests_per_second }) => requests_per_second) ?? [];

/** How often one case is another, round by round. */
export function ratio(run: Run, one: string, other: string): number | undefined {
  return ratioByRound(ratesOf(run, one), ratesOf(run, other));
}

/** Answers come a little later than requests; with less than this share in time, the server has not kept pace. */
const KEPT_PACE = 0.95;

/** How much greater p99 is than p50, round by round; infinite where the server did not keep pace. */
export function tail({ rounds }: PacedResult): number {
  if (median(rounds.map(({ rate, asked }) => rate / asked)) < KEPT_PACE) return Number.POSITIVE_INFINITY;
  return median(rounds.map(({ p50_ms, p99_ms }) => p99_ms / p50_ms));
}

/** Last quarter of the samples against the second: 1 is flat. Undefined with too few samples to tell. */
export function memoryGrowth({ memory }: Run): number | undefined {
  const samples = memory?.samples.map(({ rss_mb }) => rss_mb) ?? [];
  const quarter = Math.floor(samples.length / 4);
  if (quarter === 0) return undefined;
  return median(samples.slice(-quarter)) / median(samples.slice(quarter, 2 * quarter));
}

function ratioGoals(run: Run): Goal[] {
  const goal = (text: string, [one, other]: [string, string], at_least: number): Goal => ({
    goal: text,
    measured: ratio(run, one, other),
    unit: '×',
    at_least,
  });
  const [mint, redeem] = ['Handoff mint, SQLite', 'Handoff redeem, SQLite'];
  return [
    goal('mint against its floor (raw + sign)', [mint, 'raw + sign'], 0.75),
    goal('mint against oidc-provider', [mint, 'oidc-provider'], 2.5),
    goal('mint against better-auth’s generate', [mint, 'better-auth generate'], 20),
    goal('redeem against its floor (raw + verify)', [redeem, 'raw + verify'], 0.75),
    goal('redeem against better-auth’s verify', [redeem, 'better-auth verify'], 15),
    goal('/auth/verify against raw node:http', ['Handoff /auth/verify, SQLite', 'raw'], 0.6),
    goal('mint on PostgreSQL against SQLite', ['Handoff mint, PostgreSQL', mint], 0.6),
  ];
}

/** Undefined unless that run reached a million users. */
function growthOf(scale: ScaleSummary | undefined): [string, number | undefined][] {
  const is_whole = scale !== undefined && scale.users.most >= 1_000_000 && scale.users.least <= 1_000;
  const growth = Object.entries(is_whole ? scale.growth : {});
  return growth.length > 0 ? growth : [['mint and /auth/verify', undefined]];
}

function sweepOf(scale: ScaleSummary | undefined): [string, number | undefined][] {
  const sweep = Object.entries(scale?.sweep ?? {});
  return sweep.length > 0 ? sweep : [['SQLite and PostgreSQL', undefined]];
}

/** Every goal, in the order of the table. */
export function goalsOf(run: Run, scale: ScaleSummary | undefined): Goal[] {
  const start = run.servers.find(({ name }) => name === 'Handoff on SQLite')?.startups_ms;
  const last = run.memory?.samples.at(-1);
  const enough = last !== undefined && last.answers >= 1_000_000 ? last.rss_mb : undefined;
  return [
    ...ratioGoals(run),
    ...run.paced
      .filter(({ name }) => name.startsWith('Handoff'))
      .map((one): Goal => ({
        goal: `p99 against p50 at 80 % of peak: ${one.name}`,
        measured: tail(one),
        unit: '×',
        at_most: 4,
      })),
    ...growthOf(scale).map(([name, measured]): Goal => ({
      goal: `1 M users and 10 M audit rows against 1,000 users: ${name} (bench:scale)`,
      measured,
      unit: '×',
      at_least: 0.95,
    })),
    ...sweepOf(scale).map(([name, measured]): Goal => ({
      goal: `p99 of mints during a sweep against without: ${name} (bench:scale)`,
      measured,
      unit: '×',
      at_most: 1.33,
    })),
    { goal: 'resident memory after a million requests', measured: enough, unit: 'MB', at_most: 130 },
    {
      goal: 'resident memory flat: last quarter against the second',
      measured: enough === undefined ? undefined : memoryGrowth(run),
      unit: '×',
      at_most: 1.05,
    },
    { goal: 'cold start to first answered mint', measured: start && median(start), unit: 'ms', at_most: 400 },
    {
      goal: 'two processes on one SQLite file against one',
      measured: run.two && ratioByRound(run.two.two, run.two.one),
      unit: '×',
      at_least: 1.5,
    },
  ];
}

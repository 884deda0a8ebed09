// How much a sweep is noticed: mints at a steady rate, quiet stretches and stretches with a sweep in turn. The sweep is the
// product's own, in the measured process, told to start by a signal instead of its timer.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { handoffProgram, servedAs, openDeployment } from '../field/deployment.ts';
import { handoffCases } from '../field/handoff.ts';
import { startProgram } from '../measure/process.ts';
import { type Loading, runPacedRound, runRound, type Subject } from '../measure/round.ts';
import type { Progress } from '../measure/rounds.ts';
import { median, percentile } from '../report/statistics.ts';
import { openEngine } from './engine.ts';
import { SPREAD } from './size.ts';
import { type FilledDatabase, nameOf } from './store.ts';

const DAY = 86_400_000;
const PROGRAM = fileURLToPath(new URL('../contestants/handoff-with-sweep.ts', import.meta.url));

/** Long enough for the load to be steady. */
const SWEEP_AFTER_MILLISECONDS = 1_000;

/** Rows of each kind that a sweep removes, and the load meanwhile as a share of the peak: a sweep needs some of the core too. */
export type SweepPlan = { rows: number; rounds: number; seconds: number; share: number };

export type SweepResult = {
  name: string;
  rate: number;
  rows: number;
  /** How long one took, in milliseconds: the median. */
  sweep_ms: number;
  /** Requests that were due during a sweep: p99 of a few hundred is a guess. */
  requests: number;
  quiet_p99_ms: number;
  sweep_p99_ms: number;
  quiet_max_ms: number;
  sweep_max_ms: number;
  errors: number;
};

/** Sessions, tokens and idempotency keys that are over, as many of each. */
async function addExpired({ database_url, users }: FilledDatabase, rows: number): Promise<void> {
  const [first] = users;
  if (first === undefined) throw new Error('no users');
  const filler = await openEngine(database_url);
  const { partner_id, organization_id } = first.caller;
  const owner = `'${partner_id}', '${organization_id}'`;
  const at = (days: number) => `'${new Date(Date.now() - days * DAY).toISOString()}'`;
  const id = (prefix: string) =>
    `'${prefix}_' || ${filler.hex(String(Date.now()), 12)} || ${filler.hex(`n * ${SPREAD}`, 20)}`;
  const numbers = filler.numbers(0, rows);
  await filler.run(`${numbers} INSERT INTO sessions (session_id, secret_hash, kind, jti, partner_id, organization_id, user_id, created_at, idle_expires_at, expires_at)
    SELECT ${id('ses')}, ${filler.hex('n', 43)}, 'top_level', ${id('sso')}, ${owner}, '${first.user_id}', ${at(3)}, ${at(2)}, ${at(2)} FROM numbers`);
  await filler.run(`${numbers} INSERT INTO sso_tokens (jti, partner_id, organization_id, user_id, request_id, minted_at, expires_at)
    SELECT ${id('sso')}, ${owner}, '${first.user_id}', ${id('req')}, ${at(40)}, ${at(40)} FROM numbers`);
  await filler.run(`${numbers} INSERT INTO idempotency_keys (partner_id, organization_id, idempotency_key, request_hash, answer_encrypted, expires_at)
    SELECT ${owner}, ${id('idk')}, ${filler.hex('n', 43)}, ${filler.hex('n', 600)}, ${at(1)} FROM numbers`);
  await filler.close();
}

type Pair = [due: number, latency: number];

async function stretch(
  subject: Subject,
  { rate, seconds, yields, file }: { rate: number; seconds: number; yields: boolean; file: string },
  loading: Loading,
): Promise<{ pairs: Pair[]; errors: number }> {
  const { errors } = await runPacedRound(subject, { rate, seconds, yields, series: file }, loading);
  const pairs: Pair[] = JSON.parse(readFileSync(file, 'utf8'));
  return { pairs, errors };
}

function readSweeps(file: string): [number, number][] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** @throws when the sweep does not end */
async function lastSweep(file: string, count: number): Promise<[number, number]> {
  for (let tries = 0; tries < 600; tries += 1) {
    const sweep = readSweeps(file)[count - 1];
    if (sweep !== undefined) return sweep;
    await pause(100);
  }
  throw new Error('the sweep has not ended');
}

function summarize(latencies: readonly number[]): { p99: number; max: number } {
  const sorted = latencies.toSorted((one, other) => one - other);
  return { p99: percentile(sorted, 99), max: percentile(sorted, 100) };
}

type Means = { loading: Loading; cores: string; progress: Progress };

type Stretches = { quiet: number[]; swept: number[]; lengths: number[]; errors: number };

/** Quiet and swept stretches in turn; of the swept ones, the requests that were due while the sweep ran. */
async function runStretches(
  { subject, filled, rate, sweeps }: { subject: Subject; filled: FilledDatabase; rate: number; sweeps: string },
  plan: SweepPlan,
  { loading, progress }: Means,
): Promise<Stretches> {
  const file = join(loading.folder, 'series.json');
  const steady = { rate, seconds: plan.seconds, yields: filled.engine === 'postgres', file };
  const all: Stretches = { quiet: [], swept: [], lengths: [], errors: 0 };
  for (let round = 1; round <= plan.rounds; round += 1) {
    const without = await stretch(subject, steady, loading);
    await addExpired(filled, plan.rows);
    const begun = pause(SWEEP_AFTER_MILLISECONDS).then(() => subject.server.signal('SIGUSR2'));
    const [during] = await Promise.all([stretch(subject, steady, loading), begun]);
    const [from, until] = await lastSweep(sweeps, round);
    const meanwhile = during.pairs.filter(([due]) => due >= from && due <= until).map(([, latency]) => latency);
    all.quiet.push(...without.pairs.map(([, latency]) => latency));
    all.swept.push(...meanwhile);
    all.lengths.push(until - from);
    all.errors += without.errors + during.errors;
    const p99s = `p99 ${summarize(meanwhile).p99.toFixed(2)} ms against ${summarize(all.quiet).p99.toFixed(2)} ms`;
    progress(`sweep ${round} of ${plan.rounds}: ${nameOf(filled.engine, filled.size)}: ${until - from} ms, ${p99s}`);
  }
  return all;
}

export async function measureSweep(filled: FilledDatabase, plan: SweepPlan, means: Means): Promise<SweepResult> {
  const { engine } = filled;
  const { loading, cores } = means;
  const name = nameOf(engine, filled.size);
  const sweeps = join(loading.folder, `sweeps-${engine}.txt`);
  rmSync(sweeps, { force: true });
  const db = await openDeployment(filled.variables);
  const program = handoffProgram(engine, filled);
  const sweeping = {
    ...program,
    name: `${name}, sweeping`,
    args: servedAs(PROGRAM),
    env: { ...program.env, SWEEPS: sweeps },
  };
  const server = await startProgram(sweeping, { cores, folder: loading.folder });
  try {
    const [one] = handoffCases(engine, { ...filled, db });
    if (one === undefined) throw new Error('no mint');
    const subject = { one, server };
    await runRound(subject, { seconds: 2, expected: 0 }, loading);
    const { requests_per_second } = await runRound(subject, { seconds: plan.seconds, expected: 0 }, loading);
    const rate = requests_per_second * plan.share;
    const { quiet, swept, lengths, errors } = await runStretches({ subject, filled, rate, sweeps }, plan, means);
    const [without, during] = [summarize(quiet), summarize(swept)];
    return {
      name,
      rate,
      rows: plan.rows,
      requests: swept.length,
      sweep_ms: median(lengths),
      quiet_p99_ms: without.p99,
      sweep_p99_ms: during.p99,
      quiet_max_ms: without.max,
      sweep_max_ms: during.max,
      errors,
    };
  } finally {
    await server.stop();
    await db.destroy();
  }
}

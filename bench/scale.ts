// `npm run bench:scale`: fills databases of several sizes (once: they are kept), measures cost against size and the effect of a sweep,
// and writes scale.md, scale.svg and scale.json.

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tmpdir } from 'node:os';
import { argv, stderr, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startPostgres } from './database/postgres.ts';
import type { Engine } from './field/engines.ts';
import { live, UsageError } from './lifetime.ts';
import { describeMachine, isInstalled, stayOn, wrkVersion } from './measure/machine.ts';
import type { Loading } from './measure/round.ts';
import type { Plan } from './measure/rounds.ts';
import { scaleChart, scalePage, type ScaleRun, summaryOf } from './report/scale-page.ts';
import { openScratch } from './scratch.ts';
import { measureGrowth } from './scale/growth.ts';
import { clusterIn, deleteFilled, type FilledDatabase, openFilled } from './scale/store.ts';
import { measureSweep, type SweepPlan } from './scale/sweep.ts';

const USAGE = `npm run bench:scale -- [options]

  --users LIST         sizes (1000,100000,1000000: some 25 GB of disk, and minutes to fill the first time)
  --engines LIST       of sqlite, postgres (both)
  --rounds N           rounds of each database (7)
  --seconds N          length of a round (5)
  --sweep-rows N       expired rows of each of three kinds (20000); --sweep-rounds N (5)
  --scratch FOLDER     where the databases are kept (handoff-bench-scale in the temporary folder)
  --fresh              fills them anew
  --delete             deletes them (not those on TEST_DATABASE_URL’s server), and does nothing else
  --out FOLDER         where scale.md, scale.svg and scale.json go (bench)
`;

const CONNECTIONS = 32;
const CORES = { server: '0', load: '1' };
/** Of the peak: what a sweep of SQLite needs of the same core has to be there. */
const SWEEP_SHARE = 0.5;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

function numbersOf(list: string): number[] {
  const numbers = list.split(',').map(Number);
  if (!numbers.every((number) => Number.isInteger(number) && number >= 1))
    throw new UsageError(`not whole numbers: ${list}`);
  return numbers;
}

function numberOf(given: string | undefined, otherwise: number): number {
  return numbersOf(given ?? String(otherwise))[0] ?? otherwise;
}

function enginesOf(list: string): Engine[] {
  return list.split(',').map((name) => {
    if (name !== 'sqlite' && name !== 'postgres') throw new UsageError('--engines must be of sqlite, postgres');
    return name;
  });
}

function parseOptions() {
  const { values } = parseArgs({
    options: {
      help: flag,
      users: text,
      engines: text,
      rounds: text,
      seconds: text,
      'sweep-rows': text,
      'sweep-rounds': text,
      scratch: text,
      fresh: flag,
      delete: flag,
      out: text,
    },
  });
  const seconds = numberOf(values.seconds, 5);
  const plan: Plan = { rounds: numberOf(values.rounds, 7), seconds, warm_up_seconds: 3 };
  const sweep: SweepPlan = {
    rows: numberOf(values['sweep-rows'], 20_000),
    rounds: numberOf(values['sweep-rounds'], 5),
    seconds: Math.max(3, seconds),
    share: SWEEP_SHARE,
  };
  return {
    ...values,
    sizes: numbersOf(values.users ?? '1000,100000,1000000'),
    databases: enginesOf(values.engines ?? 'sqlite,postgres'),
    plan,
    sweep,
    folder: resolve(values.scratch ?? join(tmpdir(), 'handoff-bench-scale')),
    out: values.out ?? fileURLToPath(new URL('.', import.meta.url)),
  };
}

type Options = ReturnType<typeof parseOptions>;

const progress = (line: string) => void stderr.write(`${line}\n`);

async function measure({ sizes, databases, plan, sweep, folder }: Options): Promise<ScaleRun> {
  const postgres = databases.includes('postgres') ? await startPostgres(clusterIn(folder)) : undefined;
  const filled: FilledDatabase[] = [];
  for (const users of sizes) {
    for (const engine of databases) filled.push(await openFilled({ folder, postgres, progress }, engine, users));
  }
  const machine = describeMachine(folder);
  const generator = isInstalled('wrk') ? 'wrk' : 'autocannon';
  const loading: Loading = { generator, connections: CONNECTIONS, cores: CORES.load, folder: openScratch() };
  const means = { loading, cores: CORES.server, progress };
  const growth = await measureGrowth(filled, plan, means);
  const greatest = Math.max(...sizes);
  const swept = [];
  for (const one of filled) if (one.size.users === greatest) swept.push(await measureSweep(one, sweep, means));
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' ').concat(' UTC'),
    command: `npm run bench:scale${argv.length > 2 ? ` -- ${argv.slice(2).join(' ')}` : ''}`,
    machine,
    load: { generator: generator === 'wrk' ? wrkVersion() : generator, connections: CONNECTIONS, ...plan },
    postgres: postgres?.about ?? 'not measured',
    growth,
    sweep: swept,
    sweep_plan: sweep,
  };
}

async function main(): Promise<number> {
  const options = parseOptions();
  if (options.help === true) {
    stdout.write(USAGE);
    return 0;
  }
  if (options.delete === true || options.fresh === true) deleteFilled(options.folder);
  if (options.delete === true) return 0;
  stayOn(CORES.load);
  const run = await measure(options);
  const page = scalePage(run);
  stdout.write(page);
  const wrong = [...run.growth.flatMap(({ rounds }) => rounds), ...run.sweep].filter(({ errors }) => errors > 0);
  if (wrong.length > 0) {
    stderr.write('Some answers were wrong: the figures are worth nothing, and nothing is written.\n');
    return 1;
  }
  writeFileSync(join(options.out, 'scale.md'), page);
  writeFileSync(join(options.out, 'scale.svg'), scaleChart(run));
  writeFileSync(join(options.out, 'scale.json'), `${JSON.stringify(summaryOf(run), null, 2)}\n`);
  return 0;
}

await live(main);

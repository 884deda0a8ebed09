// `npm run bench` and `npm run bench:quick`: puts the contestants on the field, measures them side by side, prints the tables and
// writes results.md. Ends with 1, and writes nothing, when any answer was wrong.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { argv, stderr, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Case } from './field/contestant.ts';
import { openField } from './field/field.ts';
import { live } from './lifetime.ts';
import { describeMachine, isInstalled, stayOn, wrkVersion } from './measure/machine.ts';
import { type Entrant, enter, subjectsOf } from './measure/entrants.ts';
import { runMemory } from './measure/memory.ts';
import type { Loading, PacedRound, Round } from './measure/round.ts';
import { type CaseRounds, type Plan, runPacedRounds, runRounds } from './measure/rounds.ts';
import { runTwoProcesses } from './measure/two-processes.ts';
import { type Options, parseOptions, USAGE } from './options.ts';
import { caseTable, pacedTable, resultsPage } from './report/results.ts';
import { errorsOf, type Run, type ScaleSummary } from './report/run.ts';
import { openScratch } from './scratch.ts';

const CONNECTIONS = 32;

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function lastScale(): ScaleSummary | undefined {
  const text = readIfThere(here('scale.json'));
  return text === undefined ? undefined : JSON.parse(text);
}

const progress = (line: string) => void stderr.write(`${line}\n`);

/** As it can be typed again. */
function commandLine({ quick }: Options): string {
  const options = argv.slice(2).filter((option) => option !== '--quick');
  return [`npm run ${quick ? 'bench:quick' : 'bench'}`, ...(options.length > 0 ? ['--', ...options] : [])].join(' ');
}

type Setting = { options: Options; loading: Loading; plan: Plan; entrants: Entrant[] };

async function measureCases({ options, loading, plan, entrants }: Setting): Promise<Pick<Run, 'cases' | 'paced'>> {
  const { parts, only, quick } = options;
  const subjects = subjectsOf(entrants, only);
  const means = { loading, progress };
  const measured: CaseRounds<Round> = parts.has('cases') ? await runRounds(subjects, plan, means) : new Map();
  const cases = subjects.map(({ one: { name, kind, floor } }) => ({
    name,
    kind,
    ...(floor !== undefined && { floor }),
    rounds: measured.get(name) ?? [],
  }));
  const isPaced = ({ name, kind }: Case) =>
    quick ? name.startsWith('Handoff') && kind === 'mint' : name.startsWith('Handoff') || kind === 'floor';
  const paced_subjects = subjects
    .filter(({ one }) => isPaced(one))
    .map((subject) => ({ ...subject, yields: subject.entrant.contestant.shares_load_core }));
  const paced: CaseRounds<PacedRound> = parts.has('paced')
    ? await runPacedRounds(paced_subjects, plan, means)
    : new Map();
  return {
    cases: cases.filter(({ rounds }) => rounds.length > 0),
    paced: paced_subjects
      .map(({ one: { name } }) => ({ name, rounds: paced.get(name) ?? [] }))
      .filter(({ rounds }) => rounds.length > 0),
  };
}

function serverResult({ contestant: { name, about }, server, startups_ms, rss_start_mb }: Entrant) {
  return { name, about, startups_ms, rss_start_mb, rss_end_mb: server.rssMegabytes() };
}

/** The parts that start Handoff on SQLite afresh, when its process of the cases is gone. */
async function measureAlone({ options, loading, plan, entrants }: Setting): Promise<Pick<Run, 'two' | 'memory'>> {
  const contestant = entrants.find(({ contestant: { name } }) => name === 'Handoff on SQLite')?.contestant;
  if (contestant === undefined) return {};
  const { parts, cores, requests } = options;
  const pair: [string, string] = [cores.server, cores.load];
  return {
    ...(parts.has('two') && { two: await runTwoProcesses(contestant, plan, { loading, cores: pair, progress }) }),
    ...(parts.has('memory') && {
      memory: await runMemory(contestant, requests, { loading, cores: cores.server, progress }),
    }),
  };
}

async function measure(options: Options, folder: string): Promise<Run> {
  const machine = describeMachine(folder);
  const generator = options.generator ?? (isInstalled('wrk') ? 'wrk' : 'autocannon');
  const loading: Loading = { generator, connections: CONNECTIONS, cores: options.cores.load, folder };
  const plan: Plan = { rounds: options.rounds, seconds: options.seconds, warm_up_seconds: options.quick ? 1 : 8 };
  const field = await openField(options, folder);
  const entrants: Entrant[] = [];
  for (const contestant of field.contestants) {
    progress(`starting ${contestant.name}`);
    entrants.push(await enter(contestant, options.starts, { cores: options.cores.server, folder }));
  }
  const setting = { options, loading, plan, entrants };
  const cases = await measureCases(setting);
  const servers = entrants.map(serverResult);
  for (const { server } of entrants) await server.stop();
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' ').concat(' UTC'),
    command: commandLine(options),
    machine,
    versions: field.versions,
    load: { generator: generator === 'wrk' ? wrkVersion() : generator, connections: CONNECTIONS, ...plan },
    cores: options.cores,
    ...cases,
    servers,
    ...(await measureAlone(setting)),
  };
}

function shortPage(run: Run): string {
  return run.paced.length === 0 ? caseTable(run) : `${caseTable(run)}\nAt 80 % of peak:\n\n${pacedTable(run)}`;
}

async function main(): Promise<number> {
  const options = parseOptions(argv.slice(2));
  if (options === undefined) {
    stdout.write(USAGE);
    return 0;
  }
  stayOn(options.cores.load);
  const run = await measure(options, openScratch(options.scratch));
  const page = resultsPage(run, lastScale(), readIfThere(here('notes.md')) ?? '');
  stdout.write(options.quick ? shortPage(run) : page);
  const errors = errorsOf(run);
  for (const error of errors) stderr.write(`${error}\n`);
  if (errors.length > 0) return 1;
  if (options.write !== undefined) writeFileSync(options.write, page);
  return 0;
}

await live(main);

// A run as a page of markdown: bench/results.md, and what is printed.

import { goalRow } from './goals.ts';
import { goalsOf, memoryGrowth, ratio, tail } from './goals-of-run.ts';
import type { CaseResult, Run, ScaleSummary } from './run.ts';
import { median, ratioByRound, spread } from './statistics.ts';
import { type Column, figure, table } from './table.ts';

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });

const whole = (value: number) => Math.round(value).toLocaleString('en');
const times = (value: number | undefined) => (value === undefined ? '–' : figure(value));

/** Peers of the same kind, which are all but Handoff's own cases. */
function peersOf({ cases }: Run, { kind }: CaseResult): string[] {
  return cases.filter((one) => one.kind === kind && !one.name.startsWith('Handoff')).map(({ name }) => name);
}

function peerRatios(run: Run, one: CaseResult): string {
  if (!one.name.startsWith('Handoff')) return '';
  const peers = peersOf(run, one).map((peer) => `${peer} ${times(ratio(run, one.name, peer))}`);
  return peers.join(', ');
}

function caseRow(run: Run, one: CaseResult): string[] {
  const of = (member: 'requests_per_second' | 'cpu_us' | 'p50_ms' | 'p99_ms' | 'max_ms') =>
    one.rounds.map((round) => round[member]);
  const rate = spread(of('requests_per_second'));
  return [
    one.name,
    whole(rate.median),
    `${whole(rate.least)}–${whole(rate.greatest)}`,
    one.floor === undefined ? '' : times(ratio(run, one.name, one.floor)),
    peerRatios(run, one),
    whole(median(of('cpu_us'))),
    figure(median(of('p50_ms'))),
    figure(median(of('p99_ms'))),
    figure(Math.max(...of('max_ms'))),
    String(one.rounds.reduce((sum, { errors }) => sum + errors, 0)),
  ];
}

const CASE_COLUMNS = [
  left('case'),
  right('req/s'),
  right('slowest–fastest round'),
  right('× its floor'),
  left('× peers'),
  right('CPU µs/request'),
  right('p50 ms'),
  right('p99 ms'),
  right('max ms'),
  right('errors'),
];

export function caseTable(run: Run): string {
  return table(
    CASE_COLUMNS,
    run.cases.map((one) => caseRow(run, one)),
  );
}

function serverTable({ servers }: Run): string {
  return table(
    [left('process'), right('start to first answer, ms'), right('RSS after it, MB'), right('RSS at the end, MB')],
    servers.map(({ name, startups_ms, rss_start_mb, rss_end_mb }) => {
      const { median: middle, least, greatest } = spread(startups_ms);
      const range = startups_ms.length > 1 ? ` (${whole(least)}–${whole(greatest)})` : '';
      return [name, `${whole(middle)}${range}`, whole(rss_start_mb), whole(rss_end_mb)];
    }),
  );
}

export function pacedTable({ paced }: Run): string {
  return table(
    [
      left('case'),
      right('asked req/s'),
      right('answered req/s'),
      right('p50 ms'),
      right('p99 ms'),
      right('max ms'),
      right('p99 / p50'),
    ],
    paced.map((one) => {
      const of = (member: 'asked' | 'rate' | 'p50_ms' | 'p99_ms' | 'max_ms') =>
        one.rounds.map((round) => round[member]);
      const latencies = [median(of('p50_ms')), median(of('p99_ms')), Math.max(...of('max_ms'))].map(figure);
      return [
        one.name,
        whole(median(of('asked'))),
        whole(median(of('rate'))),
        ...latencies,
        Number.isFinite(tail(one)) ? figure(tail(one)) : 'fell behind',
      ];
    }),
  );
}

function goalTable(run: Run, scale: ScaleSummary | undefined): string {
  return table(
    [left('goal'), right('limit'), right('measured'), left('')],
    goalsOf(run, scale).map((goal) => goalRow(goal)),
  );
}

function twoText({ two }: Run): string {
  if (two === undefined) return '';
  const rows = [
    ['one process', whole(median(two.one)), ''],
    ['two processes', whole(median(two.two)), times(ratioByRound(two.two, two.one))],
  ];
  return `
## Two processes on one SQLite file

Mints. In both settings the load may use both cores. One process is pinned to one core and leaves the rest of the other to the load; two
processes are pinned to a core each and share both with the load. The ratio is what a machine of two cores gets from a second process, load
included.

${table([left(''), right('req/s'), right('×')], rows)}`;
}

function memoryText(run: Run): string {
  const samples = run.memory?.samples ?? [];
  if (samples.length === 0) return '';
  const step = Math.max(1, Math.ceil(samples.length / 12));
  const shown = samples.filter((_, index) => index % step === 0 || index === samples.length - 1);
  return `
## Memory over many requests

A fresh process on SQLite; mints, checks of sessions and reads of users in turn. Last quarter of the samples against the second:
${times(memoryGrowth(run))}.

${table(
  [right('requests'), right('RSS MB')],
  shown.map(({ answers, rss_mb }) => [whole(answers), whole(rss_mb)]),
)}`;
}

function machineText({ machine, cores, load, versions, date, command }: Run): string {
  const lines = [
    `${machine.processor}, ${machine.cores} cores, ${machine.memory_gib} GiB, Linux ${machine.kernel}, databases on ${machine.file_system}`,
    `core ${cores.server} for the server, core ${cores.load} for the load; load average before the run ${figure(machine.load_average)}`,
    `Node ${machine.node}, Handoff at commit ${machine.commit}`,
    `${load.generator}, ${load.connections} connections with keep-alive, ${load.rounds} rounds of ${load.seconds} s`,
    versions.map(([name, version]) => `${name} ${version}`).join(', '),
  ];
  return `${date}, by \`${command}\`:\n\n${lines.map((line) => `- ${line}\n`).join('')}`;
}

const HOW_TO_READ = `Requests a second depend on the machine and on the hour; the ratios do not, or much less. Every case ran once in every round, in
another order each round, and a ratio is the median of the ratios within the rounds. While the load ran, a few requests a second were
checked in full (status, body, signature, whose session), and the rows that were left on disk were counted: each answer has its row.
[README.md](README.md) says more.`;

/** The page. `notes`: what somebody has written about goals that are not met; kept as it is. */
export function resultsPage(run: Run, scale: ScaleSummary | undefined, notes: string): string {
  const paced =
    run.paced.length === 0
      ? ''
      : `
## At 80 % of peak

Evenly spaced requests at 80 % of what the same case did at full load right before, by the bench's own generator (load/paced.ts): wrk has no
fixed rate, and autocannon sends each second's requests in one burst. Latency counts from the moment a request was due. What the floors
come to is the machine's own.

${pacedTable(run)}`;
  const abouts = run.servers.map(({ name, about }) => `- **${name}**: ${about}\n`).join('');
  const scale_line =
    scale === undefined
      ? ''
      : `\nGrowth and sweeps are from \`npm run bench:scale\`, ${scale.date}, commit ${scale.commit}.\n`;
  return `# Results

${machineText(run)}
${HOW_TO_READ}

## Goals

${goalTable(run, scale)}${scale_line}
## Requests a second

${caseTable(run)}${paced}${twoText(run)}${memoryText(run)}
## Processes

${serverTable(run)}
How each is set up:

${abouts}${notes === '' ? '' : `\n## Notes\n\n${notes.trim()}\n`}`;
}

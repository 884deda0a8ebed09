// A run of bench:scale as a page, a chart, and the few figures that results.md takes over.

import { ENGINES, OPERATIONS } from '../field/engines.ts';
import type { Machine } from '../measure/machine.ts';
import type { GrowthResult } from '../scale/growth.ts';
import type { SweepPlan, SweepResult } from '../scale/sweep.ts';
import { drawChart } from './chart.ts';
import type { ScaleSummary } from './run.ts';
import { median, ratioByRound, spread } from './statistics.ts';
import { figure, table } from './table.ts';

export type ScaleRun = {
  date: string;
  command: string;
  machine: Machine;
  load: { generator: string; connections: number; seconds: number; rounds: number };
  postgres: string;
  growth: GrowthResult[];
  sweep: SweepResult[];
  sweep_plan: SweepPlan;
};

const ratesOf = ({ rounds }: GrowthResult) => rounds.map(({ requests_per_second }) => requests_per_second);
const whole = (value: number) => Math.round(value).toLocaleString('en');
const titleOf = ({ operation, engine }: GrowthResult) => `${OPERATIONS[operation]}, ${ENGINES[engine]}`;

/** Results by what was measured, each from the fewest users to the most. */
function seriesOf(growth: readonly GrowthResult[]): [string, GrowthResult[]][] {
  const series = Map.groupBy(growth, titleOf);
  return [...series].map(([title, results]) => [title, results.toSorted((one, other) => one.users - other.users)]);
}

function growthTable(growth: readonly GrowthResult[]): string {
  const rows = seriesOf(growth).flatMap(([title, results]) =>
    results.map((result) => {
      const { median: middle, least, greatest } = spread(ratesOf(result));
      const [smallest] = results;
      const against = smallest === undefined ? undefined : ratioByRound(ratesOf(result), ratesOf(smallest));
      const p99 = median(result.rounds.map(({ p99_ms }) => p99_ms));
      const size = `${figure(result.bytes / 1e9)} GB`;
      const rates = [whole(middle), `${whole(least)}–${whole(greatest)}`, figure(against ?? Number.NaN)];
      return [title, whole(result.users), whole(result.audit_rows), size, ...rates, figure(p99)];
    }),
  );
  const columns = ['users', 'audit rows', 'database', 'req/s', 'slowest–fastest round', '× the smallest', 'p99 ms'];
  return table([{ title: '', align: 'left' }, ...columns.map((title) => ({ title, align: 'right' as const }))], rows);
}

function sweepTable(sweep: readonly SweepResult[]): string {
  const columns = [
    'req/s',
    'rows of each kind',
    'sweep ms',
    'requests during',
    'p99 ms without',
    'p99 ms during',
    'ratio',
    'max ms without',
    'max ms during',
  ];
  return table(
    [{ title: '', align: 'left' }, ...columns.map((title) => ({ title, align: 'right' as const }))],
    sweep.map((one) => [
      one.name,
      whole(one.rate),
      whole(one.rows),
      whole(one.sweep_ms),
      whole(one.requests),
      ...[
        one.quiet_p99_ms,
        one.sweep_p99_ms,
        one.sweep_p99_ms / one.quiet_p99_ms,
        one.quiet_max_ms,
        one.sweep_max_ms,
      ].map(figure),
    ]),
  );
}

/** Cost of a request: how long one takes of the core, at full load. */
export function scaleChart({ growth }: Pick<ScaleRun, 'growth'>): string {
  return drawChart({
    title: 'Cost of a request against size',
    x_title: 'users; ten audit rows and one receipt each',
    y_title: 'µs a request at full load (a million divided by requests a second)',
    lines: seriesOf(growth).map(([label, results]) => ({
      label,
      points: results.map((result) => ({ x: result.users, y: 1_000_000 / median(ratesOf(result)) })),
    })),
  });
}

export function summaryOf({ date, machine, growth, sweep }: ScaleRun): ScaleSummary {
  const users = growth.map((one) => one.users);
  const pairs = seriesOf(growth).flatMap(([title, results]): [string, number][] => {
    const [smallest, greatest] = [results[0], results.at(-1)];
    if (smallest === undefined || greatest === undefined) return [];
    const ratio = ratioByRound(ratesOf(greatest), ratesOf(smallest));
    return ratio === undefined ? [] : [[title, ratio]];
  });
  return {
    date,
    commit: machine.commit,
    users: { least: Math.min(...users), most: Math.max(...users) },
    growth: Object.fromEntries(pairs),
    sweep: Object.fromEntries(sweep.map(({ name, quiet_p99_ms, sweep_p99_ms }) => [name, sweep_p99_ms / quiet_p99_ms])),
  };
}

export function scalePage(run: ScaleRun): string {
  const { date, command, machine, load, postgres, growth, sweep, sweep_plan } = run;
  return `# Growth

${date}, by \`${command}\`:

- ${machine.processor}, ${machine.cores} cores, ${machine.memory_gib} GiB, Linux ${machine.kernel}, databases on ${machine.file_system}
- load average before the run ${figure(machine.load_average)}; Node ${machine.node}, Handoff at commit ${machine.commit}
- ${load.generator}, ${load.connections} connections, ${load.rounds} rounds of ${load.seconds} s
- PostgreSQL ${postgres}

All databases were measured in turn in every round, one process each on the same core; the ratio is the median of the ratios within the
rounds. Requests are for up to 20,000 users that are spread over all of them. Each user has a membership, a partner’s id, ten audit rows of a
year, a receipt of the last weeks; each tenth has a session.

![Cost of a request against size](scale.svg)

${growthTable(growth)}
## During a sweep

Mints at ${Math.round(sweep_plan.share * 100)} % of peak on the largest database. Before each swept stretch as many expired sessions, tokens and idempotency keys were
added as the table says; the sweep removes them in the measured process, which serves meanwhile. Latencies during a sweep are those of
requests that were due between its begin and its end.

${sweepTable(sweep)}`;
}

// Two processes on one SQLite file against one. Both cores serve and both make the load, in both settings: one process has a core
// to itself and leaves the rest of the other to the load; two have a core each and share them with the load. What it says is what a
// machine of two cores gets out of a second process, not what a second core alone would give.

import { freePort } from '../../test/support/ports.ts';
import type { Case, Contestant } from '../field/contestant.ts';
import { type LoadFigures, runLoad } from '../load/load.ts';
import { type RunningProgram, startProgram } from './process.ts';
import { type Loading, loadOf } from './round.ts';
import type { Plan, Progress } from './rounds.ts';

export type TwoRounds = { one: number[]; two: number[]; errors: number };

type Setting = { one: Case; servers: readonly RunningProgram[]; seconds: number };

/** Requests a second of all processes together, and what went wrong. */
async function runTogether({ one, servers, seconds }: Setting, loading: Loading) {
  const requests = await one.requests(0);
  const connections = loading.connections / servers.length;
  const rows_before = (await one.countRows?.()) ?? 0;
  const all: LoadFigures[] = await Promise.all(
    servers.map((server) =>
      runLoad(loading.generator, loadOf({ one, server }, { seconds, requests }, { ...loading, connections })),
    ),
  );
  const rows = ((await one.countRows?.()) ?? 0) - rows_before;
  const answers = all.reduce((sum, figures) => sum + figures.answers, 0);
  const errors = all.reduce((sum, figures) => sum + figures.errors, 0) + (rows < answers ? 1 : 0);
  return { rate: all.reduce((sum, figures) => sum + figures.answers / figures.seconds, 0), errors };
}

/** Mints on one process and on two, in turn. `loading.cores` and `cores` are the two cores. */
export async function runTwoProcesses(
  contestant: Contestant,
  { rounds, seconds }: Plan,
  { loading, cores, progress }: { loading: Loading; cores: [string, string]; progress: Progress },
): Promise<TwoRounds> {
  const one = contestant.cases.find(({ kind }) => kind === 'mint');
  if (one === undefined) throw new Error('no mint');
  const second = { ...contestant, name: `${contestant.name}, second process`, port: await freePort() };
  const { folder } = loading;
  const servers = [
    await startProgram(contestant, { cores: cores[0], folder }),
    await startProgram(second, { cores: cores[1], folder }),
  ];
  const both = { ...loading, cores: cores.join(',') };
  const result: TwoRounds = { one: [], two: [], errors: 0 };
  try {
    await runTogether({ one, servers, seconds: 1 }, both);
    for (let round = 0; round < rounds; round += 1) {
      const alone = await runTogether({ one, servers: servers.slice(0, 1), seconds }, both);
      const together = await runTogether({ one, servers, seconds }, both);
      result.one.push(alone.rate);
      result.two.push(together.rate);
      result.errors += alone.errors + together.errors;
      progress(
        `processes ${round + 1} of ${rounds}: one ${Math.round(alone.rate)}, two ${Math.round(together.rate)} req/s`,
      );
    }
  } finally {
    for (const server of servers) await server.stop();
  }
  return result;
}

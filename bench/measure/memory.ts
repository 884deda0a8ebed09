// Memory over very many requests: a fresh process, mints, checks of sessions and reads of users in turn, its resident set after each
// stretch.

import type { Contestant } from '../field/contestant.ts';
import { runLoad } from '../load/load.ts';
import { startProgram } from './process.ts';
import { type Loading, loadOf } from './round.ts';
import type { Progress } from './rounds.ts';

export type MemorySample = { answers: number; rss_mb: number };
export type MemoryRun = { samples: MemorySample[]; errors: number };

const STRETCH_SECONDS = 4;
/** The end, however slow the server. */
const LIMIT_MILLISECONDS = 20 * 60_000;

export async function runMemory(
  contestant: Contestant,
  wanted: number,
  { loading, cores, progress }: { loading: Loading; cores: string; progress: Progress },
): Promise<MemoryRun> {
  const server = await startProgram(contestant, { cores, folder: loading.folder });
  const run: MemoryRun = { samples: [{ answers: 1, rss_mb: server.rssMegabytes() }], errors: 0 };
  const again = contestant.cases.filter(({ once }) => !once);
  const deadline = performance.now() + LIMIT_MILLISECONDS;
  try {
    for (let answers = 1, stretch = 0; answers < wanted && performance.now() < deadline; stretch += 1) {
      const one = again[stretch % again.length];
      if (one === undefined) throw new Error('no cases');
      const requests = await one.requests(0);
      const load = loadOf({ one, server }, { seconds: STRETCH_SECONDS, requests }, loading);
      const figures = await runLoad(loading.generator, load);
      answers += figures.answers;
      run.errors += figures.errors;
      run.samples.push({ answers, rss_mb: server.rssMegabytes() });
      progress(`memory: ${answers} of ${wanted} answers, ${server.rssMegabytes().toFixed(0)} MB`);
    }
  } finally {
    await server.stop();
  }
  return run;
}

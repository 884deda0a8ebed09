// Contestants as running processes, each started a few times to learn how long that takes.

import type { Contestant } from '../field/contestant.ts';
import { type RunningProgram, startProgram } from './process.ts';
import type { Subject } from './round.ts';

export type Entrant = { contestant: Contestant; server: RunningProgram; startups_ms: number[]; rss_start_mb: number };

export type Place = { cores: string; folder: string };

/** Starts a contestant `times` times and leaves the last one running. */
export async function enter(contestant: Contestant, times: number, place: Place): Promise<Entrant> {
  const startups_ms: number[] = [];
  for (let time = 1; ; time += 1) {
    const server = await startProgram(contestant, place);
    startups_ms.push(server.startup_ms);
    if (time >= times) return { contestant, server, startups_ms, rss_start_mb: server.rssMegabytes() };
    await server.stop();
  }
}

/** The floors, and the cases of all entrants that a name asks for. */
export function subjectsOf(entrants: readonly Entrant[], only: RegExp): (Subject & { entrant: Entrant })[] {
  return entrants.flatMap((entrant) =>
    entrant.contestant.cases
      .filter(({ kind, name }) => kind === 'floor' || only.test(name))
      .map((one) => ({ one, server: entrant.server, entrant })),
  );
}

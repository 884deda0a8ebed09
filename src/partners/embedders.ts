// Which origins may embed the portal at all, for pages that are served before anybody is signed in. Whether one may embed a
// certain session is the integration's own list, in standing.ts.

import type { Database } from '../db/database.ts';
import type { Clock } from '../foundation/clock.ts';
import { parseTextList } from './standing-store.ts';
import { listEmbedOrigins } from './store.ts';

// Anybody can ask, and the list is read whole. It decides who may frame a page without content, nothing else.
const REFRESH_MILLISECONDS = 5_000;

export type Embedders = {
  /** The origins that the integrations that are not disabled have registered. */
  list(): Promise<ReadonlySet<string>>;
};

export function createEmbedders({ db, clock }: { db: Database; clock: Clock }): Embedders {
  let origins: Promise<ReadonlySet<string>> | undefined;
  let fresh_until = Number.NEGATIVE_INFINITY;

  async function load(): Promise<ReadonlySet<string>> {
    const lists = await listEmbedOrigins(db);
    return new Set(lists.flatMap(parseTextList));
  }

  return {
    async list() {
      if (origins === undefined || clock() >= fresh_until) {
        fresh_until = clock() + REFRESH_MILLISECONDS;
        origins = load();
        // What could not be read is read again the next time.
        origins.catch(() => {
          origins = undefined;
        });
      }
      return origins;
    },
  };
}

// Everything that a server has kept and said, as one text, to search for what should not be there.

import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import type { Handoff } from '../support/handoff.ts';

/** Every row of every table. */
async function dumpDatabase({ deps: { db } }: Pick<Handoff, 'deps'>): Promise<string> {
  const tables = (await db.introspection.getTables()).map(({ name }) => name);
  const rows = await Promise.all(tables.map((name) => sql`select * from ${sql.table(name)}`.execute(db)));
  return JSON.stringify(rows.map((result) => result.rows));
}

/** The same, and the log. */
export async function everythingKept(handoff: Handoff): Promise<string> {
  return (await dumpDatabase(handoff)) + readFileSync(handoff.log_file, 'utf8');
}

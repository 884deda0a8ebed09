// What every command shares: a database, output for people or for scripts, and errors in one sentence.

import { Command, InvalidArgumentError } from 'commander';
import { parseDatabaseConfig } from '../config.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { listMigrations, migrateDatabase } from '../db/migrate.ts';
import { systemClock } from '../foundation/clock.ts';
import { type Makers, systemRandom } from '../foundation/ids.ts';
import { OperatorError } from '../foundation/operator-error.ts';

export const makers: Makers = { clock: systemClock, random: systemRandom };

// A new database is made ready on the spot. One that is in use is the operator's to migrate: servers may be running on it.
async function requireMigrated(db: Database): Promise<void> {
  const { applied, pending } = await listMigrations(db);
  if (pending.length === 0) return;
  if (applied.length > 0)
    throw new OperatorError(`the database lacks ${pending.join(', ')}: run "handoff migrate" first`);
  await migrateDatabase(db);
}

/** Opens the database of DATABASE_URL for one command. */
export async function withDatabase<T>(run: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase(parseDatabaseConfig(process.env), () => undefined);
  try {
    await requireMigrated(db);
    return await run(db);
  } finally {
    await db.destroy();
  }
}

export type Row = Record<string, unknown>;

function cell(value: unknown): string {
  if (value === null || value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A table with its columns lined up; a value is never cut, because it is there to be copied. */
export function formatTable(rows: readonly Row[]): string {
  const [first] = rows;
  if (first === undefined) return 'none';
  const columns = Object.keys(first);
  const lines = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((text, index) => text.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

type Output = { json?: boolean };

/** One thing: JSON for scripts, `name  value` lines for people, with a remark below. */
export function printOne({ json }: Output, row: Row, remark?: string): void {
  if (json === true) {
    console.log(JSON.stringify(row));
    return;
  }
  const width = Math.max(...Object.keys(row).map((name) => name.length));
  for (const [name, value] of Object.entries(row)) console.log(`${name.padEnd(width)}  ${cell(value)}`);
  if (remark !== undefined) console.log(`\n${remark}`);
}

/** Many: a JSON array for scripts, a table for people. `cursor` names the columns that --after takes, joined by a slash. */
export function printMany(
  { json }: Output,
  rows: readonly Row[],
  page: { limit: number; cursor: readonly string[] },
): void {
  if (json === true) {
    console.log(JSON.stringify(rows));
    return;
  }
  console.log(formatTable(rows));
  const last = rows.at(-1);
  if (last === undefined || rows.length < page.limit) return;
  console.log(`\nThere may be more: --after ${page.cursor.map((column) => cell(last[column])).join('/')}`);
}

export const SHOWN_ONCE = 'The secret is shown once. Keep it now.';

/** A command with the option that every command has. */
export function command(name: string, description: string): Command {
  return new Command(name).description(description).option('--json', 'print JSON, for scripts');
}

/** A noun with its verbs. */
export function noun(name: string, description: string, verbs: readonly Command[]): Command {
  const parent = new Command(name).description(description);
  for (const verb of verbs) parent.addCommand(verb);
  return parent;
}

export type PageOptions = Output & { limit: number; after?: string };

/** A list has a limit and a cursor. */
export function listCommand(description: string): Command {
  return command('list', description)
    .option('--limit <number>', 'how many at the most', parseLimit, 50)
    .option('--after <id>', 'go on behind this id');
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
  return limit;
}

/** A name of people or organizations: not empty, and not a whole document. */
export function parseName(text: string): string {
  const name = text.trim();
  if (name === '' || name.length > 200) throw new InvalidArgumentError('It must have 1 to 200 characters.');
  return name;
}

/** For an option that may be repeated: `--role a --role b`. */
export function collect<T>(parse: (text: string) => T) {
  return (text: string, list: T[] = []): T[] => [...list, parse(text)];
}

export type Change = {
  verb: string;
  description: string;
  /** The column that names what is changed, `user_id`; given as an argument or as `--user`. */
  id: 'partner_id' | 'organization_id' | 'user_id' | 'credential_id' | 'session_id';
  /** What it is afterwards. */
  state: string;
  /** False when it was so before. */
  change: (db: Database, id: string, makers: Makers) => Promise<boolean>;
};

/** A verb that puts one thing into a state, and says so if it was in it already. */
export function changeCommand({ verb, description, id, state, change }: Change): Command {
  const option = id.replace('_id', '');
  return command(verb, description)
    .argument(`[${id}]`)
    .option(`--${option} <${id}>`, 'the same as the argument')
    .action(async (argument: string | undefined, options: Output & Record<string, string>) => {
      const value = argument ?? options[option];
      if (value === undefined) throw new OperatorError(`name the ${id}`);
      const changed = await withDatabase((db) => change(db, value, makers));
      printOne(options, { [id]: value, changed }, changed ? `Now ${state}.` : `Was ${state} already.`);
    });
}

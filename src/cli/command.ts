// What every command shares: a database, options that mean the same everywhere, and how it is told apart from others.

import { Command, InvalidArgumentError } from 'commander';
import { parseDatabaseConfig } from '../config.ts';
import { type Database, type DatabaseUrl, openDatabase } from '../db/database.ts';
import { listMigrations, migrateDatabase } from '../db/migrate.ts';
import { systemClock } from '../foundation/clock.ts';
import { CHOSEN_ID_RULE, isChosenId, isSecret, type Makers, systemRandom } from '../foundation/ids.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import { type Output, printOne } from './output.ts';
import { withPlainErrors } from './usage.ts';

export const makers: Makers = { clock: systemClock, random: systemRandom };

// A new database is made ready on the spot, and said to be new: DATABASE_URL may have named it by mistake. One that is in use
// is the operator's to migrate: servers may be running on it.
async function requireMigrated(db: Database, url: DatabaseUrl): Promise<void> {
  const { applied, pending } = await listMigrations(db);
  if (pending.length === 0) return;
  if (applied.length > 0)
    throw new OperatorError(`the database lacks ${pending.join(', ')}: run "handoff migrate" first`);
  await migrateDatabase(db);
  const where = url.engine === 'sqlite' ? url.path : 'the database of DATABASE_URL';
  process.stderr.write(`note: ${where} was empty; it has been made ready\n`);
}

/** Opens the database of DATABASE_URL for one command. */
export async function withDatabase<T>(run: (db: Database) => Promise<T>): Promise<T> {
  return withOpenDatabase(async (db, url) => {
    await requireMigrated(db, url);
    return run(db);
  });
}

/** The same, whatever state the database is in. */
export async function withOpenDatabase<T>(run: (db: Database, url: DatabaseUrl) => Promise<T>): Promise<T> {
  const url = parseDatabaseConfig(process.env);
  const db = openDatabase(url, () => undefined);
  try {
    return await run(db, url);
  } finally {
    await db.destroy();
  }
}

/** A command with the option that every command has. */
export function command(name: string, description: string): Command {
  return withPlainErrors(new Command(name).description(description)).option('--json', 'print JSON, for scripts');
}

/** A noun with its verbs. */
export function noun(name: string, description: string, verbs: readonly Command[]): Command {
  const parent = withPlainErrors(new Command(name).description(description));
  for (const verb of verbs) parent.addCommand(verb);
  return parent;
}

export type PageOptions = Output & { limit: number; after?: string };

/** A list has a limit and a cursor. */
export function listCommand(description: string, parseCursor: (text: string) => unknown = (text) => text): Command {
  return command('list', description)
    .option('--limit <number>', 'how many at the most', parseLimit, 50)
    .option('--after <id>', 'go on behind this id', parseCursor);
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

/** An id that the operator chooses. */
export function parseChosenId(text: string): string {
  if (isChosenId(text)) return text;
  throw new InvalidArgumentError(
    isSecret(text)
      ? 'It looks like a secret, and ids are shown to everybody.'
      : `${CHOSEN_ID_RULE.replace(/^an/, 'An')}.`,
  );
}

/** For an option that may be repeated: `--role a --role b`; `--no-role` before them is forgotten. */
export function collect<T>(parse: (text: string) => T) {
  return (text: string, list?: T[] | false): T[] => [...(list || []), parse(text)];
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
      const [value, ...others] = new Set([argument, options[option]].filter((given) => given !== undefined));
      if (value === undefined) throw new OperatorError(`name the ${option}: ${verb} <${id}>`);
      if (others.length > 0) throw new OperatorError(`the argument and --${option} name two different things`);
      const changed = await withDatabase((db) => change(db, value, makers));
      printOne(options, { [id]: value, changed }, changed ? `Now ${state}.` : `Was ${state} already.`);
    });
}

// The two engines as bench:scale fills them: many rows made by the database itself, with few words of SQL of its own.

import BetterSqlite3 from 'better-sqlite3';
import { Client } from 'pg';

export type FillEngine = {
  /** A whole number as hexadecimal digits. */
  hex: (expression: string, digits: number) => string;
  /** Milliseconds since the Unix epoch as the 24 characters of RFC 3339. */
  timestamp: (expression: string) => string;
  /** A table `numbers` with the column n, from `from` to below `to`. */
  numbers: (from: number, to: number) => string;
  run: (sql: string) => Promise<void>;
  /** Names and statements of all indexes that are not a key's. */
  indexes: () => Promise<{ name: string; statement: string }[]>;
  bytes: () => Promise<number>;
  /** Before very many rows: nothing is durable and no foreign key is checked until `settle`. Nobody else may have it open. */
  hurry: () => Promise<void>;
  /** Everything on disk, as a database in use has it. */
  settle: () => Promise<void>;
  close: () => Promise<void>;
};

function openSqliteEngine(file: string): FillEngine {
  const db = new BetterSqlite3(file);
  return {
    hex: (expression, digits) => `printf('%0${digits}x', ${expression})`,
    timestamp: (expression) => `strftime('%Y-%m-%dT%H:%M:%fZ', (${expression}) / 1000.0, 'unixepoch')`,
    numbers: (from, to) =>
      `WITH RECURSIVE numbers (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${to - 1})`,
    run: async (sql) => void db.exec(sql),
    indexes: async () =>
      db
        .prepare<[], { name: string; statement: string }>(
          "SELECT name, sql AS statement FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        )
        .all(),
    bytes: async () =>
      Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true })),
    hurry: async () => {
      db.pragma('journal_mode = MEMORY');
      db.pragma('synchronous = OFF');
      db.pragma('foreign_keys = OFF');
      db.pragma('cache_size = -262144');
    },
    settle: async () => void db.pragma('journal_mode = WAL'),
    close: async () => void db.close(),
  };
}

const INDEXES = `SELECT indexname AS name, indexdef AS statement FROM pg_indexes
  WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint)`;

const HURRY =
  "SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '512MB'";

async function openPostgresEngine(url: string): Promise<FillEngine> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    hex: (expression, digits) => `lpad(to_hex(${expression}), ${digits}, '0')`,
    timestamp: (expression) =>
      `to_char(to_timestamp((${expression}) / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    numbers: (from, to) => `WITH numbers AS (SELECT generate_series(${from}::bigint, ${to - 1}::bigint) AS n)`,
    run: async (sql) => void (await client.query(sql)),
    indexes: async () => (await client.query<{ name: string; statement: string }>(INDEXES)).rows,
    bytes: async () => {
      const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
      return Number(rows[0]?.bytes);
    },
    hurry: async () => void (await client.query(HURRY)),
    settle: async () => {
      await client.query('VACUUM ANALYZE');
      await client.query('CHECKPOINT');
    },
    close: () => client.end(),
  };
}

/** Opens the database of a `sqlite:<path>` or `postgres://…` URL. */
export async function openEngine(url: string): Promise<FillEngine> {
  return url.startsWith('sqlite:') ? openSqliteEngine(url.slice('sqlite:'.length)) : openPostgresEngine(url);
}

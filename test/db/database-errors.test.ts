// The drivers' errors, each one a real one: which of them mean that the database is away, and which that a row is there already.

import BetterSqlite3 from 'better-sqlite3';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { isDatabaseAway, isUniqueViolation, TransactionOver } from '../../src/db/errors.ts';
import { createLog } from '../../src/foundation/log.ts';
import { asSuperuser, createDatabase, setPatience, type TestDatabase } from '../support/database.ts';
import { freePort } from '../support/ports.ts';
import { codeOf, connectTo, errorOf, fileOf, insertUser, NOW, prepareDatabase } from './connection.ts';

const ON_POSTGRES = inject('test_database') === 'postgres';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createDatabase();
  db = connectTo(database.url);
  await prepareDatabase(db);
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

/** What a connection of its own is refused with. */
async function connectionErrorOf(url: string, run: (other: Database) => Promise<unknown>): Promise<unknown> {
  return errorOf(async () => {
    const other = connectTo(url);
    try {
      await run(other);
    } finally {
      await other.destroy();
    }
  });
}

const select = (other: Database) => sql`select 1 from partners`.execute(other);

type Failure = { what: string; code: string; run: () => Promise<unknown> };

function changedUrl(change: (url: URL) => void): string {
  const url = new URL(database.url);
  change(url);
  return url.href;
}

const POSTGRES_AWAY: Failure[] = [
  {
    what: 'nobody listens',
    code: 'ECONNREFUSED',
    run: async () => {
      const port = String(await freePort());
      return connectionErrorOf(
        changedUrl((url) => Object.assign(url, { hostname: '127.0.0.1', port })),
        select,
      );
    },
  },
  {
    what: 'the host has no address',
    code: 'ENOTFOUND',
    run: () =>
      connectionErrorOf(
        changedUrl((url) => Object.assign(url, { hostname: 'database.invalid' })),
        select,
      ),
  },
  {
    what: 'the database is not there',
    code: '3D000',
    run: () =>
      connectionErrorOf(
        changedUrl((url) => Object.assign(url, { pathname: '/handoff_missing' })),
        select,
      ),
  },
  {
    what: 'the role is not known any more',
    code: '28P01',
    run: () =>
      connectionErrorOf(
        changedUrl((url) => Object.assign(url, { username: 'nobody' })),
        select,
      ),
  },
  {
    what: 'an administrator ends the connection',
    code: '57P01',
    run: () =>
      connectionErrorOf(database.url, (other) =>
        other.connection().execute(async (one) => {
          const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(one);
          const sleeping = sql`select pg_sleep(20)`.execute(one);
          await Promise.all([sleeping, asSuperuser(`select pg_terminate_backend(${rows[0]?.pid ?? 0})`)]);
        }),
      ),
  },
  {
    what: 'a statement takes too long',
    code: '57014',
    run: () =>
      errorOf(() =>
        db.transaction().execute(async (tx) => {
          await sql`set local statement_timeout = 10`.execute(tx);
          await sql`select pg_sleep(20)`.execute(tx);
        }),
      ),
  },
  {
    what: 'it may only be read',
    code: '25006',
    run: () =>
      errorOf(() =>
        db.transaction().execute(async (tx) => {
          await sql`set transaction read only`.execute(tx);
          await sql`delete from sessions`.execute(tx);
        }),
      ),
  },
];

const SQLITE_AWAY: Failure[] = [
  {
    what: 'another process writes',
    code: 'SQLITE_BUSY',
    run: async () => {
      const other_process = new BetterSqlite3(fileOf(database.url));
      other_process.exec('begin immediate');
      try {
        return await connectionErrorOf(database.url, async (other) => {
          setPatience(other, 1);
          await sql`delete from sessions`.execute(other);
        });
      } finally {
        other_process.close();
      }
    },
  },
  {
    what: 'it may only be read',
    code: 'SQLITE_READONLY',
    run: () =>
      connectionErrorOf(database.url, async (other) => {
        await sql`pragma query_only = on`.execute(other);
        await sql`delete from sessions`.execute(other);
      }),
  },
  {
    what: 'the disk is full',
    code: 'SQLITE_FULL',
    run: () =>
      connectionErrorOf(database.url, async (other) => {
        await sql`pragma max_page_count = 1`.execute(other);
        await sql`create table large as select hex(randomblob(1000000)) as x`.execute(other);
      }),
  },
  {
    what: 'the path is a folder',
    code: 'SQLITE_CANTOPEN',
    run: () => connectionErrorOf('sqlite:/', select),
  },
];

describe('a database that is away', () => {
  test.each(ON_POSTGRES ? POSTGRES_AWAY : SQLITE_AWAY)('is known when $what ($code)', async ({ code, run }) => {
    const error = await run();
    expect(String(codeOf(error))).toBe(code);
    expect(isDatabaseAway(error)).toBe(true);
    expect(isUniqueViolation(error)).toBe(false);
  });

  test.runIf(ON_POSTGRES)('is what a connection is taken for that has lost a kept statement', async () => {
    const lost = await errorOf(() => sql`execute no_such_statement`.execute(db));
    expect([codeOf(lost), isDatabaseAway(lost)]).toEqual(['26000', true]);
  });

  test('is what SQLite is taken for when it has ended a transaction', () => {
    expect(isDatabaseAway(new TransactionOver('the transaction has ended'))).toBe(true);
  });

  test('is not what a fault of ours looks like', async () => {
    const faults = await Promise.all([
      errorOf(() => sql`select nothing from nowhere`.execute(db)),
      errorOf(() => sql`selec 1`.execute(db)),
      errorOf(() => sql`insert into memberships values ('usr_1', 'org_missing', '[]', ${NOW})`.execute(db)),
      errorOf(() => sql`insert into partners values ('ptr_x', null, ${NOW}, null)`.execute(db)),
      errorOf(() =>
        sql`update signing_keys set state = 'other'`.execute(db).then(() => Promise.reject(new TypeError())),
      ),
      errorOf(() => insertUser(db, 'usr_1', 'sam@clinic.example')),
    ]);
    expect(faults.map(isDatabaseAway)).toEqual(faults.map(() => false));
    expect([undefined, null, 'SQLITE_BUSY', { code: '57P01' }].map(isDatabaseAway)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('a row that is there already', () => {
  test('is known by its primary key and by a unique index', async () => {
    const errors = [
      await errorOf(() => insertUser(db, 'usr_1', 'sam@clinic.example')),
      await errorOf(() => insertUser(db, 'usr_2', 'pat@clinic.example')),
    ];
    expect(errors.map(isUniqueViolation)).toEqual([true, true]);
  });

  test('is not what other broken rules look like', async () => {
    const errors = [
      await errorOf(() => sql`insert into memberships values ('usr_9', 'org_1', '[]', ${NOW})`.execute(db)),
      await errorOf(() => sql`insert into partners values ('ptr_x', null, ${NOW}, null)`.execute(db)),
      await errorOf(() => sql`update organizations set parent_organization_id = organization_id`.execute(db)),
    ];
    expect(errors.map(isUniqueViolation)).toEqual([false, false, false]);
  });

  test('is logged without its values, which the driver hangs on the error', async () => {
    const lines: string[] = [];
    const log = createLog('info', { write: (line: string) => void lines.push(line) });
    const error = await errorOf(() => insertUser(db, 'usr_3', 'pat@clinic.example'));
    log.error({ err: error }, 'failed');
    pino({}, { write: (line: string) => void lines.push(line) }).error({ err: error }, 'failed');
    expect(lines[0]).toMatch(/unique/i);
    expect(lines.map((line) => line.includes('pat@clinic.example'))).toEqual([false, ON_POSTGRES]);
  });
});

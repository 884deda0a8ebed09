// SQLite: a query built each time or prepared, a join whose plan is kept or not, and rows committed together or each by itself.

import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { sql } from 'kysely';
import { recordEvent } from '../../src/audit/audit.ts';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { grant } from '../../src/db/group.ts';
import { newId, systemRandom } from '../../src/foundation/ids.ts';
import { findSessionAccess, findStanding } from '../../src/partners/standing-store.ts';
import { findSession, insertSession } from '../../src/sessions/store.ts';
import { insertSsoToken } from '../../src/sso-tokens/store.ts';
import { findPartnerMember } from '../../src/users/partner-member-store.ts';
import { LATER, NOW, prepareDatabase } from '../../test/db/connection.ts';
import { atEnd } from '../lifetime.ts';
import type { Part, Variant } from './part.ts';

const LOOKUPS = 500;
/** As many as thirty-two connections bring in one turn of the event loop. */
const TOGETHER = 26;
const GROUPS = 8;
const USERS = 1_000;

const makers = { clock: Date.now, random: systemRandom };
const pair = { partner_id: 'ptr_1', organization_id: 'org_1' };

async function openFilled(path: string): Promise<Database> {
  const db = openDatabase({ engine: 'sqlite', path }, () => undefined);
  atEnd(() => db.destroy());
  await prepareDatabase(db);
  return db;
}

/** What findStanding asks, as kysely's own documentation writes it. */
function standingQuery(db: Database) {
  return db
    .selectFrom('integrations')
    .innerJoin('partners', 'partners.partner_id', 'integrations.partner_id')
    .innerJoin('organizations', 'organizations.organization_id', 'integrations.organization_id')
    .leftJoin('organizations as parents', 'parents.organization_id', 'organizations.parent_organization_id')
    .select(['partners.name', 'partners.suspended_at', 'organizations.suspended_at as organization_suspended_at'])
    .select(['parents.suspended_at as parent_suspended_at', 'integrations.embed_origins', 'integrations.scopes'])
    .where('integrations.partner_id', '=', pair.partner_id)
    .where('integrations.organization_id', '=', pair.organization_id);
}

function lookUp(name: string, run: () => unknown): Variant {
  return {
    name,
    times: LOOKUPS,
    run: async () => {
      for (let count = 0; count < LOOKUPS; count += 1) await run();
    },
  };
}

function standingPart(db: Database, path: string): Part {
  const file = new BetterSqlite3(path, { readonly: true });
  atEnd(() => void file.close());
  const { sql: text, parameters } = standingQuery(db).compile();
  const kept = file.prepare(text);
  const planned = file.prepare(text.replaceAll('?', '(select ?)'));
  return {
    name: 'partner, organization and integration, on SQLite',
    variants: [
      lookUp('a prepared query (standing-store.ts)', async () => findStanding(db, pair)),
      lookUp('better-sqlite3 alone, values as `(select ?)`', () => planned.all(...parameters)),
      lookUp('better-sqlite3 alone, values as `?`: the plan is made anew', () => kept.all(...parameters)),
      lookUp('better-sqlite3 alone, prepared each time', () => file.prepare(text).all(...parameters)),
      lookUp('kysely, built and compiled each time', async () => standingQuery(db).execute()),
    ],
  };
}

async function sessionPart(db: Database): Promise<Part> {
  const session_id = newId('ses', makers);
  const user_id = 'usr_1';
  const times = { created_at: NOW, idle_expires_at: LATER, expires_at: LATER, ended_at: null, end_reason: null };
  const kinds = { kind: 'top_level', secret_hash: 'of nothing', jti: newId('sso', makers) } as const;
  await insertSession(db, { session_id, ...kinds, ...pair, user_id, ...times });
  const oneByOne = async () => {
    await findSession(db, session_id);
    await findStanding(db, pair);
    await findPartnerMember(db, { ...pair, user_id });
  };
  return {
    name: 'session, standing and member, on SQLite',
    variants: [
      lookUp('one prepared query (standing-store.ts)', async () => findSessionAccess(db, session_id)),
      lookUp('a prepared query for each', oneByOne),
    ],
  };
}

let next_user = 0;

/** The rows of a minted token, for a user who is not the one before. */
async function insertMint(db: Database): Promise<void> {
  next_user += 7_919;
  const user_id = `usr_${String(next_user % USERS).padStart(32, '0')}`;
  const [jti, request_id] = [newId('sso', makers), newId('req', makers)];
  const times = { minted_at: NOW, expires_at: LATER, opened_at: null, redeemed_at: null, revoked_at: null };
  await insertSsoToken(db, { jti, request_id, ...pair, user_id, ...times });
  const request = { request_id, client_address: '127.0.0.1', user_agent: undefined };
  const event = { actor: 'partner', action: 'sso_token.minted', request, jti, ...pair, user_id } as const;
  await recordEvent(db, { ...event, redirect_path: '/dashboard/patients/1234' }, makers);
}

function mints(name: string, run: () => Promise<unknown>): Variant {
  return {
    name,
    times: GROUPS * TOGETHER,
    run: async () => {
      for (let group = 0; group < GROUPS; group += 1) await run();
    },
  };
}

async function together(db: Database): Promise<void> {
  await Promise.all(Array.from({ length: TOGETHER }, async () => grant(db, { write: insertMint })));
}

async function eachByItself(db: Database): Promise<void> {
  for (let count = 0; count < TOGETHER; count += 1) await db.transaction().execute(insertMint);
}

/** Makes a table anew as SQLite would have it by itself. */
async function giveRowids(db: Database, name: string): Promise<void> {
  const { rows } = await sql<{ text: string }>`select sql as text from sqlite_master
    where tbl_name = ${name} and sql is not null order by type desc`.execute(db);
  await db.schema.dropTable(name).execute();
  for (const { text } of rows) await sql.raw(text.replace(/ WITHOUT ROWID$/, '')).execute(db);
}

async function commitPart(folder: string): Promise<Part> {
  const db = await openFilled(join(folder, 'commits.db'));
  const without = await openFilled(join(folder, 'without-index.db'));
  await without.schema.dropIndex('audit_events_by_user').execute();
  const rowids = await openFilled(join(folder, 'rowids.db'));
  for (const name of ['sso_tokens', 'audit_events']) await giveRowids(rowids, name);
  const lazy = await openFilled(join(folder, 'lazy.db'));
  await sql`pragma synchronous = off`.execute(lazy);
  return {
    name: 'the two rows of a mint on disk, on SQLite',
    variants: [
      mints(`${TOGETHER} in one commit (group.ts)`, async () => together(db)),
      mints('the same without audit_events_by_user', async () => together(without)),
      mints('the same in tables with rowids', async () => together(rowids)),
      mints('the same without waiting for the disk (not durable)', async () => together(lazy)),
      mints('each in a commit of its own', async () => eachByItself(db)),
    ],
  };
}

export async function databaseParts(folder: string): Promise<Part[]> {
  const path = join(folder, 'parts.db');
  const db = await openFilled(path);
  return [standingPart(db, path), await sessionPart(db), await commitPart(folder)];
}

import type { Command } from 'commander';
import type { Database } from '../db/database.ts';
import type { SessionsTable } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import { getOrganization } from '../partners/organization.ts';
import { getPartner } from '../partners/partner.ts';
import { closeSession } from '../sessions/session.ts';
import { findSession, listSessions, type SessionFilter } from '../sessions/store.ts';
import { getUser } from '../users/user.ts';
import { changeCommand, listCommand, makers, noun, type PageOptions, withDatabase } from './command.ts';
import { printMany } from './output.ts';

type ListOptions = PageOptions & { user?: string; organization?: string; partner?: string; live?: boolean };

function toFilter({ user, organization, partner, live }: ListOptions): SessionFilter {
  return {
    ...(user !== undefined && { user_id: user }),
    ...(organization !== undefined && { organization_id: organization }),
    ...(partner !== undefined && { partner_id: partner }),
    ...(live === true && { live_at: timestamp(makers.clock()) }),
  };
}

function describeSessionRow({ secret_hash: _, ...row }: SessionsTable) {
  return row;
}

const COLUMNS = [
  'session_id',
  'kind',
  'user_id',
  'organization_id',
  'partner_id',
  'created_at',
  'idle_expires_at',
  'expires_at',
  'ended_at',
  'end_reason',
];

/** A mistyped id is an error: an empty list would say that nobody is signed in. */
async function requireKnown(db: Database, { user, organization, partner }: ListOptions): Promise<void> {
  if (user !== undefined) await getUser(db, user);
  if (organization !== undefined) await getOrganization(db, organization);
  if (partner !== undefined) await getPartner(db, partner);
}

function list(): Command {
  return listCommand('list sessions, newest first')
    .option('--user <user_id>', 'of this user')
    .option('--organization <organization_id>', 'of this organization')
    .option('--partner <partner_id>', 'brought about by this partner')
    .option('--live', 'only those that are good now')
    .action(async (options: ListOptions) => {
      const page = { limit: options.limit, ...(options.after !== undefined && { before: options.after }) };
      const rows = await withDatabase(async (db) => {
        await requireKnown(db, options);
        return listSessions(db, toFilter(options), page);
      });
      const { limit } = options;
      const things = options.live === true ? 'live sessions' : 'sessions';
      printMany(options, rows.map(describeSessionRow), { things, columns: COLUMNS, limit, cursor: ['session_id'] });
    });
}

async function revokeSession(db: Database, session_id: string): Promise<boolean> {
  if ((await findSession(db, session_id)) === undefined) throw new OperatorError(`there is no session ${session_id}`);
  return db
    .transaction()
    .execute((tx) => closeSession(tx, { session_id, reason: 'revoked', actor: 'operator' }, makers));
}

const revoke = changeCommand({
  verb: 'revoke',
  description: 'end a session',
  id: 'session_id',
  state: 'ended',
  change: revokeSession,
});

export function sessionCommand(): Command {
  return noun('session', 'who is signed in', [list(), revoke]);
}

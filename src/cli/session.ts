import type { Command } from 'commander';
import type { Database } from '../db/database.ts';
import type { SessionsTable } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import { closeSession } from '../sessions/session.ts';
import { findSession, listSessions, type SessionFilter } from '../sessions/store.ts';
import { changeCommand, listCommand, makers, noun, type PageOptions, printMany, withDatabase } from './command.ts';

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

function list(): Command {
  return listCommand('list sessions, newest first')
    .option('--user <user_id>', 'of this user')
    .option('--organization <organization_id>', 'of this organization')
    .option('--partner <partner_id>', 'brought about by this partner')
    .option('--live', 'only those that are good now')
    .action(async (options: ListOptions) => {
      const page = { limit: options.limit, ...(options.after !== undefined && { before: options.after }) };
      const rows = await withDatabase((db) => listSessions(db, toFilter(options), page));
      printMany(options, rows.map(describeSessionRow), { ...options, cursor: ['session_id'] });
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

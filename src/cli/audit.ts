import { type Command, InvalidArgumentError } from 'commander';
import { type AuditFilter, listEvents } from '../audit/audit.ts';
import { timestamp } from '../foundation/clock.ts';
import { listCommand, noun, type PageOptions, withDatabase } from './command.ts';
import { printMany } from './output.ts';

type ListOptions = PageOptions & {
  action?: string;
  outcome?: 'granted' | 'refused';
  partner?: string;
  organization?: string;
  user?: string;
  request?: string;
  from?: string;
  until?: string;
};

// A date alone is midnight UTC; a time needs its zone, or it would mean something else on each machine.
const MOMENT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

function parseMoment(text: string): string {
  const moment = MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment)) throw new InvalidArgumentError('It must be a moment such as 2026-11-22T05:30:00Z.');
  return timestamp(moment);
}

function parseOutcome(text: string): 'granted' | 'refused' {
  if (text === 'granted' || text === 'refused') return text;
  throw new InvalidArgumentError('It must be granted or refused.');
}

function toFilter(options: ListOptions): AuditFilter {
  const { partner, organization, user, request } = options;
  const pairs = { partner_id: partner, organization_id: organization, user_id: user, request_id: request };
  const { action, outcome, from, until } = options;
  return Object.fromEntries(
    Object.entries({ ...pairs, action, outcome, from, until }).filter(([, value]) => value !== undefined),
  );
}

/** What happened, by whom and to whom; --json has the rest: addresses, user agents, paths. */
const COLUMNS = [
  'occurred_at',
  'actor',
  'action',
  'outcome',
  'problem',
  'partner_id',
  'organization_id',
  'user_id',
  'session_id',
  'target_id',
  'request_id',
];

function list(): Command {
  return listCommand('list events, newest first; --json has every column')
    .option('--action <action>', 'such as sso_token.minted')
    .option('--outcome <outcome>', 'granted or refused', parseOutcome)
    .option('--partner <partner_id>', 'of this partner')
    .option('--organization <organization_id>', 'of this organization')
    .option('--user <user_id>', 'of this user')
    .option('--request <request_id>', 'of this request')
    .option('--from <moment>', 'from this moment on', parseMoment)
    .option('--until <moment>', 'before this moment', parseMoment)
    .action(async (options: ListOptions) => {
      const page = { limit: options.limit, ...(options.after !== undefined && { before: options.after }) };
      const rows = await withDatabase((db) => listEvents(db, toFilter(options), page));
      printMany(options, rows, { things: 'events', columns: COLUMNS, limit: options.limit, cursor: ['event_id'] });
    });
}

export function auditCommand(): Command {
  return noun('audit', 'what was granted, refused and changed', [list()]);
}

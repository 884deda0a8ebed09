import { type Command, InvalidArgumentError } from 'commander';
import { type AuditFilter, listEvents } from '../audit/audit.ts';
import { timestamp } from '../foundation/clock.ts';
import { listCommand, noun, type PageOptions, printMany, withDatabase } from './command.ts';

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

function parseMoment(text: string): string {
  const moment = Date.parse(text);
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

function list(): Command {
  return listCommand('list events, newest first')
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
      printMany(options, rows, { ...options, cursor: ['event_id'] });
    });
}

export function auditCommand(): Command {
  return noun('audit', 'what was granted, refused and changed', [list()]);
}

// Fills a migrated database: users with memberships and a partner's ids, audit events of a year, receipts, sessions. The rows are
// made by the database, with ids as the product makes them; partners, clinics and secrets come from the product itself.

import type { SampleCaller } from '../field/sample.ts';
import type { FillEngine } from './engine.ts';
import { type Size, SPREAD } from './size.ts';

const DAY = 86_400_000;
/** Rows of one statement. */
const STEP = 500_000;

type Moments = {
  /** When the first row was made, and how far apart the rows are, in milliseconds. */
  from: number;
  every: number;
};

/** `count` rows over the `days` before `until`. */
function spreadOver(until: number, days: number, count: number): Moments {
  return { from: until - days * DAY, every: Math.max(1, Math.floor((days * DAY) / count)) };
}

export type Filling = { size: Size; callers: readonly SampleCaller[]; now: number };

/** When the n-th user was made: idOf needs it to say what its id is. */
export function userMoment({ size, now }: Pick<Filling, 'size' | 'now'>, n: number): number {
  const { from, every } = spreadOver(now - 400 * DAY, 400, size.users);
  return from + n * every;
}

function statements(engine: FillEngine, { size, now }: Filling) {
  const moment = ({ from, every }: Moments, n: string) => `(${from} + (${n}) * ${every})`;
  const id = (prefix: string, n: string, moments: Moments) =>
    `'${prefix}_' || ${engine.hex(moment(moments, n), 12)} || '7' || ${engine.hex(`(${n}) % 4096`, 3)} || '8' || ${engine.hex(`(${n}) * ${SPREAD}`, 15)}`;
  const users = spreadOver(now - 400 * DAY, 400, size.users);
  const events = spreadOver(now - DAY / 24, 365, size.audit_rows);
  const tokens = spreadOver(now - DAY / 24, 20, size.tokens);
  const sessions = spreadOver(now - DAY / 24, 0.5, size.sessions);
  const at = (moments: Moments, later = 0) => engine.timestamp(`${moment(moments, 'n')} + ${later}`);
  // Somebody's number that follows from a row's, and that somebody's clinic.
  const somebody = `((n * 7919) % ${size.users})`;
  const place = (user: string) => `JOIN places ON places.place = ${user} % ${size.organizations}`;
  const user_id = id('usr', somebody, users);
  const agent =
    "CASE n % 3 WHEN 1 THEN 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36' ELSE 'sample-practice-software/1.0' END";
  return {
    users: `INSERT INTO users (user_id, organization_id, email, given_name, family_name, created_at)
      SELECT ${id('usr', 'n', users)}, organization_id, 'pat.provider.' || n || '@clinic.example', 'Pat', 'Provider ' || n, ${at(users)}
      FROM numbers ${place('n')}`,
    memberships: `INSERT INTO memberships (user_id, organization_id, access_roles, created_at)
      SELECT ${id('usr', 'n', users)}, organization_id, '["provider"]', ${at(users)} FROM numbers ${place('n')}`,
    partner_user_ids: `INSERT INTO partner_user_ids (partner_id, organization_id, partner_user_id, user_id)
      SELECT partner_id, organization_id, 'staff-' || n, ${id('usr', 'n', users)} FROM numbers ${place('n')}`,
    sso_tokens: `INSERT INTO sso_tokens (jti, partner_id, organization_id, user_id, request_id, minted_at, expires_at, opened_at, redeemed_at)
      SELECT ${id('sso', 'n', tokens)}, partner_id, organization_id, ${user_id}, ${id('req', 'n', tokens)},
        ${at(tokens)}, ${at(tokens, 300_000)}, ${at(tokens, 2_000)}, ${at(tokens, 2_000)}
      FROM numbers ${place(somebody)}`,
    sessions: `INSERT INTO sessions (session_id, secret_hash, kind, jti, partner_id, organization_id, user_id, created_at, idle_expires_at, expires_at)
      SELECT ${id('ses', 'n', sessions)}, ${engine.hex(`n * ${SPREAD}`, 43)}, 'top_level', ${id('sso', 'n', sessions)}, partner_id,
        organization_id, ${user_id}, ${at(sessions)}, ${at(sessions, 30 * DAY)}, ${at(sessions, 30 * DAY)}
      FROM numbers ${place(somebody)}`,
    audit_events: `INSERT INTO audit_events (event_id, occurred_at, actor, action, outcome, partner_id, organization_id, user_id,
        session_id, jti, redirect_path, request_id, client_address, user_agent, detail)
      SELECT ${id('evt', 'n', events)}, ${at(events)},
        CASE n % 3 WHEN 0 THEN 'partner' WHEN 1 THEN 'browser' ELSE 'portal' END,
        CASE n % 3 WHEN 0 THEN 'sso_token.minted' WHEN 1 THEN 'sso_token.redeemed' ELSE 'session.ended' END,
        'granted', partner_id, organization_id, ${user_id},
        CASE n % 3 WHEN 0 THEN NULL ELSE ${id('ses', 'n / 3', events)} END, ${id('sso', 'n / 3', events)},
        CASE n % 3 WHEN 2 THEN NULL ELSE '/dashboard/patients/1234-5678-3456-2345/prescriptions' END,
        ${id('req', 'n', events)}, '192.0.2.1', ${agent},
        CASE n % 3 WHEN 2 THEN '{"reason":"signed_out","kind":"top_level"}' ELSE NULL END
      FROM numbers ${place(somebody)}`,
  };
}

async function fillPlaces(engine: FillEngine, callers: readonly SampleCaller[]): Promise<void> {
  await engine.run('CREATE TEMPORARY TABLE places (place INTEGER PRIMARY KEY, partner_id TEXT, organization_id TEXT)');
  const rows = callers.map(
    ({ partner_id, organization_id }, place) => `(${place}, '${partner_id}', '${organization_id}')`,
  );
  await engine.run(`INSERT INTO places VALUES ${rows.join(', ')}`);
}

/** Fills everything; indexes are taken away meanwhile and made anew, which takes a fraction of the time. */
export async function fill(engine: FillEngine, filling: Filling, progress: (line: string) => void): Promise<void> {
  const { users, audit_rows, tokens, sessions } = filling.size;
  const sql = statements(engine, filling);
  const work: [table: string, rows: number, statement: string][] = [
    ['users', users, sql.users],
    ['memberships', users, sql.memberships],
    ['partner_user_ids', users, sql.partner_user_ids],
    ['sso_tokens', tokens, sql.sso_tokens],
    ['sessions', sessions, sql.sessions],
    ['audit_events', audit_rows, sql.audit_events],
  ];
  await fillPlaces(engine, filling.callers);
  const indexes = await engine.indexes();
  for (const { name } of indexes) await engine.run(`DROP INDEX ${name}`);
  for (const [table, rows, statement] of work) {
    for (let from = 0; from < rows; from += STEP) {
      await engine.run(`${engine.numbers(from, Math.min(rows, from + STEP))} ${statement}`);
      if (from > 0) progress(`  ${table}: ${from} of ${rows}`);
    }
  }
  for (const { name, statement } of indexes) {
    await engine.run(statement);
    if (audit_rows > 1_000_000) progress(`  index ${name}`);
  }
}

// What is kept and for how long: nothing in the database lets its reader sign in, and what is over is swept.

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rotateCredential } from '../../src/partners/credential.ts';
import { sweep } from '../../src/sweep.ts';
import { call, CLICK, cookieOf, EMBED_PATH, FRAME, mintLink, openLink } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Every row of every table, as one text. */
async function dump(): Promise<string> {
  const { db } = handoff.deps;
  const tables = (await db.introspection.getTables()).map(({ name }) => name);
  expect(tables).toEqual(
    expect.arrayContaining(['credentials', 'sessions', 'sso_tokens', 'signing_keys', 'audit_events']),
  );
  const rows = await Promise.all(tables.map((name) => sql`select * from ${sql.table(name)}`.execute(db)));
  return JSON.stringify(rows.map((result) => result.rows));
}

describe('the database', () => {
  test('holds no token, no secret and no part of one', async () => {
    const place = await createSample(handoff.deps);
    const opened = await mintLink(handoff, place);
    const cookie = await openLink(handoff, opened);
    const frame = cookieOf(await call(handoff, (await mintLink(handoff, place, EMBED_PATH)).path, { headers: FRAME }));
    const unspent = await mintLink(handoff, place);
    const exchanged = await call(handoff, '/auth/sso', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: (await mintLink(handoff, place)).sso_token }),
    });
    const { session_token } = (exchanged.json as { data: { session_token: string } }).data;
    const owner = { partner_id: place.partner_id, organization_id: null };
    const rotated = await rotateCredential(handoff.deps.db, { owner, overlap_hours: 1 }, handoff.deps);
    await call(handoff, opened.path, { headers: CLICK });

    const text = await dump();
    const hidden = {
      'a spent token': opened.sso_token,
      'an unspent token': unspent.sso_token,
      'the signature of a token': unspent.sso_token.split('.')[2],
      'the secret of a session': cookie.split('.')[1],
      'the secret of an embedded session': frame?.split('.')[1],
      'the secret of an exchanged session': session_token.split('.')[1],
      'the secret of the partner': place.partner_secret,
      'the secret of the organization': place.organization_secret,
      'the random part of a secret': place.partner_secret.slice(4, 36),
      'a rotated secret': rotated.secret,
      MASTER_KEY: handoff.config.MASTER_KEY.toString('base64'),
      'MASTER_KEY in another spelling': handoff.config.MASTER_KEY.toString('hex'),
    };
    const found = Object.entries(hidden).filter(([, secret]) => secret === undefined || text.includes(secret));
    expect(found.map(([what]) => what)).toEqual([]);
    expect(/eyJ|PRIVATE KEY/.test(text), 'the beginning of a token or of a private key').toBe(false);
    expect(/"d\\?":/.test(text), 'the private member of a JSON Web Key').toBe(false);
    // The positive twin: the dump does hold what is public.
    expect([cookie.split(/[=.]/)[1] ?? '', place.partner_id].every((id) => text.includes(id))).toBe(true);
  });
});

describe('sweeping', () => {
  const remaining = async () => {
    const { db } = handoff.deps;
    const [tokens, sessions] = [
      await db.selectFrom('sso_tokens').select('jti').execute(),
      await db.selectFrom('sessions').select('session_id').execute(),
    ];
    return { tokens: tokens.length, sessions: sessions.length };
  };

  test('leaves everything that is good, and what has been over for less than a day', async () => {
    await handoff.deps.db.deleteFrom('sessions').execute();
    await handoff.deps.db.deleteFrom('sso_tokens').execute();
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    const link = await mintLink(handoff, sample);
    await sweep(handoff.deps);
    expect(await remaining()).toEqual({ tokens: 2, sessions: 1 });
    expect((await call(handoff, '/auth/session', { headers: { cookie } })).status).toBe(200);
    expect((await call(handoff, link.path, { headers: CLICK })).status).toBe(303);
    handoff.clock.advance(5 * MINUTE + DAY);
    await sweep(handoff.deps);
    expect(await remaining()).toEqual({ tokens: 2, sessions: 2 });
  });

  test('removes sessions a day after the end that they could have reached, however they ended', async () => {
    const { db } = handoff.deps;
    const newest = await db
      .selectFrom('sessions')
      .select('expires_at')
      .orderBy('session_id', 'desc')
      .executeTakeFirst();
    handoff.clock.advance(Date.parse(newest?.expires_at ?? '') + DAY - handoff.clock.now());
    await sweep(handoff.deps);
    expect(await remaining()).toEqual({ tokens: 2, sessions: 2 });
    handoff.clock.advance(1);
    await sweep(handoff.deps);
    expect(await remaining()).toEqual({ tokens: 2, sessions: 0 });
  });

  test('removes tokens, which are receipts, RECEIPT_DAYS after they expired, spent or not', async () => {
    const { db, config } = handoff.deps;
    const [newest] = await db.selectFrom('sso_tokens').select('expires_at').orderBy('jti', 'desc').execute();
    handoff.clock.advance(Date.parse(newest?.expires_at ?? '') + config.RECEIPT_DAYS * DAY - handoff.clock.now());
    const fresh = await mintLink(handoff, sample);
    await sweep(handoff.deps);
    expect((await remaining()).tokens).toBeGreaterThan(1);
    handoff.clock.advance(1);
    await sweep(handoff.deps);
    expect(await remaining()).toEqual({ tokens: 1, sessions: 0 });
    expect((await call(handoff, fresh.path, { headers: CLICK })).status).toBe(303);
  });

  test('leaves the audit trail and everything else', async () => {
    const { db } = handoff.deps;
    const count = async () => (await db.selectFrom('audit_events').select('event_id').execute()).length;
    const before = await count();
    handoff.clock.advance(1_000 * DAY);
    await sweep(handoff.deps);
    expect(await count()).toBe(before);
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    expect((await call(handoff, '/auth/session', { headers: { cookie } })).status).toBe(200);
  });
});

// The panel "Behind the scenes": what its API tells of the requests to a real Handoff, and what it never tells.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Exchange } from '../../demo/practice/journal.ts';
import { findLeaks } from '../support/leaks.ts';
import { EMBED_PATH, PATIENT_PATH } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { askForLink, type Practice, startSamplePractice, workAs } from './practice.ts';

let handoff: Handoff;
let sample: Sample;
let practice: Practice;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
  practice = await startSamplePractice(sample, { api_url: handoff.url });
});
afterAll(async () => {
  await practice.close();
  await handoff.close();
});

async function readJournal(cookie: string, from = practice): Promise<{ text: string; exchanges: Exchange[] }> {
  const answer = await fetch(`${from.url}/api/exchanges`, { headers: { cookie } });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const text = await answer.text();
  return { text, exchanges: (JSON.parse(text) as { exchanges: Exchange[] }).exchanges };
}

const receiptOf = (request_id: string | null) => `${practice.url}/api/receipts/${request_id}`;

test('a request and its answer are told, newest first, with what is secret or about people hidden', async () => {
  const cookie = await workAs(practice, 'clinician');
  await askForLink(practice, cookie, JSON.stringify({ redirect_path: EMBED_PATH }));
  const pressed = await askForLink(practice, cookie, JSON.stringify({ redirect_path: `${PATIENT_PATH}?tab=scripts` }));
  const { exchanges, text } = await readJournal(cookie);
  expect(exchanges.map(({ exchange_id }) => exchange_id)).toEqual([2, 1]);
  const [newest] = exchanges;
  expect(newest).toMatchObject({ method: 'POST', path: '/v1/sso', answer: { status: 200 } });
  expect(newest?.request.body).toEqual({ redirect_path: '/dashboard/patients/••••••••?tab=••••••••' });
  expect(newest?.answer?.body).toMatchObject({
    success: true,
    data: {
      sso_token: '••••••••',
      redirect_url: 'http://localhost:8787/auth/sso?token=••••••••&redirect=••••••••',
      expires_in: 300,
    },
    requestId: newest?.request_id,
  });
  expect(Object.fromEntries(newest?.request.headers ?? [])).toMatchObject({
    'x-partner-id': sample.partner_id,
    'x-partner-secret': '••••••••',
    'x-organization-secret': '••••••••',
    'x-user-id': `usr_••••••••${sample.user_id.slice(-4)}`,
  });

  expect(findLeaks(text)).toEqual([]);
  const token = new URL(pressed.body.redirect_url ?? '').searchParams.get('token') ?? '';
  for (const secret of [sample.partner_secret, sample.organization_secret, sample.user_id, token]) {
    expect(secret.length).toBeGreaterThan(8);
    expect(text.includes(secret)).toBe(false);
  }
});

test('a refusal, and an answer that never came, are told as well', async () => {
  const refused = await startSamplePractice({ ...sample, partner_secret: 'wrong' }, { api_url: handoff.url });
  const away = await startSamplePractice(sample, { api_url: 'http://127.0.0.1:1' });
  try {
    const cookie = await workAs(refused, 'clinician');
    await askForLink(refused, cookie);
    const [exchange] = (await readJournal(cookie, refused)).exchanges;
    expect(exchange?.answer).toMatchObject({
      status: 401,
      body: { error: { detail: 'Invalid partner credentials' } },
    });

    const other = await workAs(away, 'clinician');
    await askForLink(away, other);
    const tries = (await readJournal(other, away)).exchanges;
    expect(tries.map(({ answer, request_id }) => [answer, request_id])).toEqual([
      [null, null],
      [null, null],
    ]);
  } finally {
    await refused.close();
    await away.close();
  }
});

test('what became of a link is asked for on request, and told without what is about people', async () => {
  const cookie = await workAs(practice, 'clinician');
  await askForLink(practice, cookie, JSON.stringify({ redirect_path: PATIENT_PATH }));
  const [{ request_id } = { request_id: null }] = (await readJournal(cookie)).exchanges;
  const asked = await fetch(receiptOf(request_id), { method: 'POST', headers: { cookie } });
  expect(asked.status).toBe(204);
  const { exchanges, text } = await readJournal(cookie);
  expect(exchanges[0]).toMatchObject({
    method: 'GET',
    path: `/v1/sso/attempts/${request_id}`,
    answer: { status: 200 },
  });
  expect(exchanges[0]?.answer?.body).toMatchObject({
    data: { outcome: 'minted', redirect_path: '/dashboard/patients/••••••••' },
  });
  expect(findLeaks(text)).toEqual([]);
  expect(text.includes(sample.user_id)).toBe(false);
});

test('each person’s journal is her own, and so are its receipts', async () => {
  const [mine, theirs] = [await workAs(practice, 'clinician'), await workAs(practice, 'clinician')];
  await askForLink(practice, mine);
  const [{ request_id } = { request_id: null }] = (await readJournal(mine)).exchanges;
  expect(request_id).toMatch(/^req_/);
  for (const cookie of [theirs, '']) {
    expect((await readJournal(cookie)).exchanges).toEqual([]);
    expect((await fetch(receiptOf(request_id), { method: 'POST', headers: { cookie } })).status).toBe(404);
  }
  expect((await fetch(receiptOf('req_unknown'), { method: 'POST', headers: { cookie: mine } })).status).toBe(404);
});

test('it keeps the last fifty, and nothing after signing out', async () => {
  const cookie = await workAs(practice, 'clinician');
  for (let count = 0; count < 52; count += 1) await askForLink(practice, cookie);
  const { exchanges } = await readJournal(cookie);
  expect(exchanges).toHaveLength(50);
  expect(exchanges[0]?.exchange_id).toBe(52);
  await fetch(`${practice.url}/sign-out`, { method: 'POST', headers: { cookie }, redirect: 'manual' });
  expect((await readJournal(cookie)).exchanges).toEqual([]);
  expect((await askForLink(practice, cookie)).body.reason).toBe('signed-out');
});

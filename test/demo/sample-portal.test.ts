// The sample portal of the sandbox behind its front: what a proxy in front of a real portal has to hold to, it holds to.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getOrganization } from '../../src/partners/organization.ts';
import { getUser, setMembership } from '../../src/users/user.ts';
import { type Answer, call, mintLink, openLink, PATIENT_PATH, PRACTICE_ORIGIN, problemOf } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { frameAncestorsOf, textOf } from '../support/html.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { requestHead, sendRaw } from '../http/raw-request.ts';

const PORTAL = 'http://localhost:8787';
const EMBED_PATH = '/embed/patients/1234-5678-3456-2345/prescriptions';
const API_PATH = '/embed/api/patients/1234-5678-3456-2345';
const PAGE = { accept: 'text/html' };
const ORDER = {
  medicine: 'Ibuprofen 400 mg tablet',
  directions: 'One tablet when needed',
  quantity: '20',
  repeats: '1',
};

let handoff: Handoff;
let sample: Sample;
let reader: Sample;
let cookie: string;
beforeAll(async () => {
  handoff = await startHandoff({ mode: 'sandbox', environment: { EMBED_WITHOUT_COOKIE: 'bearer' } });
  sample = await createSample(handoff.deps);
  reader = { ...sample, user_id: await createSampleUser(handoff.deps, sample.organization_id, ['admin']) };
  cookie = await openLink(handoff, await mintLink(handoff, sample));
});
afterAll(() => handoff.close());

const get = (path: string, headers: Record<string, string>) => call(handoff, path, { headers });

/** What the portal answers to it is its own: openapi.yaml knows nothing of prescriptions. */
async function post(path: string, headers: Record<string, string>, body: string): Promise<Answer> {
  const answer = await fetch(handoff.url + path, { method: 'POST', headers, body, redirect: 'manual' });
  const text = await answer.text();
  const is_json = answer.headers.get('content-type')?.includes('json') === true;
  const json: unknown = is_json ? JSON.parse(text) : undefined;
  return { status: answer.status, headers: answer.headers, text, json };
}

/** The session of a page in a frame. */
async function embedSession(of = sample): Promise<string> {
  const { sso_token: token } = await mintLink(handoff, of, EMBED_PATH);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ token, redirect: EMBED_PATH });
  const answer = await call(handoff, '/auth/sso', { method: 'POST', headers, body });
  return (answer.json as { data: { session_token: string } }).data.session_token;
}

type Order = Partial<Record<keyof typeof ORDER, string>>;

async function subjectOn(path: string, of = cookie): Promise<string> {
  const page = await get(path, { ...PAGE, cookie: of });
  return /name="subject" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
}

/** Sends the form of a patient's page as a browser does. */
async function submit(order: Order & { subject?: string }, headers: Record<string, string> = {}): Promise<Answer> {
  const subject = order.subject ?? (await subjectOn(`${PATIENT_PATH}/prescriptions/new`, headers['cookie'] ?? cookie));
  const own = { 'sec-fetch-site': 'same-origin', origin: PORTAL, 'content-type': 'application/x-www-form-urlencoded' };
  const body = new URLSearchParams({ ...ORDER, ...order, subject }).toString();
  return post(`${PATIENT_PATH}/prescriptions`, { cookie, ...PAGE, ...own, ...headers }, body);
}

async function prescriptions(of = cookie): Promise<string[]> {
  const { json } = await get(API_PATH, { cookie: of });
  return (json as { prescriptions: { medicine: string }[] }).prescriptions.map(({ medicine }) => medicine);
}

describe('nobody', () => {
  test('gets Handoff’s page, and a script its problem', async () => {
    for (const path of ['/dashboard', PATIENT_PATH, `${PATIENT_PATH}/prescriptions/new`]) {
      const page = await get(path, PAGE);
      expect(page.status).toBe(401);
      expect(textOf(page)).toContain('You are not signed in');
      expect(frameAncestorsOf(page)).toBe("'none'");
    }
    const script = await get(API_PATH, { accept: 'application/json' });
    expect([script.status, problemOf(script)]).toEqual([401, 'session-required']);
  });

  test('becomes nobody else by sending what only the check may say', async () => {
    const forged = {
      'x-auth-user-id': sample.user_id,
      'x-auth-organization-id': sample.organization_id,
      'x-auth-roles': 'provider',
      'x-auth-session-id': 'ses_1',
      'x-auth-embed': 'true',
    };
    for (const path of [PATIENT_PATH, API_PATH]) expect((await get(path, forged)).status).toBe(401);
    expect((await get(PATIENT_PATH, { ...forged, cookie })).status).toBe(200);
  });
});

describe('somebody who is signed in', () => {
  test('sees the patient, who she is herself, and the way out', async () => {
    const page = await get(PATIENT_PATH, { ...PAGE, cookie });
    expect(page.status).toBe(200);
    for (const words of ['Jo Citizen', 'Penicillin', 'Pat Provider', 'Sample Clinic', 'Sign out'])
      expect(textOf(page)).toContain(words);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect([...page.headers.keys()].filter((name) => name.startsWith('x-auth-'))).toEqual([]);
  });

  test('finds a sample patient under any id, and is told of an address without a page', async () => {
    const unknown = await get('/dashboard/patients/anybody%20else', { ...PAGE, cookie });
    expect(textOf(unknown)).toContain('Sample Patient');
    const nothing = await get('/dashboard/reports?month=1', { ...PAGE, cookie });
    expect(nothing.status).toBe(404);
    expect(textOf(nothing)).toContain('A real portal may have a page at /dashboard/reports.');
  });

  test('has the role that Handoff says, whatever she sends', async () => {
    const own = await openLink(handoff, await mintLink(handoff, reader));
    const forged = { ...PAGE, cookie: own, 'x-auth-roles': 'provider', 'x-auth-user-id': sample.user_id };
    const page = await get(PATIENT_PATH, forged);
    expect(textOf(page)).toContain('Your role may read prescriptions, and not write them.');
    expect((await get(`${PATIENT_PATH}/prescriptions/new`, forged)).status).toBe(403);
    expect((await submit({ subject: `${reader.user_id}/${reader.organization_id}` }, { cookie: own })).status).toBe(
      403,
    );

    const { db } = handoff.deps;
    const [user, organization] = [await getUser(db, reader.user_id), await getOrganization(db, reader.organization_id)];
    await setMembership(db, { user, organization, access_roles: ['admin', 'provider'] }, handoff.deps);
    expect((await get(`${PATIENT_PATH}/prescriptions/new`, { ...PAGE, cookie: own })).status).toBe(200);
  });
});

describe('an embedded session', () => {
  let token: string;
  let embed_cookie: string;
  beforeAll(async () => {
    token = await embedSession();
    embed_cookie = `__Host-handoff-embed=${token}`;
  });

  test('opens what is embedded, as a cookie and as a bearer', async () => {
    for (const headers of [{ cookie: embed_cookie }, { authorization: `Bearer ${token}` }]) {
      const chart = await get(API_PATH, headers);
      expect(chart.status).toBe(200);
      expect(chart.json).toMatchObject({ patient: { given_name: 'Jo' }, may_prescribe: true });
      expect(chart.headers.get('cache-control')).toBe('no-store');
    }
  });

  test('opens nothing else, whatever it says the page is', async () => {
    for (const header of ['x-forwarded-uri', 'x-original-uri', 'x-original-url']) {
      for (const headers of [{ cookie: embed_cookie }, { authorization: `Bearer ${token}` }]) {
        const answer = await get(PATIENT_PATH, { accept: 'application/json', ...headers, [header]: EMBED_PATH });
        expect([answer.status, problemOf(answer)]).toEqual([401, 'session-embed-only']);
      }
    }
  });

  test('opens nothing else by a path that is tidied up on the way', async () => {
    for (const path of [
      '/embed/../dashboard',
      '/embed/api/../../dashboard/patients/1',
      '/embed/api/%2e%2e/%2e%2e/dashboard',
    ]) {
      const head = requestHead('GET', path, { cookie: embed_cookie, accept: 'application/json' });
      const answer = await sendRaw(handoff.url, head);
      expect(answer.text).not.toContain('Sample Portal');
      expect([401, 404]).toContain(answer.status);
    }
    const plain = requestHead('GET', API_PATH, { cookie: embed_cookie, accept: 'application/json' });
    expect((await sendRaw(handoff.url, plain)).status).toBe(200);
  });

  test('answers a page that was made for somebody else with nothing', async () => {
    const subject = (of: Sample) => `${of.user_id}/${of.organization_id}`;
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    expect((await get(API_PATH, { ...headers, 'handoff-subject': subject(sample) })).status).toBe(200);
    const other = await get(API_PATH, { ...headers, 'handoff-subject': subject(reader) });
    expect([other.status, problemOf(other)]).toEqual([401, 'session-changed']);
  });
});

describe('the embedded document', () => {
  test('is the same for everybody, without anybody’s data, and for the pages that may frame it', async () => {
    const nobody = await get(EMBED_PATH, { ...PAGE, referer: `${PRACTICE_ORIGIN}/` });
    const somebody = await get('/embed/anything', { ...PAGE, cookie, referer: `${PRACTICE_ORIGIN}/` });
    expect([nobody.status, somebody.status]).toEqual([200, 200]);
    expect(nobody.text === somebody.text).toBe(true);
    for (const words of ['Jo Citizen', 'Pat Provider', sample.user_id]) expect(nobody.text.includes(words)).toBe(false);
    expect(frameAncestorsOf(nobody)).toBe(PRACTICE_ORIGIN);
    expect(nobody.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(nobody.headers.get('x-frame-options')).toBeNull();
  });

  test('may be framed by nobody else', async () => {
    for (const headers of [{}, { referer: 'https://elsewhere.example/' }, { referer: 'nonsense' }]) {
      expect(frameAncestorsOf(await get(EMBED_PATH, { ...PAGE, ...headers }))).toBe("'none'");
    }
  });

  test('loads files that are there for everybody, and no others', async () => {
    const { text } = await get(EMBED_PATH, PAGE);
    const files = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(files).toEqual(['/portal-assets/portal.css', '/portal-assets/embed.js']);
    for (const path of [...files, '/portal-assets/handoff-portal/handoff-portal.js']) {
      const file = await get(path, {});
      expect(file.status).toBe(200);
      expect(file.headers.get('content-type')).toMatch(path.endsWith('.css') ? /^text\/css/ : /^text\/javascript/);
    }
    for (const name of ['app.ts', 'browser/embed.js', '..%2fapp.ts', 'handoff-portal/package.json']) {
      expect((await get(`/portal-assets/${name}`, {})).status).toBe(404);
    }
  });
});

describe('a prescription', () => {
  test('is written with the form, and is there in a pane as well', async () => {
    const saved = await submit({ medicine: 'Doxycycline 100 mg tablet' });
    expect([saved.status, saved.headers.get('location')]).toEqual([303, `${PATIENT_PATH}?saved=1`]);
    const page = await get(`${PATIENT_PATH}?saved=1`, { ...PAGE, cookie });
    expect(textOf(page)).toContain('The prescription is saved.');
    expect(textOf(page)).toContain('Doxycycline 100 mg tablet One tablet when needed');
    expect((await prescriptions(`__Host-handoff-embed=${await embedSession()}`))[0]).toBe('Doxycycline 100 mg tablet');
  });

  test('is written by a script in a pane, which gets the errors by field', async () => {
    const headers = { authorization: `Bearer ${await embedSession()}`, 'content-type': 'application/json' };
    const send = (order: object) => post(`${API_PATH}/prescriptions`, headers, JSON.stringify(order));
    const written = await send(ORDER);
    expect(written.status).toBe(201);
    expect(written.json).toMatchObject({
      prescription: { ...ORDER, quantity: 20, repeats: 1, prescriber: 'Pat Provider' },
    });
    const wrong = await send({
      medicine: 'Amoxicillin 500 mg capsule',
      directions: 'x',
      quantity: '0',
      repeats: 'many',
    });
    expect([wrong.status, wrong.json]).toEqual([
      422,
      {
        errors: {
          directions: 'Say how it is to be taken',
          quantity: 'Enter a whole number from 1 to 500',
          repeats: 'Enter a whole number from 0 to 11',
        },
      },
    ]);
    const allergic = await send({ ...ORDER, medicine: 'Amoxicillin 500 mg capsule' });
    expect(allergic.json).toEqual({
      errors: { medicine: 'Jo Citizen is allergic to penicillin: choose another medicine' },
    });
    for (const body of ['[]', 'null', '7', '{']) {
      expect((await post(`${API_PATH}/prescriptions`, headers, body)).status).toBe(422);
    }
  });

  test('is not written when something is wrong, and the form keeps what was typed', async () => {
    const before = await prescriptions();
    const answer = await submit({ medicine: '', directions: '<b>twice</b> a day' });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('value="&lt;b&gt;twice&lt;/b&gt; a day"');
    expect(textOf(answer)).toContain('Choose a medicine');
    expect(await prescriptions()).toEqual(before);
  });

  test('is not written for a page of another site, though the cookie comes along', async () => {
    const before = await prescriptions();
    const foreign = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://elsewhere.example' },
      { origin: 'null' },
    ];
    for (const headers of foreign) expect((await submit({}, headers)).status).toBe(403);
    expect(await prescriptions()).toEqual(before);
    expect((await submit({})).status).toBe(303);
    expect(await prescriptions()).toHaveLength(before.length + 1);
  });

  test('is not written as somebody who has signed in since the page was made', async () => {
    const before = await prescriptions();
    const answer = await submit({ subject: `${reader.user_id}/${reader.organization_id}` });
    expect(answer.status).toBe(409);
    expect(textOf(answer)).toContain('Nothing was saved.');
    expect((await submit({ subject: '' })).status).toBe(409);
    expect(await prescriptions()).toEqual(before);
  });

  test('is not seen by another organization', async () => {
    const elsewhere = await createSample(handoff.deps);
    await submit({ medicine: 'Metformin 500 mg tablet' });
    const other = await openLink(handoff, await mintLink(handoff, elsewhere));
    expect(await prescriptions()).toContain('Metformin 500 mg tablet');
    expect(await prescriptions(other)).not.toContain('Metformin 500 mg tablet');
  });

  test('is refused as a body of another type, or of another size', async () => {
    expect((await submit({}, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await submit({ directions: 'x'.repeat(20_000) })).status).toBe(413);
  });
});

test('what has no address of the portal’s takes no method that it does not know', async () => {
  const answer = await call(handoff, PATIENT_PATH, { method: 'DELETE', headers: { cookie } });
  expect([answer.status, problemOf(answer)]).toEqual([405, 'method-not-allowed']);
});

test('when the session is over the portal is too, at once', async () => {
  const own = await openLink(handoff, await mintLink(handoff, sample));
  expect((await get(PATIENT_PATH, { ...PAGE, cookie: own })).status).toBe(200);
  await call(handoff, '/auth/logout', { method: 'POST', headers: { cookie: own } });
  const page = await get(PATIENT_PATH, { ...PAGE, cookie: own });
  expect(page.status).toBe(401);
  expect(textOf(page)).not.toContain('Jo Citizen');
});

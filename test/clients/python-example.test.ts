// docs/examples/python, run with python3 against a real server.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { suspendUser } from '../../src/users/user.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { findLeaks } from '../support/leaks.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { environmentOf, follow } from './real-client.ts';

const FOLDER = fileURLToPath(new URL('../../docs/examples/python', import.meta.url));

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { API_URL: 'http://localhost:8787/external' } });
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

function python(args: string[], environment: Record<string, string> = {}): ChildProcess {
  const { PATH, HOME } = process.env;
  return spawn('python3', args, {
    cwd: FOLDER,
    env: { PATH, HOME, PYTHONDONTWRITEBYTECODE: '1', ...environmentOf(handoff, sample), PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs a script of a few lines that prints JSON. */
async function run(script: string, environment: Record<string, string> = {}): Promise<unknown> {
  const child = python(['-c', `import json\nfrom handoff import *\n${script}`], environment);
  if (child.stdout === null || child.stderr === null) throw new Error('no pipes');
  const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(findLeaks(complaints)).toEqual([]);
  expect(complaints).toBe('');
  return JSON.parse(output);
}

test('it is Python 3.8', async () => {
  const script = `
import ast
for name in ("handoff.py", "prescribe.py"):
    ast.parse(open(name).read(), feature_version=(3, 8))
print("true")`;
  expect(await run(script)).toBe(true);
});

test('it asks for a link, and for what became of it', async () => {
  const { redirect_url, outcome } = (await run(`
handoff = Handoff.from_environment()
link = handoff.create_sso_link("/dashboard/patients/sample", user_id="${sample.user_id}")
print(json.dumps({**link, "outcome": handoff.get_attempt(link["request_id"])["outcome"]}))`)) as Record<string, string>;
  expect(outcome).toBe('minted');
  expect((await follow(handoff, redirect_url ?? '')).location).toBe('/dashboard/patients/sample');
});

test('it creates, lists, changes and deletes users', async () => {
  const script = `
handoff = Handoff.from_environment()
user = handoff.create_user({"given_name": "Kim", "family_name": "Clinician", "email": "kim@python.example", "partner_user_id": "K #1"})
user_id = user["user_id"]
try:
    handoff.create_user({"given_name": "Kim", "family_name": "Clinician", "email": "kim@python.example"})
except HandoffError as error:
    conflict = [error.slug, error.status, error.code]
try:
    handoff.create_user({"given_name": "", "family_name": "Clinician", "email": "nobody"})
except HandoffError as error:
    fields = sorted(entry["field"] for entry in error.validation)
found = [u["user_id"] for u in handoff.list_users(partner_user_id="K #1", limit=1)]
everybody = [u["user_id"] for u in handoff.list_users(limit=1)]
titled = handoff.update_user(user_id, {"title": "Dr"})["title"]
disabled = handoff.disable_user(user_id)["status"]
same = handoff.get_user(user_id)["user_id"] == user_id
handoff.delete_user(user_id)
print(json.dumps([conflict, fields, found == [user_id], len(everybody), titled, disabled, same]))`;
  expect(await run(script)).toEqual([
    ['resource-conflict', 409, 'USER_ALREADY_EXISTS'],
    ['email', 'given_name'],
    true,
    2,
    'Dr',
    'disabled',
    true,
  ]);
});

test('it gets a new token when the old one has ended', async () => {
  const script = `
handoff = Handoff.from_environment()
handoff._token, handoff._renew_at = "ended", time.monotonic() + 60
print(json.dumps([user["user_id"] for user in handoff.list_users()]))`;
  expect(await run(script)).toEqual([sample.user_id]);
});

test('it tries again what may pass, and does not follow a redirection', async () => {
  const answers = [
    { status: 503, headers: { 'retry-after': '0' } },
    { status: 502, headers: {} },
    { status: 307, headers: { location: 'http://127.0.0.1:1/' } },
  ];
  const server = createServer((_request, response) => {
    const { status, headers } = answers.shift() ?? { status: 418, headers: {} };
    response.writeHead(status, headers).end('<h1>No</h1>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const HANDOFF_API_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const script = `
try:
    Handoff.from_environment().create_sso_link("/dashboard", user_id="usr_x")
except HandoffError as error:
    print(json.dumps([error.slug, error.status]))`;
  expect(await run(script, { HANDOFF_API_URL })).toEqual(['unexpected-answer', 307]);
  server.close();
});

test('its errors hold no secret, and wrong settings are not quoted', async () => {
  const script = `
import traceback
texts = []
def note(act):
    try:
        act()
    except Exception:
        texts.append(traceback.format_exc())
environment = Handoff.from_environment
note(lambda: environment().create_sso_link("/settings", user_id="${sample.user_id}"))
os.environ["HANDOFF_ORGANIZATION_SECRET"] = os.environ["HANDOFF_PARTNER_SECRET"]
note(lambda: environment().create_sso_link("/dashboard", user_id="${sample.user_id}"))
note(lambda: environment().get_user("usr_x"))
os.environ["HANDOFF_API_URL"] = "http://127.0.0.1:1"
note(lambda: Handoff(*(os.environ["HANDOFF_" + name] for name in ("API_URL", "PARTNER_ID", "PARTNER_SECRET", "ORGANIZATION_ID", "ORGANIZATION_SECRET")), retries=0).get_user("usr_x"))
os.environ["HANDOFF_PARTNER_SECRET"] += "\\n"
note(lambda: environment().get_user("usr_x"))
print(json.dumps(texts + [repr(Handoff("https://api.example.com", "p", "s3cret", "o", "s3cret"))]))`;
  const texts = (await run(script)) as string[];
  expect(texts).toHaveLength(6);
  expect(texts.map((one) => one.trim().split('\n').at(-1))).toEqual([
    expect.stringMatching(/^handoff\.HandoffError: .*\(400, invalid-request, req_/),
    expect.stringMatching(/^handoff\.HandoffError: Invalid organization credentials \(401/),
    expect.stringMatching(/^handoff\.HandoffError: Invalid organization credentials \(401/),
    'handoff.HandoffError: No answer from the API (connection-failed)',
    'ValueError: x-partner-secret must be visible ASCII without spaces (did a line break come with it?)',
    '<Handoff o>',
  ]);
  expect(findLeaks(texts.join('\n'))).toEqual([]);
});

describe('its back end', () => {
  async function withBackend(
    environment: Record<string, string>,
    use: (press: (session: string, patient_id: string) => Promise<Response>) => Promise<void>,
  ): Promise<string> {
    const child = python(['prescribe.py'], { HANDOFF_USER_ID: sample.user_id, ...environment });
    if (child.stdout === null || child.stderr === null) throw new Error('no pipes');
    const complaints = text(child.stderr);
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const url = `${line.toString().trim()}/prescribe`;
      await use((session, patient_id) => {
        const headers = { cookie: `practice_session=${session}` };
        const body = new URLSearchParams({ patient_id });
        return fetch(url, { method: 'POST', headers, body, redirect: 'manual' });
      });
    } finally {
      child.kill();
    }
    return complaints;
  }

  test('leads the clinician to the patient’s page, and nobody else', async () => {
    const complaints = await withBackend({}, async (press) => {
      const answer = await press('sample-clinician', 'MRN 12?34&x=1');
      expect(answer.status).toBe(303);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const { location } = await follow(handoff, answer.headers.get('location') ?? '');
      expect(location).toBe('/dashboard/patients/MRN%2012%3F34%26x%3D1');
      expect((await press('nobody', '1234')).status).toBe(403);
    });
    expect(complaints).toBe('');
  });

  test('says what the clinician can do when there is no link', async () => {
    const user_id = await createSampleUser(handoff.deps, sample.organization_id);
    await suspendUser(handoff.deps.db, user_id, handoff.deps);
    const cases: [Record<string, string>, number, RegExp][] = [
      [{ HANDOFF_USER_ID: user_id }, 403, /clinic's administrator\. Reference: req_/],
      [{ HANDOFF_API_URL: 'http://127.0.0.1:1' }, 503, /try again in a minute\.$/],
      [{ HANDOFF_PARTNER_SECRET: 'wrong' }, 500, /could not be opened\. Reference: req_/],
    ];
    for (const [environment, status, sentence] of cases) {
      const complaints = await withBackend(environment, async (press) => {
        const answer = await press('sample-clinician', '1234');
        expect(answer.status).toBe(status);
        expect(await answer.text()).toMatch(sentence);
      });
      expect(JSON.parse(complaints)).toMatchObject({ event: 'handoff_failed' });
      expect(findLeaks(complaints)).toEqual([]);
    }
  });
});

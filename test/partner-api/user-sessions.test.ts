// A user of two partners and two organizations, in tabs, frames and the portal's own sessions: each partner sees and ends what
// its own links have opened in this organization. The list and the two ways to end are in users-signed-in.test.ts.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { createOrganization, getOrganization } from '../../src/partners/organization.ts';
import { getUser, setMembership } from '../../src/users/user.ts';
import { type Answer, call, CLICK, cookieOf, FRAME, problemOf, PRACTICE_ORIGIN } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { bearer, callUsers, type Headers4 } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { requestIdOf, type Success } from './as-partner.ts';
import { EMBED_PAGE, mint, PAGE, type Pagination } from './receipts.ts';

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

type Session = { session_id: string; embed: boolean };
type SignedIn = Session & { status: () => Promise<number> };
type Place = { sample: Sample; headers: Headers4; sessions: SignedIn[] };

const ask = (sample: Sample, method: string, { headers, rest = '' }: { headers: Headers4; rest?: string }) =>
  callUsers(handoff, sample, { method, rest: `/${sample.user_id}/sessions${rest}`, headers });

async function listed({ sample, headers }: Place): Promise<string[]> {
  const { data } = (await ask(sample, 'GET', { headers })).json as Success<Session[]>;
  return data.map(({ session_id, embed }) => `${session_id} ${embed ? 'embed' : 'tab'}`);
}

const namesOf = (sessions: readonly Session[]) =>
  sessions.map(({ session_id, embed }) => `${session_id} ${embed ? 'embed' : 'tab'}`).toReversed();

const present = (headers: Record<string, string>): Promise<Answer> => call(handoff, '/auth/session', { headers });

async function signIn(sample: Sample, where: 'tab' | 'frame' | 'portal'): Promise<SignedIn> {
  handoff.clock.advance(1);
  const link = await mint(handoff, sample, { redirect_path: where === 'frame' ? EMBED_PAGE : PAGE });
  if (where === 'portal') {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ token: link.sso_token });
    const answer = await call(handoff, '/auth/sso', { method: 'POST', headers, body });
    const { session_id, session_token } = (answer.json as Success<Record<string, string>>).data;
    const authorization = `Bearer ${session_token}`;
    return {
      session_id: session_id ?? '',
      embed: false,
      status: async () => (await present({ authorization })).status,
    };
  }
  const answer = await call(handoff, link.path, { headers: where === 'tab' ? CLICK : FRAME });
  const cookie = cookieOf(answer) ?? '';
  const session_id = /ses_[0-9a-f]{32}/.exec(cookie)?.[0] ?? '';
  return { session_id, embed: where === 'frame', status: async () => (await present({ cookie })).status };
}

const statusesOf = ({ sessions }: Place) => Promise.all(sessions.map(({ status }) => status()));

async function placeOf(sample: Sample): Promise<Place> {
  const sessions = [await signIn(sample, 'tab'), await signIn(sample, 'frame'), await signIn(sample, 'portal')];
  return { sample, headers: await bearer(handoff, sample), sessions };
}

const GOOD = [200, 200, 200];
const OVER = [401, 401, 401];

describe('of one user', () => {
  let mine: Place;
  /** The same user: through another partner here, and through this partner in another organization. */
  let others: Place[];
  beforeEach(async () => {
    const { deps } = handoff;
    const parent = await createOrganization(deps.db, { name: 'Sample Group' }, deps);
    const parent_organization_id = parent.organization_id;
    const sample = await createSample(deps, { parent_organization_id });
    const rival = await createSample(deps, { parent_organization_id });
    const enable = async (partner: Sample, organization_id: string): Promise<Sample> => {
      const key = { partner_id: partner.partner_id, organization_id };
      const { organization_secret } = await enableIntegration(
        deps.db,
        { ...key, options: { embed_origins: [PRACTICE_ORIGIN] } },
        deps,
      );
      return { ...partner, ...key, organization_secret: organization_secret ?? '', user_id: sample.user_id };
    };
    const [user, organization] = [
      await getUser(deps.db, sample.user_id),
      await getOrganization(deps.db, rival.organization_id),
    ];
    await setMembership(deps.db, { user, organization, access_roles: ['receptionist'] }, deps);
    mine = await placeOf(sample);
    others = [
      await placeOf(await enable(rival, sample.organization_id)),
      await placeOf(await enable(sample, rival.organization_id)),
    ];
  });

  test('each partner in each organization lists its own, newest first', async () => {
    for (const place of [mine, ...others]) {
      expect(await listed(place)).toEqual(namesOf(place.sessions));
      expect(await statusesOf(place)).toEqual(GOOD);
    }
  });

  test('each partner in each organization ends its own, all of them, and no other', async () => {
    const { json } = await ask(mine.sample, 'DELETE', mine);
    const { user_id } = mine.sample;
    expect(json).toMatchObject({ message: 'Ended 3 sessions successfully', data: { user_id, sessions_ended: 3 } });
    expect([await statusesOf(mine), await listed(mine)]).toEqual([OVER, []]);
    for (const place of others) {
      expect([await statusesOf(place), await listed(place)]).toEqual([GOOD, namesOf(place.sessions)]);
    }
  });

  test('and with them the links of theirs that nobody has opened, and no others', async () => {
    const links = await Promise.all([mine, ...others].map(({ sample }) => mint(handoff, sample)));
    const { json } = await ask(mine.sample, 'DELETE', mine);
    expect(json).toMatchObject({ data: { sessions_ended: 3, links_revoked: 1 } });
    const statuses: number[] = [];
    for (const { path } of links) statuses.push((await call(handoff, path, { headers: CLICK })).status);
    expect(statuses).toEqual([410, 303, 303]);
  });

  test('one that another of them opened cannot be ended, and each can by who opened it', async () => {
    for (const { sessions } of others) {
      for (const { session_id } of sessions) {
        const answer = await ask(mine.sample, 'DELETE', { ...mine, rest: `/${session_id}` });
        expect([answer.status, problemOf(answer)]).toEqual([404, 'not-found']);
      }
    }
    for (const place of others) {
      expect(await statusesOf(place)).toEqual(GOOD);
      const { partner_id, organization_id, user_id } = place.sample;
      for (const { session_id, embed, status } of place.sessions) {
        const answer = await ask(place.sample, 'DELETE', { ...place, rest: `/${session_id}` });
        expect([answer.status, await status()]).toEqual([204, 401]);
        const events = await listEvents(handoff.deps.db, { request_id: requestIdOf(answer) }, { limit: 5 });
        expect(events).toMatchObject([
          { actor: 'partner', action: 'session.ended', session_id, partner_id, organization_id, user_id },
        ]);
        expect(JSON.parse(events[0]?.detail ?? '')).toEqual({ reason: 'revoked', kind: embed ? 'embed' : 'top_level' });
      }
    }
    expect(await statusesOf(mine)).toEqual(GOOD);
  });
});

test('the browser of an ended session is shown that it has to sign on again, and the next link works', async () => {
  const sample = await createSample(handoff.deps);
  const headers = await bearer(handoff, sample);
  const cookie = cookieOf(await call(handoff, (await mint(handoff, sample)).path, { headers: CLICK })) ?? '';
  expect((await call(handoff, '/auth/verify', { headers: { cookie, 'x-forwarded-uri': PAGE } })).status).toBe(200);
  expect((await ask(sample, 'DELETE', { headers })).status).toBe(200);
  const over = await call(handoff, '/auth/verify', { headers: { cookie, 'x-forwarded-uri': PAGE } });
  expect([over.status, problemOf(over)]).toEqual([401, 'session-expired']);
  const again = await call(handoff, (await mint(handoff, sample)).path, { headers: { ...CLICK, cookie } });
  expect(again.status).toBe(303);
});

test('a long list comes in pages without a gap, while others sign on', async () => {
  const sample = await createSample(handoff.deps);
  const headers = await bearer(handoff, sample);
  const before: string[] = [];
  for (let count = 0; count < 52; count += 1) before.unshift((await signIn(sample, 'tab')).session_id);
  const seen: string[] = [];
  let lastKey: string | null = '';
  for (let page = 0; lastKey !== null; page += 1) {
    const rest: string = page === 0 ? '?limit=50' : `?limit=50&lastKey=${lastKey}`;
    const answer = (await ask(sample, 'GET', { headers, rest })).json as Success<Session[]> & {
      pagination: Pagination;
    };
    seen.push(...answer.data.map(({ session_id }) => session_id));
    ({ lastKey } = answer.pagination);
    await signIn(sample, 'portal');
  }
  expect(seen).toEqual(before);
});

test('seeing them needs read:user, and ending them update:user', async () => {
  const sample = await createSample(handoff.deps);
  const { session_id } = await signIn(sample, 'tab');
  const statuses = async (scope: 'read:user' | 'update:user') => {
    const headers = await bearer(handoff, sample, [scope]);
    const answers = [
      await ask(sample, 'GET', { headers }),
      await ask(sample, 'DELETE', { headers, rest: `/${session_id}` }),
      await ask(sample, 'DELETE', { headers }),
    ];
    return answers.map(({ status }) => status);
  };
  expect(await statuses('read:user')).toEqual([200, 403, 403]);
  expect(await statuses('update:user')).toEqual([403, 204, 200]);
});

// What an audit event says beyond its ids: why a session ended, what a withdrawal took along, what was changed.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { rotateCredential } from '../../src/partners/credential.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { suspendUser } from '../../src/users/user.ts';
import { call, mintLink, openLink } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample } from '../support/sample.ts';

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

/** The details of a partner's or user's events of an action, oldest first. */
async function detailsOf(action: string, filter: { partner_id?: string; user_id?: string }): Promise<unknown[]> {
  const events = await listEvents(handoff.deps.db, { action, ...filter }, { limit: 100 });
  return events.map(({ detail }) => (detail === null ? null : (JSON.parse(detail) as unknown))).toReversed();
}

test('a session’s end says why, and of which kind it was', async () => {
  const sample = await createSample(handoff.deps);
  const cookie = await openLink(handoff, await mintLink(handoff, sample));
  handoff.clock.advance(1);
  const again = await openLink(handoff, await mintLink(handoff, sample), { cookie });
  handoff.clock.advance(1);
  await call(handoff, '/auth/logout', { method: 'POST', headers: { cookie: again } });
  expect(await detailsOf('session.ended', { user_id: sample.user_id })).toEqual([
    { reason: 'replaced', kind: 'top_level' },
    { reason: 'signed_out', kind: 'top_level' },
  ]);
});

test('a suspension says how many sessions and links it ended', async () => {
  const sample = await createSample(handoff.deps);
  await openLink(handoff, await mintLink(handoff, sample));
  await openLink(handoff, await mintLink(handoff, sample));
  await mintLink(handoff, sample);
  await suspendUser(handoff.deps.db, sample.user_id, handoff.deps);
  const { user_id } = sample;
  expect(await detailsOf('user.suspended', { user_id })).toEqual([{ sessions_ended: 2, tokens_revoked: 1 }]);
});

test('a changed integration says what was changed', async () => {
  const agreed = { embed_origins: ['https://practice.example'] };
  const { partner_id, organization_id } = await createSample(handoff.deps, { integration: agreed });
  const options = { return_url: 'https://practice.example/back' };
  handoff.clock.advance(1);
  await enableIntegration(handoff.deps.db, { partner_id, organization_id, options }, handoff.deps);
  expect(await detailsOf('integration.enabled', { partner_id })).toEqual([agreed, options]);
});

test('a second rotation within the overlap records the end of the oldest secret', async () => {
  const { partner_id } = await createSample(handoff.deps);
  const owner = { partner_id, organization_id: null };
  for (let times = 0; times < 2; times += 1) {
    expect(await detailsOf('credential.revoked', { partner_id })).toEqual([]);
    handoff.clock.advance(1);
    await rotateCredential(handoff.deps.db, { owner, overlap_hours: 24 }, handoff.deps);
  }
  expect(await detailsOf('credential.revoked', { partner_id })).toEqual([null]);
});

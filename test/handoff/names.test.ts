// Names are text that partners and clinics choose: on a page they stay what they are, whatever is in them.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { enableIntegration } from '../../src/partners/integration.ts';
import { createOrganization, getOrganization } from '../../src/partners/organization.ts';
import { createPartner } from '../../src/partners/partner.ts';
import { createUser } from '../../src/users/user.ts';
import { type Answer, call, CLICK, mintLink, openLink } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { expectPlainPage, formOf, linksOf, textOf } from '../support/html.ts';
import type { Sample } from '../support/sample.ts';

let handoff: Handoff;
let careful: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
  careful = await startHandoff({ environment: { REDEEM: 'confirm' } });
});
afterAll(() => Promise.all([handoff.close(), careful.close()]));

const RETURN_URL = 'https://practice.example/?a="><script>alert(1)</script>&b=\'';

/** As `<b>name</b>` and worse, but each with a beginning of its own. */
const hostile = (name: string) => `${name} & "Söhne" <script>alert('x')</script> $& $1 {partner} &amp;`;

/** A partner, an organization and two users whose every name is hostile. */
async function createHostile({ deps }: Handoff): Promise<[Sample, Sample]> {
  const { db } = deps;
  const { partner_id, partner_secret } = await createPartner(db, { name: hostile('Partner') }, deps);
  const { organization_id } = await createOrganization(db, { name: hostile('Clinic') }, deps);
  const integration = { partner_id, organization_id, options: { return_url: RETURN_URL } };
  const { organization_secret } = await enableIntegration(db, integration, deps);
  const organization = await getOrganization(db, organization_id);
  const create = async (name: string) => {
    const names = { given_name: hostile(name), family_name: hostile(`${name}son`) };
    const email = `${name}@clinic.example`;
    const { user_id } = await createUser(db, { organization, email, ...names, access_roles: ['provider'] }, deps);
    return { partner_id, partner_secret, organization_id, organization_secret: organization_secret ?? '', user_id };
  };
  return [await create('Ann'), await create('Bob')];
}

function expectHarmless(page: Answer): void {
  expectPlainPage(page);
  expect(page.text).not.toContain('<script');
  expect(page.text).not.toMatch(
    /<main[^>]*>[^]*<(?!\/?(?:h1|p|a|form|input|button|strong|code)\b|\/main>|\/body>|\/html>)/,
  );
}

test('an error page shows the partner’s name and links to its URL', async () => {
  const [sample] = await createHostile(handoff);
  const link = await mintLink(handoff, sample);
  await openLink(handoff, link);
  const page = await call(handoff, link.path, { headers: CLICK });
  expect(page.status).toBe(410);
  expectHarmless(page);
  expect(textOf(page)).toContain(`Go back to ${hostile('Partner')} and press the button again.`);
  expect(textOf(page)).toContain(`Back to ${hostile('Partner')}`);
  expect(linksOf(page)).toEqual([RETURN_URL]);
});

test('the page that asks before it switches shows all names', async () => {
  const [ann, bob] = await createHostile(handoff);
  const cookie = await openLink(handoff, await mintLink(handoff, ann));
  const redirect_path = '/dashboard?"><script>alert(1)</script>&amp;=\'#"';
  const headers = { accept: 'text/html', 'sec-fetch-site': 'cross-site', cookie };
  const page = await call(handoff, (await mintLink(handoff, bob, redirect_path)).path, { headers });
  expect(page.status).toBe(200);
  expectHarmless(page);
  expect(textOf(page)).toContain(`Continue as ${hostile('Bob')} ${hostile('Bobson')}?`);
  expect(textOf(page)).toContain(`This browser is signed in as ${hostile('Ann')} ${hostile('Annson')}.`);
  expect(textOf(page)).toContain(`${hostile('Partner')} asks to continue as`);
  expect(textOf(page)).toContain(`in ${hostile('Clinic')}, which signs the other person out.`);
  expect(new URLSearchParams(formOf(page)?.body).get('redirect')).toBe(redirect_path);
});

test('the page of REDEEM=confirm shows the names of partner and clinic', async () => {
  const [ann] = await createHostile(careful);
  const page = await call(careful, (await mintLink(careful, ann)).path, { headers: CLICK });
  expect(page.status).toBe(200);
  expectHarmless(page);
  expect(textOf(page)).toContain(`${hostile('Partner')} sent you here to work in ${hostile('Clinic')}.`);
});

// The page that asks before a token is spent: when nobody in front of the browser started the navigation and somebody else is
// signed in, or always where the deployment says REDEEM=confirm. A form without script posts the token.

import { html } from 'hono/html';
import type { Deps } from '../deps.ts';
import type { SessionsTable } from '../db/tables.ts';
import type { Markup, PageContent } from '../http/page.ts';
import { getActiveMember } from '../partners/standing.ts';
import type { Standing } from '../partners/standing-store.ts';
import type { VerifiedToken } from './sso-token.ts';

function form(token: string, redirect: string, label: string): Markup {
  return html`<form method="post" action="/auth/sso">
<input type="hidden" name="token" value="${token}">
<input type="hidden" name="redirect" value="${redirect}">
<p class="actions"><button class="button" type="submit">${label}</button></p>
</form>`;
}

/** REDEEM=confirm: nothing about the user is shown, because link scanners open this page too. */
export function continuePage(token: string, verified: VerifiedToken, standing: Standing): PageContent {
  const title = 'Continue to the portal';
  const body = html`<h1>${title}</h1>
<p>${standing.partner.name} sent you here to work in ${standing.organization.name}.</p>
${form(token, verified.redirect_path, 'Continue')}`;
  return { title, body, frame_answer: { type: 'asking' } };
}

/** Names both people, so that a clinician notices when a page tries to switch her browser to somebody else. */
export async function switchUserPage(
  { db }: Deps,
  {
    token,
    verified,
    standing,
    current,
  }: { token: string; verified: VerifiedToken; standing: Standing; current: SessionsTable },
): Promise<PageContent> {
  const next = await getActiveMember(db, verified);
  const next_name = `${next.given_name} ${next.family_name}`;
  const title = `Continue as ${next_name}?`;
  const body = html`<h1>${title}</h1>
<p>${await signedInSentence(db, current)} ${standing.partner.name} asks to continue as <strong>${next_name}</strong> in ${standing.organization.name}, which signs the other person out.</p>
<p>If you did not expect this, close this page. Nothing changes.</p>
${form(token, verified.redirect_path, `Continue as ${next_name}`)}`;
  return { title, body, tone: 'question', frame_answer: { type: 'asking' } };
}

/** Whoever is signed in may be suspended or gone by now; then no name is shown. */
async function signedInSentence(db: Deps['db'], current: SessionsTable): Promise<string> {
  const member = await getActiveMember(db, current).catch(() => undefined);
  return member === undefined
    ? 'Somebody else is signed in here.'
    : `This browser is signed in as ${member.given_name} ${member.family_name}.`;
}

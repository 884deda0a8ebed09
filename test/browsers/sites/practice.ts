// Practice software: a page with a pane for the portal, a button that opens it in a tab, and a server that gets the links. What a
// case wants of it stands in the page's query.

import { fileURLToPath } from 'node:url';
import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import type { Markup } from '../../../src/http/page.ts';
import { EMBED_PATH, mintLink, PATIENT_PATH } from '../../support/client.ts';
import type { Sample } from '../../support/sample.ts';
import type { Certificate } from './certificate.ts';
import type { Portal } from './portal.ts';
import { listenerOf, type Site, startSite } from './site.ts';
import { staticScripts } from './static-scripts.ts';

/** Who uses which portal from here, by the name in the query. */
export type Account = { portal: Portal; sample: Sample };

export type Practice = Site & {
  accounts: Map<string, Account>;
  /** Set when the practice's own sign-in is over: it gets no links any more. */
  signed_out: boolean;
};

const EMBED_SOURCES = fileURLToPath(new URL('../../../clients/embed/src/', import.meta.url));
const PAGES = fileURLToPath(new URL('pages/', import.meta.url));

/** A fresh link for a person of this practice, as its server asks for it. */
export async function getLink({ portal, sample }: Account, path: string): Promise<string> {
  const { redirect_url } = await mintLink(portal.handoff, sample, path);
  return redirect_url;
}

/** A page without any script of ours around a pane. */
function bare(title: string, frame: Markup): Markup {
  return html`<!doctype html>
<html lang="en">
<title>${title}</title>
<main>
<h1>${title}</h1>
${frame}
</main>
</html>`;
}

/** A page for each way to show the portal. */
function addPages(app: Hono, linkFor: (c: Context, path: string) => Promise<string | undefined>): void {
  // A button that opens a tab, as the partner guide has it.
  app.get('/', (c) => {
    const who = c.req.query('who') ?? '';
    return c.html(bare('Patient', html`<a id="open" target="_blank" href="/open?who=${who}">Prescribe</a>`));
  });
  app.get('/open', async (c) => c.redirect((await linkFor(c, PATIENT_PATH)) ?? '/signed-out', 303));
  // handoff-embed, with a pane for each name in the query.
  app.get('/panes', (c) =>
    c.html(bare('Patient', html`<script type="module" src="/pages/practice.js"></script><div id="panes"></div>`)),
  );
  app.get('/link', async (c) => {
    const path = c.req.query('target') === 'tab' ? PATIENT_PATH : EMBED_PATH;
    const url = await linkFor(c, path);
    return url === undefined ? c.json({}, 401) : c.json({ url });
  });
  // A frame that the practice's server fills, without handoff-embed.
  app.get('/plain', async (c) => {
    const url = await linkFor(c, EMBED_PATH);
    return c.html(bare('Patient', html`<iframe title="Prescribing" src="${url ?? 'about:blank'}"></iframe>`));
  });
  app.get('/empty', (c) => c.html(bare('Page', html`<iframe title="Page"></iframe>`)));
}

export async function startPractice(host: string, certificate: Certificate): Promise<Practice> {
  const state = { accounts: new Map<string, Account>(), signed_out: false };
  const app = new Hono();
  app.route('/handoff-embed', staticScripts(EMBED_SOURCES));
  app.route('/pages', staticScripts(PAGES));
  app.get('/favicon.ico', (c) => c.body(null, 204));
  const site = await startSite(host, certificate, () => listenerOf(app));
  const practice: Practice = { ...site, ...state };
  addPages(app, async (c, path) => {
    const account = practice.accounts.get(c.req.query('who') ?? '');
    return account === undefined || practice.signed_out ? undefined : getLink(account, path);
  });
  return practice;
}

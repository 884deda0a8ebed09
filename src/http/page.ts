// Pages for people: one layout, one style sheet, no script, nothing from another host. The style sheet is allowed by its
// hash, so that the CSP has no 'unsafe-inline'.

import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { AppContext } from './context.ts';

export type Markup = ReturnType<typeof html>;

const STYLE = `
:root{color-scheme:light dark;--ink:#16202c;--soft:#51606f;--line:#d5dde5;--paper:#f4f7fa;--card:#fff;--accent:#0b5cad;--on-accent:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e8eef4;--soft:#a3b1bf;--line:#33414f;--paper:#10171f;--card:#19232e;--accent:#7db8f2;--on-accent:#0c1a28}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:1.5rem;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:34rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:2rem}
main.wide{max-width:46rem}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25;text-wrap:balance}
h2{margin:1.75rem 0 .5rem;font-size:1.125rem}
p{margin:0 0 1rem}
a{color:var(--accent)}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
dl{margin:1.25rem 0;display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.25rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
ul{margin:0;padding-left:1.25rem}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.5rem 0 0}
.button{display:inline-block;min-height:2.75rem;padding:.5rem 1.25rem;border:1px solid var(--accent);border-radius:.5rem;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;text-decoration:none;cursor:pointer}
.button.quiet{background:transparent;color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.reference{margin:1.75rem 0 0;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.875rem}
.tag{display:inline-block;margin-bottom:.75rem;padding:.1rem .6rem;border:1px solid var(--line);border-radius:1rem;color:var(--soft);font-size:.8125rem}
@media (max-width:30rem){body{padding:.75rem;align-items:flex-start}main{padding:1.25rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}.button{width:100%;text-align:center}}
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** CSP sources that may frame a page; a page that only tells something may be shown anywhere, one that acts may not. */
function contentSecurityPolicy(frame_ancestors: readonly string[]): string {
  const framing = frame_ancestors.length === 0 ? "'none'" : frame_ancestors.join(' ');
  return `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors ${framing}`;
}

export type PageContent = { title: string; body: Markup; wide?: boolean };

/** Sends a page with the headers that every page has. */
export function page(
  c: AppContext,
  content: PageContent,
  status: ContentfulStatusCode = 200,
): Response | Promise<Response> {
  const frame_ancestors = c.get('frame_ancestors') ?? [];
  c.header('content-security-policy', contentSecurityPolicy(frame_ancestors));
  if (frame_ancestors.length === 0) c.header('x-frame-options', 'DENY');
  return c.html(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${content.title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main${content.wide === true ? raw(' class="wide"') : ''}>
${content.body}
</main>
</body>
</html>
`,
    status,
  );
}

// Pages for people: one layout, one style sheet, nothing from another host, and no script but the one that answers the page
// around a frame. Style sheet and script are allowed by their hashes, so that the CSP has no 'unsafe-inline'.

import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type AppContext, setHeader } from './context.ts';
import { type FrameAnswer, frameScript } from './frame-script.ts';

export type Markup = ReturnType<typeof html>;

// The marks are letters in a circle, drawn by the style sheet: an image would need a host, and a screen reader needs neither.
const STYLE = `
:root{color-scheme:light dark;--ink:#17212b;--soft:#526070;--line:#d9e1e8;--paper:#eff3f7;--card:#fff;--accent:#0a5aa8;--hover:#084a8b;--on-accent:#fff;--shade:0 1px 2px #17212b14,0 8px 28px #17212b12;--notice:#8a5200;--notice-back:#fdf0d6;--question:#0a5aa8;--question-back:#e2eefa;--done:#17683a;--done-back:#dcf3e5}
@media (prefers-color-scheme:dark){:root{--ink:#e7edf3;--soft:#a4b2c0;--line:#344250;--paper:#0f161d;--card:#18222c;--accent:#83bbf4;--hover:#a5cef8;--on-accent:#0b1926;--shade:none;--notice:#f3c56d;--notice-back:#3a2e16;--question:#83bbf4;--question-back:#1d3247;--done:#84d8a8;--done-back:#183626}}
*{box-sizing:border-box}
[hidden]{display:none!important}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100svh;display:flex;align-items:center;justify-content:center;padding:1.5rem 1.5rem max(1.5rem,8vh);background:var(--paper);color:var(--ink);font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:34rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;padding:2.25rem;box-shadow:var(--shade)}
main.wide{max-width:46rem}
main.notice,main.question,main.done{--mark:var(--notice);--back:var(--notice-back)}
main.question{--mark:var(--question);--back:var(--question-back)}
main.done{--mark:var(--done);--back:var(--done-back)}
main.notice::before,main.question::before,main.done::before{content:"!";content:"!" / "";display:grid;place-items:center;width:2.75rem;height:2.75rem;margin-bottom:1.25rem;border-radius:50%;background:var(--back);color:var(--mark);font-size:1.375rem;font-weight:700;line-height:1}
main.question::before{content:"?";content:"?" / ""}
main.done::before{content:"\\2713";content:"\\2713" / ""}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25;text-wrap:balance;overflow-wrap:anywhere}
h2{margin:1.75rem 0 .35rem;font-size:1.0625rem}
p{margin:0 0 1rem;overflow-wrap:break-word;text-wrap:pretty}
p:last-child,form:last-child p:last-child{margin-bottom:0}
a{color:var(--accent);text-underline-offset:.15em}
a:hover{color:var(--hover)}
code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
dl{margin:1.5rem 0 0;border-top:1px solid var(--line)}
dl div{display:grid;grid-template-columns:9.5rem 1fr;gap:0 1.25rem;padding:.6rem 0;border-bottom:1px solid var(--line)}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
dd small{display:block;color:var(--soft);font-size:.9375rem}
ul{margin:0 0 1rem;padding-left:1.25rem}
ul.rows{list-style:none;margin:1.5rem 0 0;padding:0;border-top:1px solid var(--line)}
ul.rows li{display:grid;grid-template-columns:3rem 1fr auto;gap:0 1rem;align-items:baseline;padding:.55rem 0;border-bottom:1px solid var(--line)}
ul.rows span,ul.rows code{color:var(--soft)}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.75rem 0 0}
.button{display:inline-block;min-height:2.875rem;padding:.55rem 1.35rem;border:1px solid var(--accent);border-radius:.625rem;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;line-height:1.6;text-align:center;text-decoration:none;text-wrap:balance;cursor:pointer}
.button:hover{background:var(--hover);border-color:var(--hover);color:var(--on-accent)}
.button:disabled{opacity:.55;cursor:default}
.button.quiet{background:transparent;border-color:var(--line);color:var(--accent)}
.button.quiet:hover{border-color:currentColor;color:var(--hover)}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
.reference{margin:2rem 0 0;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.875rem}
.reference code{display:block}
.tag{margin:0 0 .35rem;color:var(--soft);font-size:.875rem;font-weight:600}
@media (max-width:34rem){body{display:block;padding:0;background:var(--card)}main,main.wide{max-width:none;padding:1.75rem 1.25rem;border:0;border-radius:0;box-shadow:none}dl div{grid-template-columns:1fr}ul.rows li{grid-template-columns:3rem 1fr}ul.rows code{grid-column:2}.actions form,.button{width:100%}}
@media print{body{display:block;padding:0}main{border:0;box-shadow:none}.actions{display:none}}
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** The directive of a Content-Security-Policy that says who may frame a page (CSP3, 6.4.2); nobody by default. */
export function frameAncestors(sources: readonly string[]): string {
  return `frame-ancestors ${sources.length === 0 ? "'none'" : sources.join(' ')}`;
}

/**
 * For an error page, which holds nothing to act upon: it may be shown in whatever frame it was asked for in, a sentence that helps
 * instead of the browser's "refused to connect".
 */
export const ANY_FRAME = ['https:', 'http:'];

/** A page that only tells something may be shown anywhere, one that acts may not. */
function contentSecurityPolicy(frame_ancestors: readonly string[], scripted: boolean): string {
  const script = scripted ? `; script-src ${frameScript.source}` : '';
  const own = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'`;
  return `${own}${script}; ${frameAncestors(frame_ancestors)}`;
}

/** What a page is, at a glance: something to know, something to decide, or something that is done. */
export type PageTone = 'notice' | 'question' | 'done';

export type PageContent = {
  title: string;
  body: Markup;
  wide?: boolean;
  tone?: PageTone;
  /** What it answers to the page around it, where it is in a frame. */
  frame_answer?: FrameAnswer;
};

function classesOf({ wide, tone }: PageContent): Markup | string {
  const classes = [wide === true ? 'wide' : undefined, tone].filter((name) => name !== undefined);
  return classes.length === 0 ? '' : html` class="${classes.join(' ')}"`;
}

function answerAttributes(answer: FrameAnswer | undefined): Markup | string {
  if (answer === undefined) return '';
  return answer.type === 'error'
    ? html` data-answer="error" data-problem="${answer.problem}"`
    : html` data-answer="asking"`;
}

/** Sends a page with the headers that every page has. */
export function page(
  c: AppContext,
  content: PageContent,
  status: ContentfulStatusCode = 200,
): Response | Promise<Response> {
  const frame_ancestors = c.get('frame_ancestors') ?? [];
  const answer = frame_ancestors.length === 0 ? undefined : content.frame_answer;
  setHeader(c, 'content-security-policy', contentSecurityPolicy(frame_ancestors, answer !== undefined));
  if (frame_ancestors.length === 0) setHeader(c, 'x-frame-options', 'DENY');
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
<main${classesOf(content)}${answerAttributes(answer)}>
${content.body}
</main>${
      answer &&
      html`
<script>${raw(frameScript.text)}</script>`
    }
</body>
</html>
`,
    status,
  );
}

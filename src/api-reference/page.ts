// The page around Swagger UI. Its links are relative, so that it works below any base path.

import { html } from 'hono/html';
import { type AppContext, setHeader } from '../http/context.ts';
import type { Asset } from './assets.ts';

// Scripts and style sheets are files of ours, Swagger UI's icons are data: URLs in its style sheet, and the one thing fetched is
// openapi.yaml. Nothing inline, no eval, no other host.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TITLE = 'Handoff API reference';

export function referencePage(c: AppContext, assets: readonly Asset[]): Response | Promise<Response> {
  const named = (kind: Asset['kind']) => assets.filter((asset) => asset.kind === kind);
  setHeader(c, 'content-security-policy', CONTENT_SECURITY_POLICY);
  setHeader(c, 'x-frame-options', 'DENY');
  // So that it always asks for the files of this very version.
  setHeader(c, 'cache-control', 'no-store');
  return c.html(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${TITLE}</title>
<link rel="icon" href="data:,">
${named('css').map(({ name }) => html`<link rel="stylesheet" href="docs/assets/${name}">\n`)}
${named('js').map(({ name }) => html`<script defer src="docs/assets/${name}"></script>\n`)}
</head>
<body>
<noscript>
<h1>${TITLE}</h1>
<p>This page needs JavaScript. Everything it shows is in <a href="openapi.yaml">openapi.yaml</a>.</p>
</noscript>
<div id="api-reference"></div>
</body>
</html>
`);
}

// The page around the frame, as it is served: whether its headers and metas let it show the portal, run handoff-embed, and say who it
// is. Its iframe is in partner-iframe.ts.

import { resolveAddress } from '../address.ts';
import {
  findDirective,
  parsePolicies,
  type Policy,
  scriptAllowed,
  showDirective,
  sourcesAllow,
} from '../content-security-policy.ts';
import type { Answer } from '../exchange.ts';
import { type Attributes, type Markup, metaHeaders } from '../markup.ts';
import { maskAddress, plain } from '../mask.ts';
import { featuresWithheld } from '../permissions-policy.ts';
import { fault, type Finding, notChecked, ok, warning } from '../report.ts';

export type PartnerPage = {
  answer: Answer;
  markup: Markup;
  /** Of the header, and of meta elements. */
  policies: Policy[];
};

export function policiesOf({ headers }: Answer, markup: Markup): Policy[] {
  return [headers.get('content-security-policy'), ...metaHeaders(markup, 'content-security-policy')].flatMap(
    parsePolicies,
  );
}

export function checkOrigin({ url }: Answer, page_origin: string): Finding {
  if (url.origin === page_origin) return ok();
  return fault({
    evidence: [`The page is of ${url.origin}, and ${page_origin} was given.`],
    by: 'partner',
    mend: `If people open the page there, that is the origin to examine it with, and to register: ${url.origin}`,
  });
}

/** `frame`: the first address that the frame is sent to; after a redirect browsers look at the origin alone (CSP3, 4.2.4). */
export function checkFrames({ answer, policies }: PartnerPage, frame: URL): Finding {
  const names = ['frame-src', 'child-src', 'default-src'];
  const refusing = policies
    .flatMap((policy) => findDirective(policy, names) ?? [])
    .filter(({ sources }) => !sourcesAllow(sources, frame, answer.url));
  if (refusing.length === 0) return ok();
  return fault({
    evidence: refusing.map((directive) => `${plain(showDirective(directive))} does not allow ${maskAddress(frame)}`),
    by: 'partner',
    mend: `Add ${frame.origin} to frame-src of the page’s Content-Security-Policy; where there is no frame-src yet, write one.`,
  });
}

/** Script elements that load handoff-embed, as far as the address says so. */
export function embedScripts({ markup }: PartnerPage): { url: URL; attributes: Attributes }[] {
  return markup.scripts.flatMap((attributes) => {
    const src = attributes.get('src') ?? '';
    const url = src.includes('handoff-embed') ? resolveAddress(src, markup.base) : undefined;
    return url === undefined ? [] : [{ url, attributes }];
  });
}

export function checkScripts(page: PartnerPage): Finding {
  const names = ['script-src-elem', 'script-src', 'default-src'];
  const directives = page.policies.flatMap((policy) => findDirective(policy, names) ?? []);
  const none = directives.find(({ sources }) => sources.every((source) => source.toLowerCase() === "'none'"));
  const scripts = embedScripts(page);
  const refusing = scripts.flatMap(({ url, attributes }) => {
    const script = { url, nonce: attributes.get('nonce'), integrity: attributes.get('integrity') };
    return directives
      .filter((directive) => !scriptAllowed(directive, script, page.answer.url))
      .map((directive) => `${plain(showDirective(directive))} does not allow ${maskAddress(url)}`);
  });
  const evidence = none === undefined ? refusing : [`${showDirective(none)} allows no script at all.`];
  if (evidence.length > 0) {
    const mend = 'Add where handoff-embed is to script-src of the page’s Content-Security-Policy.';
    return fault({ evidence, by: 'partner', mend });
  }
  if (scripts.length > 0) return ok();
  return notChecked('No script element names handoff-embed: it may be bundled with the page’s own scripts.');
}

export function checkPermissions({ answer }: PartnerPage, portal_origin: string): Finding {
  const places = { origin: portal_origin, self: answer.url.origin };
  const withheld = featuresWithheld(answer.headers.get('permissions-policy'), places);
  if (withheld.length === 0) return ok();
  return warning({
    evidence: [`Permissions-Policy keeps ${withheld.join(', ')} from ${portal_origin}.`],
    by: 'partner',
    mend: `Permissions-Policy: ${withheld.map((feature) => `${feature}=(self "${portal_origin}")`).join(', ')}`,
  });
}

const ISOLATING = /^(require-corp|credentialless)\b/i;

/** HTML, 7.1.4: a page that isolates itself shows pages only that do the same, and say that others may show them. */
export function checkIsolation({ answer }: PartnerPage, framed: Answer | undefined): Finding {
  const policy = answer.headers.get('cross-origin-embedder-policy') ?? '';
  if (!ISOLATING.test(policy)) return ok();
  const evidence = [`Cross-Origin-Embedder-Policy: ${plain(policy)}`];
  const is_isolated = ISOLATING.test(framed?.headers.get('cross-origin-embedder-policy') ?? '');
  const resource = framed?.headers.get('cross-origin-resource-policy')?.trim().toLowerCase();
  if (is_isolated && resource === 'cross-origin') return ok(...evidence);
  return fault({
    evidence: [...evidence, 'The portal’s page does not isolate itself, so that this page cannot show it.'],
    by: 'partner',
    mend: 'Take Cross-Origin-Embedder-Policy off the page with the frame. (Or the portal sends the same with its embedded pages and Handoff’s, and “Cross-Origin-Resource-Policy: cross-origin”.)',
  });
}

// The page that ends up in the frame: whether it is a page at all, and whether its headers let the page around it show it.

import { findDirective, parsePolicies, type Policy, showDirective, sourcesAllow } from '../content-security-policy.ts';
import type { Answer } from '../exchange.ts';
import { isHtml, metaHeaders, readMarkup } from '../markup.ts';
import { maskAddress, plain } from '../mask.ts';
import { featuresWithheld } from '../permissions-policy.ts';
import { fault, type Finding, type Findings, notChecked, ok, warning } from '../report.ts';
import { checkCaching } from './caching.ts';
import { checkMixedContent } from './mixed-content.ts';

const FRAME_ANCESTORS = 'frame-ancestors';

/** How it was come to: a page of the address that was given, or where a link led with and without a session. */
export type PageOf = 'address' | 'session' | 'no-session';

const NOBODY: Record<Exclude<PageOf, 'no-session'>, Finding> = {
  address: notChecked(
    'It answers 401: nobody is signed in here. Give a link (a redirect_url) to have the page itself examined.',
  ),
  session: fault({
    evidence: ['The session has begun, and the portal answers 401: nobody is signed in.'],
    by: 'portal-engineer',
    mend: 'Pass the request header Cookie on to the session check, and the path asked for in X-Forwarded-Uri: an embed session opens /embed/… alone.',
  }),
};

function checkStatus({ url, status, headers }: Answer, of: PageOf): Finding {
  if (status === 401 && of !== 'no-session') return NOBODY[of];
  if (status !== 200) {
    return fault({
      evidence: [`${maskAddress(url)} answers ${status}.`],
      by: status === 404 ? 'partner' : 'portal-engineer',
      mend:
        status === 404
          ? 'The portal has no such page: ask for another redirect_path.'
          : 'See the portal’s log, and the proxy’s, for this request.',
    });
  }
  const type = headers.get('content-type');
  if (isHtml(headers)) return ok();
  return warning({
    evidence: [`It is not HTML, but ${type === null ? 'of no type' : plain(type)}.`],
    by: 'portal-engineer',
    mend: 'Answer with a page: a document of another kind cannot sign in by itself, nor say how high it is.',
  });
}

const PASS_POLICY =
  'Add what the session check says in x-auth-content-security-policy (before sign-in: what /auth/framing says) to the page as Content-Security-Policy, and let no other frame-ancestors stand beside it: a browser obeys all of them.';

function isOpen({ sources }: { sources: readonly string[] }): boolean {
  return sources.some((source) => /^(\*|https?:)$/i.test(source));
}

function missingAncestors(answer: Answer): Finding {
  const in_meta = metaHeaders(readMarkup(answer.body, answer.url), 'content-security-policy').some((content) =>
    content.toLowerCase().includes(FRAME_ANCESTORS),
  );
  const evidence = in_meta
    ? 'Its frame-ancestors is in a meta element, where browsers ignore it: any page may show it.'
    : 'It has no frame-ancestors: any page may show it, and trick people into clicking.';
  return warning({ evidence: [evidence], by: 'portal-engineer', mend: PASS_POLICY });
}

/** CSP3, 6.4.2.1. Only the one page around the frame is known; whether that is framed itself is not. */
function checkFrameAncestors(answer: Answer, page_origin: string): Finding {
  const directives = parsePolicies(answer.headers.get('content-security-policy')).flatMap(
    (policy) => findDirective(policy, [FRAME_ANCESTORS]) ?? [],
  );
  if (directives.length === 0) return missingAncestors(answer);
  const page = new URL(page_origin);
  const refusing = directives.filter(({ sources }) => !sourcesAllow(sources, page, answer.url));
  const shown = directives.map((directive) => plain(showDirective(directive)));
  if (refusing.length > 0) {
    const evidence = refusing.map((directive) => `${plain(showDirective(directive))} does not allow ${page_origin}.`);
    const several = directives.length > 1 ? [`There are ${directives.length} policies, and each has to allow it.`] : [];
    return fault({ evidence: [...evidence, ...several], by: 'portal-engineer', mend: PASS_POLICY });
  }
  if (directives.every(isOpen)) {
    const evidence = [`${shown.join('; ')} lets any page show it, and trick people into clicking.`];
    return warning({ evidence, by: 'portal-engineer', mend: PASS_POLICY });
  }
  return ok(...shown);
}

/** HTML, 7.6: a browser that finds frame-ancestors does not look at X-Frame-Options. */
function checkFrameOptions({ headers }: Answer): Finding {
  const value = headers.get('x-frame-options');
  if (value === null) return ok();
  const mend =
    'Take the header X-Frame-Options out of embedded pages, wherever the proxy or the portal’s framework adds it.';
  const evidence = `X-Frame-Options: ${plain(value)}`;
  const has_ancestors = parsePolicies(headers.get('content-security-policy')).some((policy) =>
    policy.has(FRAME_ANCESTORS),
  );
  return has_ancestors
    ? warning({
        evidence: [evidence, 'Browsers obey frame-ancestors instead; old ones do not.'],
        by: 'portal-engineer',
        mend,
      })
    : fault({ evidence: [evidence, 'No page of another origin can show it.'], by: 'portal-engineer', mend });
}

/** Without these an embedded page cannot run, keep its cookie or send its forms. */
export const SANDBOX_NEEDS = ['allow-scripts', 'allow-same-origin', 'allow-forms'];

function sandboxLacks(policy: Policy): string[] {
  const flags = policy.get('sandbox');
  return flags === undefined ? [] : SANDBOX_NEEDS.filter((need) => !flags.includes(need));
}

function checkIsolation({ headers }: Answer): Finding {
  const lacking = parsePolicies(headers.get('content-security-policy')).flatMap(sandboxLacks);
  if (lacking.length > 0) {
    return fault({
      evidence: [`Its policy has a sandbox without ${[...new Set(lacking)].join(', ')}.`],
      by: 'portal-engineer',
      mend: 'Take sandbox out of the embedded pages’ Content-Security-Policy.',
    });
  }
  const resource = headers.get('cross-origin-resource-policy')?.trim().toLowerCase();
  if (resource === 'same-origin' || resource === 'same-site') {
    return warning({
      evidence: [
        `Cross-Origin-Resource-Policy: ${resource}`,
        'A page that isolates itself (Cross-Origin-Embedder-Policy) cannot show it.',
      ],
      by: 'portal-engineer',
      mend: 'Send “Cross-Origin-Resource-Policy: cross-origin” with embedded pages, or none.',
    });
  }
  return ok();
}

function checkPermissions({ url, headers }: Answer): Finding {
  const withheld = featuresWithheld(headers.get('permissions-policy'), { origin: url.origin, self: url.origin });
  if (withheld.length === 0) return ok();
  return warning({
    evidence: [`Permissions-Policy takes ${withheld.join(', ')} away from the portal’s own page.`],
    by: 'portal-engineer',
    mend: `Allow the portal itself: Permissions-Policy: ${withheld.map((feature) => `${feature}=(self)`).join(', ')}`,
  });
}

/** Everything about one page. Of one that is none, only that. */
export function checkFramedPage(answer: Answer, { of, page_origin }: { of: PageOf; page_origin: string }): Findings {
  const status = checkStatus(answer, of);
  if (answer.status !== 200) return { 'page-status': status };
  return {
    'page-status': status,
    'frame-ancestors': checkFrameAncestors(answer, page_origin),
    'x-frame-options': checkFrameOptions(answer),
    isolation: checkIsolation(answer),
    permissions: checkPermissions(answer),
    caching: checkCaching(answer),
    'mixed-content': checkMixedContent(answer),
  };
}

/** On a page of Handoff's own, which says in the frame what is wrong. Any page may show those that only tell something. */
export function checkOwnPage(answer: Answer, page_origin: string): Findings {
  const found = {
    'frame-ancestors': checkFrameAncestors(answer, page_origin),
    'x-frame-options': checkFrameOptions(answer),
  };
  const told = Object.entries(found).filter(
    ([id, { verdict }]) => verdict === 'fault' || (id === 'x-frame-options' && verdict === 'warning'),
  );
  return Object.fromEntries(
    told.map(([id, finding]) => [
      id,
      { ...finding, evidence: ['On Handoff’s own page in the frame:', ...finding.evidence] },
    ]),
  );
}

// The iframe in the partner's page, where it is in the markup, and what the page tells the portal about itself.

import { hidesOrigin, lastReferrerPolicy, type ReferrerPolicy, tellsAddress } from '../referrer-policy.ts';
import { resolveAddress } from '../address.ts';
import type { Attributes } from '../markup.ts';
import { FEATURES } from '../permissions-policy.ts';
import { fault, type Finding, notChecked, ok, warning } from '../report.ts';
import { SANDBOX_NEEDS } from './frame.ts';
import { embedScripts, type PartnerPage } from './partner-page.ts';

/** Iframes of the markup that show something of the portal's. */
function portalIframes({ markup }: PartnerPage, portal_origin: string): Attributes[] {
  return markup.iframes.filter(
    (iframe) => resolveAddress(iframe.get('src') ?? '', markup.base)?.origin === portal_origin,
  );
}

/** The page's own: a meta element wins over the header, the last over the others (HTML, 4.2.5.1). */
function pagePolicy({ answer, markup }: PartnerPage): ReferrerPolicy | undefined {
  const metas = markup.metas.filter((meta) => meta.get('name')?.toLowerCase() === 'referrer');
  const in_meta = metas.toReversed().flatMap((meta) => lastReferrerPolicy(meta.get('content')) ?? [])[0];
  return in_meta ?? lastReferrerPolicy(answer.headers.get('referrer-policy'));
}

const OWN_POLICY = 'Give the iframe referrerpolicy="strict-origin-when-cross-origin", as handoff-embed does.';

function judgePolicy(policy: ReferrerPolicy | undefined): Finding {
  if (hidesOrigin(policy)) {
    const evidence = [
      `Referrer-Policy: ${policy} keeps the page’s origin from the portal, which then refuses the page.`,
    ];
    return fault({ evidence, by: 'partner', mend: OWN_POLICY });
  }
  if (tellsAddress(policy)) {
    const evidence = [
      `Referrer-Policy: ${policy} tells the portal the page’s whole address, which may name a patient.`,
    ];
    return warning({ evidence, by: 'partner', mend: OWN_POLICY });
  }
  return ok();
}

/** An iframe's own attribute wins over the page; handoff-embed always sets it. */
export function checkReferrerOf(page: PartnerPage, portal_origin: string): Finding {
  const iframes = portalIframes(page, portal_origin);
  const policy = pagePolicy(page);
  if (iframes.length === 0) {
    const judged = judgePolicy(policy);
    if (judged.verdict === 'ok') return judged;
    if (embedScripts(page).length > 0) return ok('handoff-embed sets the iframe’s own policy, whatever the page’s is.');
    // Whoever makes the iframe may set its own.
    return { ...judged, verdict: 'warning' };
  }
  const judged = iframes.map((iframe) => judgePolicy(lastReferrerPolicy(iframe.get('referrerpolicy')) ?? policy));
  return (
    judged.find(({ verdict }) => verdict === 'fault') ?? judged.find(({ verdict }) => verdict === 'warning') ?? ok()
  );
}

type Remark = { severity: 'fault' | 'warning'; seen: string; mend: string };

function sandboxRemarks(iframe: Attributes): Remark[] {
  const sandbox = iframe.get('sandbox');
  if (sandbox === undefined) return [];
  const flags = sandbox.toLowerCase().split(/\s+/);
  const lacking = (needs: readonly string[]) => needs.filter((need) => !flags.includes(need));
  const remarkOn = (severity: Remark['severity'], needs: readonly string[]): Remark[] =>
    needs.length === 0
      ? []
      : [
          {
            severity,
            seen: `sandbox lacks ${needs.join(', ')}.`,
            mend: 'Take the attribute sandbox off: the portal is another origin anyway.',
          },
        ];
  return [
    ...remarkOn('fault', lacking(SANDBOX_NEEDS)),
    ...remarkOn('warning', lacking(['allow-popups', 'allow-popups-to-escape-sandbox'])),
  ];
}

function allowRemarks(iframe: Attributes): Remark[] {
  const allow = iframe.get('allow') ?? '';
  const missing = FEATURES.filter((feature) => !allow.includes(feature));
  if (missing.length === 0) return [];
  const mend = `Add to allow: ${missing.join('; ')}`;
  return [{ severity: 'warning', seen: `allow does not pass on ${missing.join(', ')}.`, mend }];
}

const PLAIN_REMARKS: [(iframe: Attributes) => boolean, Remark][] = [
  [
    (iframe) => (iframe.get('title') ?? '').trim() === '',
    { severity: 'warning', seen: 'It has no title.', mend: 'Give it a title: screen readers say it.' },
  ],
  [
    (iframe) => iframe.get('loading')?.toLowerCase() === 'lazy',
    {
      severity: 'warning',
      seen: 'loading="lazy": the link may have expired when it is opened.',
      mend: 'Take loading="lazy" off.',
    },
  ],
  [
    (iframe) => iframe.has('credentialless'),
    { severity: 'warning', seen: 'credentialless: no browser keeps a cookie in it.', mend: 'Take credentialless off.' },
  ],
  [
    (iframe) => (iframe.get('src') ?? '').includes('token='),
    {
      severity: 'warning',
      seen: 'The link stands in the markup: it is as old as the page, and is used up when the page is reloaded.',
      mend: 'Ask for the link when the frame is needed, as handoff-embed does with getLink.',
    },
  ],
];

function remarksOn(iframe: Attributes): Remark[] {
  const plain_ones = PLAIN_REMARKS.flatMap(([applies, remark]) => (applies(iframe) ? [remark] : []));
  return [...sandboxRemarks(iframe), ...allowRemarks(iframe), ...plain_ones];
}

export function checkIframe(page: PartnerPage, portal_origin: string): Finding {
  const iframes = portalIframes(page, portal_origin);
  if (iframes.length === 0)
    return notChecked('No iframe of the portal is in the markup: a script makes it, as handoff-embed does.');
  const remarks = iframes.flatMap(remarksOn);
  if (remarks.length === 0) return ok();
  const judge = remarks.some(({ severity }) => severity === 'fault') ? fault : warning;
  return judge({
    evidence: [...new Set(remarks.map(({ seen }) => seen))],
    by: 'partner',
    mend: [...new Set(remarks.map(({ mend }) => mend))].join(' '),
  });
}

// Opens the page around the frame as a browser does in a tab, where nobody is signed in to it, and has it checked.

import { checkIframe, checkReferrerOf } from './checks/partner-iframe.ts';
import {
  checkFrames,
  checkIsolation,
  checkOrigin,
  checkPermissions,
  checkScripts,
  type PartnerPage,
  policiesOf,
} from './checks/partner-page.ts';
import type { Answer, Failure, Send } from './exchange.ts';
import { isHtml, readMarkup } from './markup.ts';
import { maskAddress } from './mask.ts';
import { type CheckId, CHECKS, fault, type Finding, type Findings, notChecked, ok, warning } from './report.ts';
import { BROWSER_HEADERS, redirectOf } from './walk.ts';

const MOST_HOPS = 10;

type Opened = { ok: true; answer: Answer; moved: boolean } | { ok: false; finding: Finding };

function unreadable(url: URL, { reason, detail }: Failure): Finding {
  if (reason === 'not-allowed') return notChecked(`${maskAddress(url)}: ${detail}.`);
  return fault({
    evidence: [`${maskAddress(url)}: ${detail}.`],
    by: 'partner',
    mend: 'Give the address of the page as people open it.',
  });
}

const BEHIND_SIGN_IN =
  'It is behind a sign-in. Give the address of a page with the same headers that anybody can open, or compare the headers by hand.';

async function open(start: URL, send: Send): Promise<Opened> {
  const headers = {
    ...BROWSER_HEADERS,
    'sec-fetch-dest': 'document',
    'sec-fetch-site': 'none',
    'sec-fetch-user': '?1',
  };
  let url = start;
  for (let hop = 0; hop < MOST_HOPS; hop += 1) {
    const exchange = await send({ url, headers });
    if (!exchange.ok) return { ok: false, finding: unreadable(url, exchange.failure) };
    const to = redirectOf(exchange.answer)?.to;
    if (to === undefined) return { ok: true, answer: exchange.answer, moved: hop > 0 };
    if (to.origin !== start.origin) {
      return { ok: false, finding: notChecked(`It leads to ${maskAddress(to)}. ${BEHIND_SIGN_IN}`) };
    }
    url = to;
  }
  return { ok: false, finding: notChecked(`It leads on and on. ${BEHIND_SIGN_IN}`) };
}

function readable({ url, status, headers }: Answer, moved: boolean): Finding {
  if (status === 401 || status === 403) return notChecked(`It answers ${status}. ${BEHIND_SIGN_IN}`);
  if (status !== 200 || !isHtml(headers)) {
    return fault({
      evidence: [`${maskAddress(url)} answers ${status}, ${isHtml(headers) ? 'with a page' : 'and not with a page'}.`],
      by: 'partner',
      mend: 'Give the address of the page as people open it.',
    });
  }
  if (!moved) return ok();
  return warning({
    evidence: [`It leads to ${maskAddress(url)}, which is what has been checked instead: perhaps a page to sign in.`],
    by: 'partner',
    mend: 'Give the address of the page that has the frame. Where people have to sign in for it, see that it is served with the same headers.',
  });
}

const ABOUT_PAGE = Object.entries(CHECKS).flatMap(([id, { about }]) => (about === 'page' ? id : []));

/** The same for all checks of the page. */
export function partnerPageNotChecked(why: string): Findings {
  return Object.fromEntries(ABOUT_PAGE.map((id) => [id, notChecked(why)]));
}

export type Around = {
  page_origin: string;
  /** The first address that the frame is sent to. */
  frame: URL;
  /** The page that ended up in the frame, if one did. */
  framed: Answer | undefined;
  send: Send;
};

function checkAll(
  page: PartnerPage,
  { page_origin, frame, framed }: Around,
): Omit<Record<CheckId & `partner-${string}`, Finding>, 'partner-page'> {
  return {
    'partner-origin': checkOrigin(page.answer, page_origin),
    'partner-frames': checkFrames(page, frame),
    'partner-scripts': checkScripts(page),
    'partner-referrer': checkReferrerOf(page, frame.origin),
    'partner-permissions': checkPermissions(page, frame.origin),
    'partner-isolation': checkIsolation(page, framed),
    'partner-iframe': checkIframe(page, frame.origin),
  };
}

export async function checkPartnerPage(url: URL, around: Around): Promise<Findings> {
  const opened = await open(url, around.send);
  if (!opened.ok) return { ...partnerPageNotChecked('The page could not be read.'), 'partner-page': opened.finding };
  const { answer, moved } = opened;
  const finding = readable(answer, moved);
  if (finding.verdict !== 'ok' && finding.verdict !== 'warning') {
    return { ...partnerPageNotChecked('The page could not be read.'), 'partner-page': finding };
  }
  const markup = readMarkup(answer.body, answer.url);
  const page = { answer, markup, policies: policiesOf(answer, markup) };
  return { 'partner-page': finding, ...checkAll(page, around) };
}

// Embed Doctor: opens an embed over HTTP as a browser does that shows it in an iframe on the partner's page, and says what is wrong. It
// needs no database and no browser. A link is opened first as a browser that keeps no cookie, which spends nothing, then as one that
// keeps partitioned cookies, which spends it; the session that this begins is ended again.

import type { Clock } from '../foundation/clock.ts';
import { timestamp } from '../foundation/clock.ts';
import { checkConnection, checkRedirects, checkSecure } from './checks/address.ts';
import {
  checkCookieReturns,
  checkProbeCookie,
  checkSession,
  checkSessionCookie,
  endSession,
} from './checks/cookies.ts';
import { checkFramedPage, checkOwnPage, type PageOf } from './checks/frame.ts';
import {
  checkEmbedder,
  checkFetchMetadata,
  checkLink,
  checkLinkItself,
  checkReferrer,
  checkWithCookies,
  checkWithoutCookies,
} from './checks/link.ts';
import { checkCaching } from './checks/caching.ts';
import { LINK_PATH, type Outcome, outcomeOf } from './entry.ts';
import { type Answer, createSend, type Limits, type Send } from './exchange.ts';
import { maskAddress } from './mask.ts';
import { checkPartnerPage, partnerPageNotChecked } from './partner-page.ts';
import {
  type Check,
  type CheckId,
  type Finding,
  type Findings,
  listChecks,
  notChecked,
  type Verdict,
  worse,
} from './report.ts';
import type { Target } from './target.ts';
import { openInFrame, type Walk } from './walk.ts';

export type Examination = {
  target: Target;
  /** Of the page around the frame. */
  page_origin: string;
  /** Its address, for its headers and markup to be examined too. */
  page?: URL | undefined;
  /** False where the page shows the link in an iframe of its own, without handoff-embed. */
  speaks: boolean;
};

export type Report = {
  url: string;
  kind: Target['kind'];
  origin: string;
  page: string | null;
  checked_at: string;
  /** No fault. */
  ok: boolean;
  counts: Record<'ok' | 'warning' | 'fault' | 'not_checked', number>;
  /** Null where it is not a link, or it cannot be told. */
  link_spent: boolean | null;
  /** Whether the session that was begun has been ended; null where none was. */
  session_ended: boolean | null;
  outcomes: { without_cookies: Outcome['kind'] | null; partitioned_cookies: Outcome['kind'] | null };
  checks: Check[];
};

type Doctor = { examination: Examination; send: Send; now: number };

/** What has been found, and what else the report says. */
type Found = Pick<Report, 'link_spent' | 'session_ended' | 'outcomes'> & {
  findings: Findings;
  framed: Answer | undefined;
};

const NOT_OPENED = {
  session_ended: null,
  outcomes: { without_cookies: null, partitioned_cookies: null },
  framed: undefined,
};

function merge(...all: Findings[]): Findings {
  const merged: Findings = {};
  for (const findings of all) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of Findings
    for (const [id, finding] of Object.entries(findings) as [CheckId, Finding][])
      merged[id] = worse(finding, merged[id]);
  }
  return merged;
}

/** The portal's page where a walk has come to one. */
function framedBy({ ending }: Walk): Answer | undefined {
  return ending.kind === 'page' && ending.answer.url.pathname !== LINK_PATH ? ending.answer : undefined;
}

function checkFramed(walk: Walk, of: PageOf, page_origin: string): Findings {
  const answer = framedBy(walk);
  if (walk.ending.kind === 'page' && answer === undefined) return checkOwnPage(walk.ending.answer, page_origin);
  // What a browser without a session is refused is said of that browser, under without-cookies.
  if (answer === undefined || (of === 'no-session' && answer.status !== 200)) return {};
  return checkFramedPage(answer, { of, page_origin });
}

/** Of the way to a page, what could be kept in a cache. */
function checkWay({ hops, ending }: Walk): Findings {
  const way = ending.kind === 'page' ? hops.slice(0, -1) : hops;
  const [first, ...others] = way.map(({ answer }) => checkCaching(answer));
  return first === undefined ? {} : { caching: others.reduce((worst, next) => worse(worst, next), first) };
}

function openAs(browser: Walk['browser'], { examination, send }: Doctor): Promise<Walk> {
  const { target, page_origin, speaks } = examination;
  const url = new URL(target.url);
  if (target.kind === 'link' && speaks) url.searchParams.set('embed', '1');
  return openInFrame(url, { browser, page_origin, send });
}

/** A browser that keeps cookies, with a link that the first one has not spent. */
async function openWithCookies(doctor: Doctor): Promise<Omit<Found, 'outcomes'> & { outcome: Outcome['kind'] }> {
  const { examination, send } = doctor;
  const { target, page_origin } = examination;
  const walk = await openAs('partitioned-cookies', doctor);
  const outcome = outcomeOf(walk);
  const findings = merge(
    checkConnection(walk, doctor.now),
    {
      redirects: checkRedirects(walk),
      'with-cookies': checkWithCookies(outcome),
      'probe-cookie': checkProbeCookie(walk),
    },
    { 'cookie-returns': checkCookieReturns(walk, outcome), 'session-cookie': checkSessionCookie(walk) },
    { session: await checkSession(walk, target.url, { send, page_origin }), referrer: checkReferrer([walk]) },
    checkWay(walk),
    checkFramed(walk, 'session', page_origin),
  );
  const session_ended = await endSession(walk, target.url, send);
  return {
    findings,
    framed: framedBy(walk),
    link_spent: outcome.kind === 'cookie',
    session_ended,
    outcome: outcome.kind,
  };
}

/** Spent by the first browser already where Handoff does not know about the frame; refused, it is not tried again. */
const UNTRIED: Record<Exclude<Outcome['kind'], 'bearer' | 'tab'>, string> = {
  cookie: 'The link was spent by the browser before.',
  asked: 'A button stands before every sign-on (REDEEM=confirm), and has not been pressed.',
  refused: 'The link was not taken.',
  unclear: 'The link was not taken.',
  astray: 'The link was not taken.',
};

async function examineLink(doctor: Doctor): Promise<Found> {
  const { target, page_origin, speaks } = doctor.examination;
  const itself = checkLinkItself(target.url);
  if (itself !== undefined) return { ...NOT_OPENED, findings: { link: itself }, link_spent: false };
  const walk = await openAs('without-cookies', doctor);
  const outcome = outcomeOf(walk);
  const findings = merge(
    checkConnection(walk, doctor.now),
    { redirects: checkRedirects(walk), link: checkLink(outcome), referrer: checkReferrer([walk]) },
    { 'fetch-metadata': checkFetchMetadata(walk, outcome), embedder: checkEmbedder(walk, outcome, page_origin) },
    { 'without-cookies': checkWithoutCookies(walk, outcome, speaks), 'probe-cookie': checkProbeCookie(walk) },
    checkWay(walk),
  );
  if (outcome.kind !== 'bearer' && outcome.kind !== 'tab') {
    const untried = { 'with-cookies': notChecked(UNTRIED[outcome.kind]), 'session-cookie': checkSessionCookie(walk) };
    return {
      findings: merge(findings, untried, checkFramed(walk, 'session', page_origin)),
      framed: framedBy(walk),
      link_spent: outcome.kind === 'unclear' || outcome.kind === 'astray' ? null : outcome.kind === 'cookie',
      session_ended: null,
      outcomes: { without_cookies: outcome.kind, partitioned_cookies: null },
    };
  }
  const { outcome: second, ...with_cookies } = await openWithCookies(doctor);
  return {
    ...with_cookies,
    findings: merge(findings, with_cookies.findings, checkFramed(walk, 'no-session', page_origin)),
    framed: with_cookies.framed ?? framedBy(walk),
    outcomes: { without_cookies: outcome.kind, partitioned_cookies: second },
  };
}

async function examinePage(doctor: Doctor): Promise<Found> {
  const { page_origin } = doctor.examination;
  const walk = await openAs('without-cookies', doctor);
  const no_link = notChecked('The address is that of a page, not a link.');
  const about_link: Findings = {
    link: no_link,
    'fetch-metadata': no_link,
    embedder: no_link,
    'without-cookies': no_link,
  };
  const about_cookies: Findings = { 'with-cookies': no_link, 'probe-cookie': no_link, 'cookie-returns': no_link };
  const findings = merge(
    checkConnection(walk, doctor.now),
    { redirects: checkRedirects(walk), referrer: checkReferrer([walk]), ...about_link, ...about_cookies },
    { 'session-cookie': no_link, session: no_link },
    checkFramed(walk, 'address', page_origin),
  );
  return { ...NOT_OPENED, findings, framed: framedBy(walk), link_spent: null };
}

async function examineTarget(doctor: Doctor): Promise<Found> {
  const { target } = doctor.examination;
  const secure = checkSecure(target.url);
  if (secure.verdict === 'fault') {
    return { ...NOT_OPENED, findings: { 'secure-address': secure }, link_spent: target.kind === 'link' ? false : null };
  }
  const found = await (target.kind === 'link' ? examineLink(doctor) : examinePage(doctor));
  return { ...found, findings: { ...found.findings, 'secure-address': secure } };
}

function countVerdicts(checks: readonly Check[]): Report['counts'] {
  const count = (verdict: Verdict) => checks.filter((check) => check.verdict === verdict).length;
  return { ok: count('ok'), warning: count('warning'), fault: count('fault'), not_checked: count('not-checked') };
}

/** Never rejects for what the portal or the page answers, or does not answer. */
export async function examineEmbed(
  examination: Examination,
  { limits, clock }: { limits: Limits; clock: Clock },
): Promise<Report> {
  const { target, page, page_origin } = examination;
  const send = createSend(limits);
  const { findings, framed, ...said } = await examineTarget({ examination, send, now: clock() });
  const around = { page_origin, frame: target.url, framed, send };
  const about_page =
    page === undefined ? partnerPageNotChecked('No address of it was given.') : await checkPartnerPage(page, around);
  const checks = listChecks({ ...findings, ...about_page });
  const counts = countVerdicts(checks);
  return {
    url: maskAddress(target.url),
    kind: target.kind,
    origin: page_origin,
    page: page === undefined ? null : maskAddress(page),
    checked_at: timestamp(clock()),
    ok: counts.fault === 0,
    counts,
    ...said,
    checks,
  };
}

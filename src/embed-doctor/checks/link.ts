// The link: whether Handoff takes it, for this page, and what becomes of it in a browser without cookies and in one with.

import { catalogueEntry, type ProblemSlug } from '../../foundation/problem-catalogue.ts';
import { LINK_PATH, type Outcome, secondArrival } from '../entry.ts';
import { maskAddress } from '../mask.ts';
import { fault, type Finding, type Mender, notChecked, ok, warning } from '../report.ts';
import type { Walk } from '../walk.ts';

/** What can be seen of a link without opening it; undefined where that is nothing. */
export function checkLinkItself({ searchParams }: URL): Finding | undefined {
  const [token, redirect] = [searchParams.getAll('token'), searchParams.getAll('redirect')];
  if (token.length !== 1 || redirect.length !== 1 || token[0] === '' || redirect[0] === '') {
    return fault({
      evidence: ['The link has not one token and one redirect. It has not been opened.'],
      by: 'partner',
      mend: 'Use the redirect_url exactly as POST /v1/sso returned it; in a terminal, in quotes.',
    });
  }
  if (/^\/embed(?![^/?#])/.test(redirect[0] ?? '')) return undefined;
  return fault({
    evidence: ['The link leads to a page for a tab of its own. It has not been opened.'],
    by: 'partner',
    mend: 'For a frame, ask POST /v1/sso for a redirect_path that begins with /embed/.',
  });
}

// Whatever is not in the list is about the link itself, which the partner asked for.
const MENDERS: Partial<Record<ProblemSlug, Mender>> = {
  'partner-suspended': 'operator',
  'organization-suspended': 'operator',
  'integration-disabled': 'operator',
  'user-suspended': 'operator',
  'user-not-found': 'operator',
  'token-unknown': 'operator',
  'internal-error': 'operator',
  'service-unavailable': 'operator',
};

function refusedFinding({ problem, request_id }: Extract<Outcome, { kind: 'refused' }>): Finding {
  const { status, title, cause, fix } = catalogueEntry(problem);
  const reference = request_id === undefined ? [] : [`Reference for support: ${request_id}`];
  return fault({
    evidence: [`Handoff answers ${status} ${problem}: ${title}.`, cause, ...reference],
    by: MENDERS[problem] ?? 'partner',
    mend: fix,
  });
}

function unclearFinding({ status, request_id }: Extract<Outcome, { kind: 'unclear' }>): Finding {
  if (status === undefined) return notChecked('There was no answer.');
  if (request_id !== undefined) {
    return fault({
      evidence: [`Handoff answers ${status}, and not as to a frame. Reference for support: ${request_id}`],
      by: 'portal-engineer',
      mend: 'See below: Handoff is not told that a frame opens the link.',
    });
  }
  return fault({
    evidence: [`${LINK_PATH} answers ${status}, and that is not an answer of Handoff’s.`],
    by: 'portal-engineer',
    mend: 'Send everything below /auth/ to Handoff, with its path and query as they are.',
  });
}

const ASTRAY = 'The frame was sent elsewhere: see the redirects.';

export function checkLink(outcome: Outcome): Finding {
  switch (outcome.kind) {
    case 'refused':
      return outcome.problem === 'embedding-refused'
        ? notChecked('The page’s origin was refused first.')
        : refusedFinding(outcome);
    case 'unclear':
      return unclearFinding(outcome);
    case 'astray':
      return notChecked(ASTRAY);
    case 'cookie':
    case 'bearer':
    case 'tab':
    case 'asked':
      return ok();
  }
}

const PASS_METADATA =
  'Something on the way takes the request headers Sec-Fetch-Dest, Sec-Fetch-Mode and Sec-Fetch-Site out. Let them through to Handoff: without them it cannot tell a frame from a tab, nor try out cookies.';

/** `walk`: of a browser that keeps no cookie, whom Handoff never signs in by one if it knows about the frame. */
export function checkFetchMetadata(walk: Walk, outcome: Outcome): Finding {
  const { kind } = outcome;
  if (kind === 'unclear' && outcome.request_id !== undefined) {
    return fault({ evidence: ['Handoff’s answer is one for a tab.'], by: 'portal-engineer', mend: PASS_METADATA });
  }
  if (kind === 'cookie') {
    const evidence = ['Handoff spent the link at once, without trying whether the browser keeps a cookie.'];
    return fault({ evidence, by: 'portal-engineer', mend: PASS_METADATA });
  }
  const seen = kind === 'refused' ? outcome.problem === 'embedding-refused' : kind !== 'unclear' && kind !== 'astray';
  return seen || secondArrival(walk) !== undefined ? ok() : notChecked('The link was refused before that matters.');
}

/** Whether the page's origin came through to Handoff, and is registered. */
export function checkEmbedder(walk: Walk, outcome: Outcome, page_origin: string): Finding {
  if (outcome.kind === 'unclear' || outcome.kind === 'astray') {
    return notChecked('There is no answer of Handoff’s to tell it from.');
  }
  if (outcome.kind !== 'refused') return ok(page_origin);
  if (outcome.problem !== 'embedding-refused') return notChecked('The link was refused before that.');
  if (walk.hops.at(-1)?.told_origin === false) return notChecked('The origin was lost on the way: see the next check.');
  if (outcome.markup.text.includes(page_origin)) {
    return fault({
      evidence: [`Handoff refuses the page: the origin ${page_origin} is not registered. The link has not been spent.`],
      by: 'partner',
      mend: `Register ${page_origin} with PATCH /v1/integration (embed_origins), or ask the operator to: handoff integration enable --embed-origin.`,
    });
  }
  return fault({
    evidence: [`The request said Referer: ${page_origin}/, and Handoff was told something else, or nothing.`],
    by: 'portal-engineer',
    mend: 'Let the request header Referer through to Handoff as it is, at least for /auth/sso and /auth/framing.',
  });
}

/** A redirect may forbid the browser to tell the next page who frames it. */
export function checkReferrer(walks: readonly Walk[]): Finding {
  const hops = walks.flatMap((walk) => walk.hops);
  const untold = walks.flatMap((walk) => {
    const index = walk.hops.findIndex((hop) => !hop.told_origin);
    return index < 1 ? [] : (walk.hops[index - 1] ?? []);
  })[0];
  if (untold !== undefined) {
    const policy = untold.answer.headers.get('referrer-policy') ?? '';
    return fault({
      evidence: [`${maskAddress(untold.answer.url)} leads on with Referrer-Policy: ${policy}`],
      by: 'portal-engineer',
      mend: 'Handoff sends “strict-origin” with it. Something on the way adds a policy of its own: leave the header of /auth/ as it is, so that the portal’s page learns who frames it.',
    });
  }
  return hops.length > walks.length ? ok() : notChecked('There was no redirect.');
}

const TAB =
  'Safari, and others where somebody has blocked third-party cookies, show a sentence instead of the portal. If the portal’s embedded pages are an app that uses handoff-portal/browser, set EMBED_WITHOUT_COOKIE=bearer; otherwise leave it so.';

function bearerFinding({ ending }: Walk): Finding {
  const status = ending.kind === 'page' ? ending.answer.status : undefined;
  if (status === 200) {
    return ok(
      'It is sent on with nothing spent, and the page signs in through the page around it (EMBED_WITHOUT_COOKIE=bearer).',
    );
  }
  return fault({
    evidence: [
      `It is sent on to sign in through the page around it, but the portal answers ${status ?? 'nothing'} before anybody is signed in.`,
    ],
    by: 'portal-engineer',
    mend: 'With EMBED_WITHOUT_COOKIE=bearer, serve the embedded pages’ document without data to anybody whom /auth/framing lets frame it, and let handoff-portal/browser sign in. Where the portal cannot do that, the operator sets EMBED_WITHOUT_COOKIE=tab.',
  });
}

/** What Safari shows, and any browser with third-party cookies blocked. `speaks`: the page uses handoff-embed. */
export function checkWithoutCookies(walk: Walk, outcome: Outcome, speaks: boolean): Finding {
  switch (outcome.kind) {
    case 'bearer':
      return bearerFinding(walk);
    case 'tab':
      return speaks
        ? warning({
            evidence: [
              'It is shown a sentence and a button that opens the portal in a new tab (EMBED_WITHOUT_COOKIE=tab).',
            ],
            by: 'operator',
            mend: TAB,
          })
        : warning({
            evidence: ['It is shown a sentence, and no button: the page around it does not use handoff-embed.'],
            by: 'partner',
            mend: 'Use handoff-embed: with it the portal signs in without cookies, or offers a new tab.',
          });
    case 'asked':
      return ok('A button stands before every sign-on (REDEEM=confirm).');
    case 'cookie':
      return notChecked('Handoff does not know that a frame opens the link.');
    case 'refused':
    case 'unclear':
    case 'astray':
      return notChecked('The link was not taken.');
  }
}

export function checkWithCookies(outcome: Outcome): Finding {
  switch (outcome.kind) {
    case 'cookie':
      return ok('It is signed in, by a partitioned cookie.');
    case 'bearer':
      return warning({
        evidence: ['It is sent on to sign in through the page around it, although it keeps cookies.'],
        by: 'portal-engineer',
        mend: 'See the cookies below.',
      });
    case 'tab':
      return fault({
        evidence: ['It is told that it keeps no cookie, although it does: nobody can be signed in in the frame.'],
        by: 'portal-engineer',
        mend: 'See the cookies below.',
      });
    case 'asked':
      return ok('A button stands before every sign-on (REDEEM=confirm); what comes after it has not been tried.');
    case 'refused':
      return refusedFinding(outcome);
    case 'unclear':
      return unclearFinding(outcome);
    case 'astray':
      return notChecked(ASTRAY);
  }
}

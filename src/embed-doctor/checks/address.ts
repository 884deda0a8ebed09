// The address: https, reachable, with a certificate that is accepted, and redirects that stay and end.

import { DAY_MILLISECONDS } from '../../foundation/clock.ts';
import { isLoopback } from '../address.ts';
import { LINK_PATH } from '../entry.ts';
import type { Failure, FailureReason } from '../exchange.ts';
import { maskAddress } from '../mask.ts';
import { fault, type Finding, type Findings, notChecked, ok, warning } from '../report.ts';
import type { Walk } from '../walk.ts';

export function checkSecure(url: URL): Finding {
  if (url.protocol === 'https:') return ok();
  if (isLoopback(url)) return ok('Without TLS, which browsers accept for this machine alone.');
  return fault({
    evidence: ['It is http. Nothing has been sent: whoever is on the way could read the link.'],
    by: 'operator',
    mend: 'Serve the portal by https, and set PORTAL_URL to that address. Browsers keep no Secure cookie otherwise, and an https page shows no http frame.',
  });
}

const UNREACHABLE: Record<Exclude<FailureReason, 'certificate'>, string> = {
  'unknown-host':
    'The host’s name is unknown to DNS here. Check its spelling, and that it is public where partners are.',
  refused: 'Nothing listens there. Check the port, and that the proxy runs.',
  timeout: 'Check that the proxy reaches Handoff and the portal, and that no firewall drops what comes from here.',
  'too-large': 'A page that is shown in a frame should be smaller.',
  broken: 'Check the proxy’s log for this request.',
  'not-allowed': 'Run “handoff embed check” on a machine of yours for other addresses.',
};

function reachableFinding({ reason, detail }: Failure, where: string): Finding {
  if (reason === 'certificate') return notChecked('The certificate is not accepted.');
  const evidence = [`${where}: ${detail}.`];
  if (reason === 'not-allowed') return notChecked(`${evidence[0]} ${UNREACHABLE[reason]}`);
  return fault({ evidence, by: 'operator', mend: UNREACHABLE[reason] });
}

const CERTIFICATE_FAULTS: [RegExp, string][] = [
  [/EXPIRED/, 'Renew the certificate.'],
  [/ALTNAME/, 'The certificate is for other names: add this host to it.'],
  [/UNABLE_TO_VERIFY_LEAF|GET_ISSUER/, 'Send the intermediate certificates along with the certificate.'],
  [/SELF_SIGNED/, 'Use a certificate of an authority that browsers know.'],
  [/EPROTO|WRONG_VERSION/, 'What listens there speaks no TLS: check the port.'],
];

function certificateFault(detail: string): Finding {
  const mend = CERTIFICATE_FAULTS.find(([pattern]) => pattern.test(detail))?.[1] ?? 'Check the certificate.';
  return fault({
    evidence: [`The connection was given up: ${detail}. Nothing has been sent.`],
    by: 'operator',
    mend: `${mend} If it is of an authority that your machines know, run this again with NODE_USE_SYSTEM_CA=1.`,
  });
}

const SOON_DAYS = 14;

function certificateFinding(walk: Walk, now: number): Finding {
  const [first] = walk.hops;
  const ends = first?.answer.certificate_ends;
  if (first?.answer.url.protocol === 'http:') return notChecked('There is no TLS.');
  if (ends === undefined || ends === null) return notChecked('There was no connection.');
  const evidence = [`It is good until ${ends.toISOString().slice(0, 10)}.`];
  if (ends.getTime() - now > SOON_DAYS * DAY_MILLISECONDS) return ok(...evidence);
  return warning({ evidence, by: 'operator', mend: 'Renew it, and see why that has not happened by itself.' });
}

/** From a walk that was tried in any case: whether the portal answers, and with which certificate. */
export function checkConnection(walk: Walk, now: number): Findings {
  const { ending, hops } = walk;
  if (ending.kind !== 'failed') return { reachable: ok(), certificate: certificateFinding(walk, now) };
  const { failure, url } = ending;
  const where = hops.length === 0 ? maskAddress(url) : `After ${hops.length} answers, ${maskAddress(url)}`;
  const certificate =
    failure.reason === 'certificate' ? certificateFault(failure.detail) : certificateFinding(walk, now);
  return { reachable: reachableFinding(failure, where), certificate };
}

const LOCATION =
  'Handoff leads on without naming a host, so that something on the way has written one into Location. nginx: “proxy_redirect off” and “proxy_set_header Host $host”; Apache: no ProxyPassReverse for /auth/.';
const OWN_SIGN_IN =
  'A page in a frame must not lead elsewhere to sign in: most sign-in pages refuse to be framed. Answer 401 with Handoff’s page instead, or serve the page without data where it signs in through the page around it.';

function leftFinding({ hops }: Walk, to: URL): Finding {
  const from = hops.at(-1)?.answer;
  const downgraded = from?.url.protocol === 'https:' && to.protocol === 'http:';
  const what = downgraded ? 'to http, which was not followed' : 'to another origin, which was not followed';
  return fault({
    evidence: [
      `${from === undefined ? '' : `${maskAddress(from.url)} answers ${from.status} and `}leads ${what}: ${maskAddress(to)}`,
    ],
    by: 'portal-engineer',
    mend: from?.url.pathname === LINK_PATH ? LOCATION : OWN_SIGN_IN,
  });
}

function loopFinding({ hops }: Walk): Finding {
  const last = hops.at(-1)?.answer.url;
  return fault({
    evidence: [
      `After ${hops.length} answers it still leads on${last === undefined ? '' : `, the last time from ${maskAddress(last)}`}.`,
    ],
    by: 'portal-engineer',
    mend: `The page sends the frame round in circles, as a page does that finds nobody signed in and leads to a sign-in that does. ${OWN_SIGN_IN}`,
  });
}

export function checkRedirects(walk: Walk): Finding {
  const { ending, hops } = walk;
  switch (ending.kind) {
    case 'left':
      return leftFinding(walk, ending.to);
    case 'loop':
      return loopFinding(walk);
    case 'no-address':
      return fault({
        evidence: ['A redirect’s Location is no address.'],
        by: 'portal-engineer',
        mend: LOCATION,
      });
    case 'failed':
      return hops.length === 0 ? notChecked('The portal does not answer.') : ok();
    case 'page':
      return hops.length === 1 ? ok('There was none.') : ok();
  }
}

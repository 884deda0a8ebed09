// Embed Doctor's report: what is checked, in which order, and what is said of each. How it is found out is in checks/; it holds no
// token, no cookie's value, no query and no path below its first part (mask.ts).

export type Verdict =
  | 'ok'
  // It works, and should be otherwise.
  | 'warning'
  // The embed does not work, or not for everybody.
  | 'fault'
  | 'not-checked';

/** Who can mend it: whoever makes the page around the frame, the portal and its proxy, or runs Handoff. */
export type Mender = 'partner' | 'portal-engineer' | 'operator';

export type Finding = {
  verdict: Verdict;
  /** What was seen, or why nothing was; sentences for a person. */
  evidence: string[];
  mended_by: Mender | null;
  /** What that person does; null where there is nothing to do. */
  mend: string | null;
};

export const SUBJECTS = {
  address: 'The address',
  link: 'The link',
  cookies: 'The cookies',
  frame: 'The page in the frame',
  page: 'The page around the frame',
} as const;

export type Subject = keyof typeof SUBJECTS;

/** In the order of the report. A title names a thing; what is wrong with it is in the finding. */
export const CHECKS = {
  'secure-address': { about: 'address', title: 'Secure address' },
  reachable: { about: 'address', title: 'Reachable' },
  certificate: { about: 'address', title: 'Certificate' },
  redirects: { about: 'address', title: 'Redirects' },
  link: { about: 'link', title: 'The link itself' },
  'fetch-metadata': { about: 'link', title: 'Sec-Fetch-… request headers' },
  embedder: { about: 'link', title: 'Registered embed origin' },
  referrer: { about: 'link', title: 'Referrer-Policy on the way' },
  'without-cookies': { about: 'link', title: 'Browser that keeps no cookie in the frame' },
  'with-cookies': { about: 'link', title: 'Browser that keeps partitioned cookies' },
  'probe-cookie': { about: 'cookies', title: 'Cookie that tries the browser out' },
  'cookie-returns': { about: 'cookies', title: 'Cookies on their way back' },
  'session-cookie': { about: 'cookies', title: 'Session cookie' },
  session: { about: 'cookies', title: 'Session at Handoff' },
  'page-status': { about: 'frame', title: 'Answer of the portal' },
  'frame-ancestors': { about: 'frame', title: 'frame-ancestors' },
  'x-frame-options': { about: 'frame', title: 'X-Frame-Options' },
  isolation: { about: 'frame', title: 'Sandbox and isolation' },
  permissions: { about: 'frame', title: 'Clipboard and passkeys' },
  caching: { about: 'frame', title: 'Caching' },
  'mixed-content': { about: 'frame', title: 'Mixed content' },
  'partner-page': { about: 'page', title: 'The page itself' },
  'partner-origin': { about: 'page', title: 'Origin of the page' },
  'partner-frames': { about: 'page', title: 'frame-src of the page' },
  'partner-scripts': { about: 'page', title: 'script-src of the page' },
  'partner-referrer': { about: 'page', title: 'Referrer-Policy of the page' },
  'partner-permissions': { about: 'page', title: 'Permissions-Policy of the page' },
  'partner-isolation': { about: 'page', title: 'Cross-Origin-Embedder-Policy of the page' },
  'partner-iframe': { about: 'page', title: 'Iframe in the page' },
} as const satisfies Record<string, { about: Subject; title: string }>;

export type CheckId = keyof typeof CHECKS;

export type Findings = Partial<Record<CheckId, Finding>>;

export type Check = { id: CheckId; about: Subject; title: string } & Finding;

export function ok(...evidence: string[]): Finding {
  return { verdict: 'ok', evidence, mended_by: null, mend: null };
}

export function notChecked(why: string): Finding {
  return { verdict: 'not-checked', evidence: [why], mended_by: null, mend: null };
}

type Trouble = { evidence: string[]; by: Mender; mend: string };

export function fault({ evidence, by, mend }: Trouble): Finding {
  return { verdict: 'fault', evidence, mended_by: by, mend };
}

export function warning({ evidence, by, mend }: Trouble): Finding {
  return { verdict: 'warning', evidence, mended_by: by, mend };
}

const SEVERITY: readonly Verdict[] = ['not-checked', 'ok', 'warning', 'fault'];

/** The worse of two findings about the same thing; of two alike the first. */
export function worse(one: Finding, other: Finding | undefined): Finding {
  if (other === undefined) return one;
  return SEVERITY.indexOf(other.verdict) > SEVERITY.indexOf(one.verdict) ? other : one;
}

/** Every check once, in order; those that nobody came to say so. */
export function listChecks(findings: Findings): Check[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of CHECKS are what CheckId is made of
  const entries = Object.entries(CHECKS) as [CheckId, (typeof CHECKS)[CheckId]][];
  return entries.map(([id, { about, title }]) => ({
    id,
    about,
    title,
    ...(findings[id] ?? notChecked('Nothing was seen that it could be told from.')),
  }));
}

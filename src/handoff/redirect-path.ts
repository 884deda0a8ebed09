// Where a hand-over may land: judges the redirect_path a partner asks for, a pure function of the value and the rules.
// Not here: carrying the path in a token and following it, which minting and redeeming do.
//
// Many parsers read the same bytes on their way: ours, a proxy, the browser that follows the Location header, the
// portal's router. A path is accepted only if all of them must read it alike; nothing is ever repaired, because a
// repaired path is one the partner did not ask for. Query and fragment choose neither server nor page, so as long as
// they are safe in a header they are the partner's own and survive byte for byte.

import { isUnderPrefix } from '../partners/path-prefixes.ts';
import {
  isPlainPath,
  type PathReadings,
  pathPart,
  readPath,
  readPlainPath,
  routedAddress,
  routedSegments,
} from './path-readings.ts';

/** portal_origin as URL.origin gives it (no trailing slash); prefixes as partners write them; own_paths not escaped. */
export type RedirectPathRules = {
  portal_origin: string;
  allowed_prefixes: readonly string[];
  own_paths: readonly string[];
};

export type RedirectPathFault =
  | 'missing'
  | 'wrong_type'
  | 'empty'
  | 'too_long'
  | 'not_absolute'
  | 'network_path'
  | 'backslash'
  | 'control_character'
  | 'space'
  | 'non_ascii'
  | 'invalid_percent_escape'
  | 'invalid_utf8_escape'
  | 'encoded_separator'
  | 'encoded_control_character'
  | 'dot_segment'
  | 'nested_percent_encoding'
  | 'leaves_portal'
  | 'changed_by_url_parser'
  | 'not_allowed_prefix'
  | 'own_path';

export type RedirectPathVerdict =
  | { ok: true; redirect_path: string }
  | { ok: false; code: RedirectPathFault; message: string };

type Check<Subject> = {
  code: RedirectPathFault;
  // A message may see the rules but never the value: a path can hold a patient's id, and messages reach logs.
  message: string | ((rules: RedirectPathRules) => string);
  refuses: (subject: Subject, rules: RedirectPathRules) => boolean;
};

const MAX_CHARACTERS = 2_048;

/** Never throws; the verdict's redirect_path is the very string that came in. */
export function judgeRedirectPath(value: unknown, rules: RedirectPathRules): RedirectPathVerdict {
  if (value === undefined) return { ok: false, code: 'missing', message: 'redirect_path is required' };
  if (typeof value !== 'string') {
    return { ok: false, code: 'wrong_type', message: 'redirect_path must be a JSON string such as "/dashboard"' };
  }
  const failed = findFailedCheck(value, rules);
  if (failed === undefined) return { ok: true, redirect_path: value };
  const message = typeof failed.message === 'string' ? failed.message : failed.message(rules);
  return { ok: false, code: failed.code, message };
}

/** Whether a judged redirect_path opens a page made for an iframe. */
export function isEmbedPath(redirect_path: string): boolean {
  return isUnderPrefix(pathPart(redirect_path), '/embed');
}

// On the whole string, query and fragment included. Length comes first, so that it bounds all work that follows.
const textChecks: readonly Check<string>[] = [
  {
    code: 'empty',
    message: 'redirect_path must not be empty; send a path such as "/dashboard"',
    refuses: (text) => text === '',
  },
  {
    code: 'too_long',
    message: 'redirect_path must be at most 2,048 characters; shorten its query or send an id the page can look up',
    refuses: (text) => text.length > MAX_CHARACTERS,
  },
  {
    code: 'not_absolute',
    message: 'redirect_path must begin with "/"; leave out the scheme and host and send only the path',
    refuses: (text) => !text.startsWith('/'),
  },
  {
    // `//host` is a network-path reference to another host (RFC 3986, 4.2), and for an https base the WHATWG URL
    // parser takes `\` for `/`.
    code: 'network_path',
    message: 'redirect_path must begin with exactly one "/"; remove the second slash or backslash',
    refuses: (text) => /^\/[/\\]/.test(text),
  },
  {
    // Refused in query and fragment too: a page that takes a return address from there takes `\` for `/` as well.
    code: 'backslash',
    message: 'redirect_path must not contain a backslash; use "/" between segments and %5C in a query',
    refuses: (text) => text.includes('\\'),
  },
  {
    // CR and LF would end the Location header; the URL parser drops tab, CR and LF, so `/<tab>/host` becomes `//host`.
    code: 'control_character',
    message: 'redirect_path must not contain control characters; remove tabs, line breaks and the like',
    refuses: (text) => /\p{Cc}/u.test(text), // C0, DEL and C1
  },
  {
    code: 'space',
    message: 'redirect_path must not contain a raw space; write it as %20',
    refuses: (text) => text.includes(' '),
  },
  {
    // A header value is ASCII in practice (RFC 9110, 5.5), so other characters would arrive as something else.
    code: 'non_ascii',
    message: 'redirect_path must be ASCII; percent-encode other characters as UTF-8',
    refuses: (text) => /\P{ASCII}/u.test(text),
  },
  {
    // RFC 3986, 2.1. Parsers disagree about a stray `%`: some keep it, some refuse, some read `%u002e` as a dot.
    code: 'invalid_percent_escape',
    message: 'redirect_path must have two hexadecimal digits after every "%"; write a literal percent sign as %25',
    refuses: (text) => /%(?![0-9a-f]{2})/i.test(text),
  },
];

// On the path part in all its readings: RFC 3986, 2.4 forbids decoding twice, yet chains of proxy and framework do it.
const pathChecks: readonly Check<PathReadings>[] = [
  {
    // A lax decoder reads the overlong %c0%ae as a dot (RFC 3629, 10).
    code: 'invalid_utf8_escape',
    message: 'redirect_path must percent-encode valid UTF-8 in its path; encode each segment with encodeURIComponent',
    refuses: ({ decoding }) => decoding === 'not_utf8',
  },
  {
    // Some servers decode before they split into segments and some after (RFC 3986, 7.3): they would open two pages.
    code: 'encoded_separator',
    message: 'redirect_path must not contain an encoded slash or backslash in its path; move that text to the query',
    refuses: ({ path, readings }) => readings.some((reading) => reading.split(/[/\\]/).length > path.split('/').length),
  },
  {
    code: 'encoded_control_character',
    message: 'redirect_path must not contain encoded control characters in its path; remove escapes such as %00 or %0A',
    refuses: ({ readings }) => readings.some((reading) => /\p{Cc}/u.test(reading)),
  },
  {
    // Dot segments climb out of an allowed prefix (RFC 3986, 5.2.4); the URL parser counts `%2e` as a dot too.
    code: 'dot_segment',
    message: 'redirect_path must not contain "." or ".." segments; send the path they lead to',
    refuses: ({ readings }) =>
      readings.some((reading) => routedSegments(reading).some((segment) => segment === '.' || segment === '..')),
  },
  {
    // What is still changing may hide any of the above one level further down.
    code: 'nested_percent_encoding',
    message: 'redirect_path must be percent-encoded once only; undo the repeated encoding of its path',
    refuses: ({ decoding }) => decoding === 'unfinished',
  },
  {
    // The browser's own rules have the last word on where it goes. An origin carries no credentials, and neither can a
    // path beginning with one slash, so equality also says that there are none.
    code: 'leaves_portal',
    message: 'redirect_path must stay on the portal; send only a path of the portal, without scheme or host',
    refuses: ({ origin }, rules) => origin !== rules.portal_origin,
  },
  {
    // The token would promise one spelling and the browser ask for another.
    code: 'changed_by_url_parser',
    message: 'redirect_path must not contain characters a browser rewrites in a path; percent-encode " < > ^ ` { }',
    refuses: ({ parsed, path }) => parsed !== path,
  },
  {
    code: 'not_allowed_prefix',
    message: ({ allowed_prefixes }) => `redirect_path must be or lie under one of: ${allowed_prefixes.join(', ')}`,
    refuses: ({ path }, rules) => !rules.allowed_prefixes.some((prefix) => isUnderPrefix(path, prefix)),
  },
  {
    // A signed-in clinician sent to our own endpoints would loop, sign out or confirm what the partner chose. How
    // loosely a router or proxy in front matches paths is unknown, so the loosest reading counts.
    code: 'own_path',
    message: 'redirect_path must open a page of the portal; the sign-on service keeps this path for itself',
    refuses: ({ routed }, rules) =>
      rules.own_paths.some((own) => routed.some((address) => isUnderPrefix(address, routedAddress(own)))),
  },
];

// Of a plain path every server makes the same, so that only the rules can refuse it.
const RULE_FAULTS = new Set<RedirectPathFault>(['leaves_portal', 'not_allowed_prefix', 'own_path']);
const ruleChecks = pathChecks.filter(({ code }) => RULE_FAULTS.has(code));

function findFailedCheck(text: string, rules: RedirectPathRules): Check<string> | Check<PathReadings> | undefined {
  const refusing = <Subject>(checks: readonly Check<Subject>[], subject: Subject) =>
    checks.find((check) => check.refuses(subject, rules));
  if (text.length <= MAX_CHARACTERS && isPlainPath(text))
    return refusing(ruleChecks, readPlainPath(text, rules.portal_origin));
  // The path is read once for all checks, and only when the text is known to be short.
  return refusing(textChecks, text) ?? refusing(pathChecks, readPath(text, rules.portal_origin));
}

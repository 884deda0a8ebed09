// What may be shown of the requests and answers between this practice and Handoff. Whatever is not known to be harmless is hidden,
// so that something new is hidden until somebody has looked at it.

const HIDDEN = '••••••••';

const SHOWN_HEADERS = new Set([
  'accept',
  'content-type',
  'user-agent',
  'x-partner-id',
  'x-organization-id',
  'x-request-id',
  'cache-control',
  'retry-after',
  'www-authenticate',
]);
const PERSONAL_MEMBERS =
  /^(email|full_name|given_name|family_name|phone|title|date_of_birth|partner_user_id|user_agent|hpii_number|.*_number)$/;

/** A second look at everything that is shown: nothing of this form belongs there, wherever it came from. */
const NEVER_SHOWN = [
  /eyJ[\w-]+(?:\.[\w-]*){0,2}/g, // a signed token
  /\b(?:hps|hos|ses|atk)_[\w.-]{8,}/g, // a secret, or a session
  /\b\d{4}(?:-\d{4}){3}\b/g, // a patient's record
  /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, // an e-mail address
];

export function maskText(text: string): string {
  return NEVER_SHOWN.reduce((shown, pattern) => shown.replaceAll(pattern, HIDDEN), text);
}

/** `usr_01a2…64` becomes `usr_••••••••9a64`: enough to see whether two are the same. */
function maskId(id: string): string {
  const [prefix = ''] = /^[a-z]{3}_/.exec(id) ?? [];
  return `${prefix}${HIDDEN}${id.length > 16 ? id.slice(-4) : ''}`;
}

/** A word, the version of the API, or the id of a request. */
const SHOWN_SEGMENT = /^(?:[a-z][a-z.-]*\d?|req_[0-9a-f]{32})$/;

function shownName(name: string): string {
  return /^[a-zA-Z_]{1,24}$/.test(name) ? name : HIDDEN;
}

/** Keeps the words of a path and hides ids, and whatever a query says: `/dashboard/patients/••••••••?tab=••••••••`. */
export function maskPath(path: string): string {
  const [before = '', query] = path.split('?', 2);
  const segments = before.split('/');
  const shown = segments.map((segment, index) =>
    segments[index - 1] !== 'patients' && SHOWN_SEGMENT.test(segment) ? segment : segment && HIDDEN,
  );
  if (query === undefined) return shown.join('/');
  const names = [...new URLSearchParams(query).keys()].map((name) => `${shownName(name)}=${HIDDEN}`);
  return `${shown.join('/')}?${names.join('&')}`;
}

function maskLink(link: string): string {
  if (!URL.canParse(link)) return HIDDEN;
  const { origin, pathname, search } = new URL(link);
  return `${origin}${maskPath(pathname + search)}`;
}

function maskMember(name: string, value: string): string {
  if (/secret|token$/i.test(name)) return HIDDEN;
  if (name === 'user_id' || name === 'session_id') return maskId(value);
  if (name === 'redirect_path' || (name === 'received' && value.startsWith('/'))) return maskPath(value);
  if (name === 'redirect_url') return maskLink(value);
  if (PERSONAL_MEMBERS.test(name)) return HIDDEN;
  return maskText(value);
}

/** A JSON value with what must not be shown replaced; `name` is that of the member it is. */
export function maskJson(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return maskMember(name, value);
  if (Array.isArray(value)) return value.map((item) => maskJson(item, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([member, inner]) => [member, maskJson(inner, member)]));
}

/** What was sent, each header by its name. */
export function maskSent(headers: Headers): [name: string, value: string][] {
  return [...headers].map(([name, value]): [string, string] => {
    if (name === 'x-user-id') return [name, maskId(value)];
    return [name, SHOWN_HEADERS.has(name) ? maskText(value) : HIDDEN];
  });
}

/** Of what came, the few headers that say something about the request. */
export function maskReceived(headers: Headers): [name: string, value: string][] {
  return [...headers].flatMap(([name, value]) => (SHOWN_HEADERS.has(name) ? [[name, maskText(value)]] : []));
}

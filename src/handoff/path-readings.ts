// What the servers on a path's way may make of it: each decoding of it, the address it is routed to, and where a browser goes.
// Not here: which of that is refused, and the rules of a portal.

export type PathReadings = {
  path: string; // as written, up to the first `?` or `#`
  readings: readonly string[]; // what a server may make of it after no, one, two… percent-decodings…
  routed: readonly string[]; // …and the address each of them is in the loosest sense
  decoding: 'finished' | 'not_utf8' | 'unfinished';
  origin: string | undefined; // where a browser on the portal would go…
  parsed: string | undefined; // …and to which path there
};

const MAX_DECODINGS = 4; // servers in a row that decode twice exist; deeper nesting is no accident, and costs work

// Letters, digits, "-", "_" and single slashes: most paths.
const PLAIN = /^(?:\/[\w-]+)+$/;

/** Whether no server decodes it or reads it otherwise, and the URL parser leaves it as it is. */
export function isPlainPath(text: string): boolean {
  return PLAIN.test(text);
}

/** The readings of a plain path, which are one. */
export function readPlainPath(path: string, portal_origin: string): PathReadings {
  const origin = originOf(portal_origin);
  return { path, readings: [path], routed: [path.toLowerCase()], decoding: 'finished', origin, parsed: path };
}

/** Never throws; the work grows with the length of the text, which the caller bounds. */
export function readPath(text: string, portal_origin: string): PathReadings {
  const path = pathPart(text);
  if (isPlainPath(path)) return readPlainPath(path, portal_origin);
  const { readings, decoding } = decodings(path);
  const resolved = URL.parse(text, portal_origin);
  const routed = readings.map(asRouted);
  return { path, readings, routed, decoding, origin: resolved?.origin, parsed: resolved?.pathname };
}

function decodings(path: string): Pick<PathReadings, 'readings' | 'decoding'> {
  const readings = [path];
  let current = path;
  for (let count = 0; count < MAX_DECODINGS; count += 1) {
    const decoded = percentDecoded(current);
    if (decoded === undefined) return { readings, decoding: 'not_utf8' };
    if (decoded === current) return { readings, decoding: 'finished' };
    // NFKC because some platforms fold full-width `．` and `／` to ASCII. Only the reading is folded, not what is
    // decoded next: folding can join an escape's last digit to a combining mark and so hide the escape.
    readings.push(decoded.normalize('NFKC'));
    current = decoded;
  }
  return { readings, decoding: 'unfinished' };
}

/** One decoding, or undefined if the bytes are not UTF-8. */
function percentDecoded(text: string): string | undefined {
  try {
    // From the second decoding on a stray `%` is possible (`100%25` became `100%`) and stands for itself.
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return undefined;
  }
}

/**
 * Segments as the most lenient server routes them: some drop `;parameters` (RFC 3986, 3.3 leaves their meaning to the
 * server), some decode before they look for `?` and `#`, and Windows file names lose spaces at their end.
 */
export function routedSegments(reading: string): readonly string[] {
  return reading.split('/').map((segment) => upTo(segment, /[;?#]/).trim());
}

function asRouted(reading: string): string {
  const segments = routedSegments(reading).filter((segment) => segment !== '');
  return `/${segments.join('/')}`.toLowerCase();
}

/** Of the rules, which are few and stay the same, so that each is worked out once. */
function remembered<T>(workOut: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text) ?? workOut(text);
    if (known.size < MOST_RULES) known.set(text, found);
    return found;
  };
}

const MOST_RULES = 100;

/** The address of a path that a rule names, in the loosest sense. */
export const routedAddress = remembered(asRouted);

const originOf = remembered((text) => URL.parse('/', text)?.origin);

/** Up to the first `?` or `#`. */
export function pathPart(text: string): string {
  return upTo(text, /[?#]/);
}

function upTo(text: string, stop: RegExp): string {
  const end = text.search(stop);
  return end === -1 ? text : text.slice(0, end);
}

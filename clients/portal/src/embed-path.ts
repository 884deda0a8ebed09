// Which paths an embedded session may open: those that lie under /embed in every reading that a server could have of them. The
// rule is Handoff's own (its redirect paths and GET /auth/verify are held to it); in doubt a path is refused.

/** Servers in a row that decode twice exist; deeper nesting is no accident. */
const MAX_DECODINGS = 4;
const MAX_CHARACTERS = 2_048;

/** One decoding; undefined if the bytes are not UTF-8. A stray `%`, as a first decoding leaves it, stands for itself. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return undefined;
  }
}

/** The path after no, one, two… decodings; undefined when it is no UTF-8 or does not come to an end. */
function readingsOf(path: string): string[] | undefined {
  const readings = [path];
  let current = path;
  for (let count = 0; count < MAX_DECODINGS; count += 1) {
    const next = decoded(current);
    if (next === undefined) return undefined;
    if (next === current) return readings;
    // Some platforms fold full-width `．` and `／` to ASCII.
    readings.push(next.normalize('NFKC'));
    current = next;
  }
  return undefined;
}

/** Some servers drop `;parameters`, some decode before they look for `?` and `#`, and Windows loses spaces at a name's end. */
function isDotSegment(segment: string): boolean {
  const name = segment.replace(/[;?#].*$/s, '').trim();
  return name === '.' || name === '..';
}

function isPlainReading(reading: string, segments: number): boolean {
  const parts = reading.split(/[/\\]/);
  return parts.length === segments && !/\p{Cc}/u.test(reading) && !parts.some(isDotSegment);
}

/** Printable ASCII without what browsers rewrite or servers read in two ways, each `%` an escape, no empty segment inside. */
const PLAIN = /^\/(?!\/)(?:[!$&-;=@-[\]_a-z|~]|%[0-9a-f]{2})*$/i;

/** `path` without query and fragment. */
export function isEmbedPath(path: string): boolean {
  if (path.length > MAX_CHARACTERS || !PLAIN.test(path) || path.includes('//')) return false;
  if (path !== '/embed' && !path.startsWith('/embed/')) return false;
  const segments = path.split('/').length;
  return readingsOf(path)?.every((reading) => isPlainReading(reading, segments)) ?? false;
}

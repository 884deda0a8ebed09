// Whether an answer could be kept in a cache, and be given to somebody else.

import type { Answer } from '../exchange.ts';
import { maskAddress, plain } from '../mask.ts';
import { fault, type Finding, ok, warning } from '../report.ts';

const NO_STORE = 'Send “Cache-Control: no-store” with every page of the portal, and let no proxy or CDN replace it.';

function directivesOf(header: string): Map<string, string> {
  return new Map(
    header
      .toLowerCase()
      .split(',')
      .map((part): [string, string] => {
        const [name = '', value = ''] = part.split('=');
        return [name.trim(), value.trim()];
      }),
  );
}

/** RFC 9111, 3: a shared cache may keep it. */
function isShared(directives: Map<string, string>): boolean {
  if (directives.has('private') || directives.has('no-cache')) return false;
  const ages = ['max-age', 's-maxage'].map((name) => Number(directives.get(name) ?? 0));
  return directives.has('public') || ages.some((age) => age > 0);
}

/** RFC 9111, 5.1: only a cache says how old its copy is. */
function cameFromCache({ headers }: Answer): boolean {
  return Number(headers.get('age') ?? 0) > 0 || /\bhit\b/i.test(headers.get('x-cache') ?? '');
}

export function checkCaching(answer: Answer): Finding {
  const { url, headers } = answer;
  const header = headers.get('cache-control') ?? '';
  const directives = directivesOf(header);
  if (cameFromCache(answer)) {
    return fault({
      evidence: [`${maskAddress(url)} came out of a cache: it may have been made for somebody else.`],
      by: 'portal-engineer',
      mend: NO_STORE,
    });
  }
  if (directives.has('no-store')) return ok();
  const evidence = `${maskAddress(url)}: ${header === '' ? 'no Cache-Control' : `Cache-Control: ${plain(header)}`}`;
  if (!isShared(directives)) return warning({ evidence: [evidence], by: 'portal-engineer', mend: NO_STORE });
  const vary = headers.get('vary');
  return fault({
    evidence: [evidence, `Caches may give it to anybody${vary === null ? '' : `, by ${plain(vary)} alone`}.`],
    by: 'portal-engineer',
    mend: NO_STORE,
  });
}

// A request as this package reads it: the fetch API's, Node's, or a framework's. Headers and the path, never the body.

/** Anything with headers as Headers or as Node keeps them, and the address that was asked for. */
export type PortalRequest =
  | Request
  | {
      headers: Headers | Readonly<Record<string, string | string[] | undefined>>;
      method?: string | undefined;
      /** Absolute, or a path with its query as it stood in the request line. */
      url?: string | undefined;
      /** In place of `url`. */
      path?: string | undefined;
    };

export type ReadRequest = {
  /** In capitals; GET where nothing is said. */
  method: string;
  /** Without query and fragment, as it came; '' where it cannot be told. */
  path: string;
  header: (name: string) => string | undefined;
};

/** By what it can do: a framework may have a class of its own. */
function areHeaders(headers: PortalRequest['headers']): headers is Headers {
  return typeof headers.get === 'function';
}

function headerReader(headers: PortalRequest['headers']): ReadRequest['header'] {
  if (areHeaders(headers)) return (name) => headers.get(name) ?? undefined;
  // Node has every name in lower case; others may not.
  const given = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return (name) => {
    const value = given.get(name);
    // As fetch joins them: what may be there once only is then not what anybody meant.
    return Array.isArray(value) ? value.join(', ') : value;
  };
}

/** A path stays byte for byte, for a parsed one would have its dot segments folded; an absolute address has none to keep. */
function pathOf(url: string): string {
  if (url.startsWith('/')) return url.replace(/[?#].*$/s, '');
  try {
    return new URL(url).pathname;
  } catch {
    return '';
  }
}

export function readRequest(request: PortalRequest): ReadRequest {
  const address = 'path' in request ? (request.path ?? request.url) : request.url;
  return {
    method: (request.method ?? 'GET').toUpperCase(),
    path: pathOf(address ?? ''),
    header: headerReader(request.headers),
  };
}

/** True where a person looks at the answer: a tab or frame is opened, or an old browser asks for HTML. */
export function isNavigation({ header, method }: ReadRequest): boolean {
  const mode = header('sec-fetch-mode');
  if (mode !== undefined) return mode === 'navigate';
  return (method === 'GET' || method === 'HEAD') && (header('accept') ?? '').includes('text/html');
}

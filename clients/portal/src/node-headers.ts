// Headers of Node's answers at the last moment: what a route sets after the middleware, and what it hands to writeHead, is there
// then. Node's types are not needed for it, nor any framework's.

/** As much of node:http's ServerResponse as is used. */
export type NodeResponse = {
  statusCode: number;
  getHeader(name: string): number | string | string[] | undefined;
  setHeader(name: string, value: string | string[]): unknown;
  end(body: string): unknown;
  writeHead: (...args: never[]) => unknown;
};

export type NodeRequest = {
  method?: string | undefined;
  headers: Record<string, string | string[] | undefined>;
  url?: string | undefined;
};

type Pairs = [string, string | string[]][];

function textOf(value: unknown): string | string[] {
  return Array.isArray(value) ? value.map(String) : String(value);
}

/** writeHead takes an object, pairs, or names and values in turn; a name that is there twice has all its values. */
function pairsOf(headers: unknown): Pairs {
  if (typeof headers !== 'object' || headers === null) return [];
  if (!Array.isArray(headers)) {
    return Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, textOf(value)]]));
  }
  const list: unknown[] = headers;
  const flat: unknown[] = list.every(Array.isArray) ? list.flat() : list;
  const pairs = new Map<string, string[]>();
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = String(flat[index]).toLowerCase();
    pairs.set(name, [...(pairs.get(name) ?? []), ...[textOf(flat[index + 1])].flat()]);
  }
  return [...pairs].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]);
}

export function headerOf(response: NodeResponse, name: string): string | undefined {
  const value = response.getHeader(name);
  return value === undefined ? undefined : [value].flat().join(', ');
}

/** Calls `act` once, just before the headers go out. */
export function beforeHeaders(response: NodeResponse, act: () => void): void {
  const { writeHead } = response;
  response.writeHead = (...args: unknown[]) => {
    response.writeHead = writeHead;
    const [status, ...rest] = args;
    const [message, headers] = typeof rest[0] === 'string' ? [[rest[0]], rest[1]] : [[], rest.at(-1)];
    for (const [name, value] of pairsOf(headers)) response.setHeader(name, value);
    act();
    return Reflect.apply(writeHead, response, [status, ...message]);
  };
}

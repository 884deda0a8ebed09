// openapi.yaml as the tests read it: its operations and what each may answer, every `$ref` followed. Whether an answer is one
// of those is for contract.ts.

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Config } from '../../src/config.ts';

export const DOCUMENT = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')) as object;

/** A place in the document: `pointer` (RFC 6901) says where its value really stands. */
export type Place = { pointer: string; value: object };

function follow(pointer: string): Place {
  let value: unknown = DOCUMENT;
  for (const key of pointer.split('/').slice(1)) {
    value = (value as Record<string, unknown> | undefined)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  if (typeof value !== 'object' || value === null) throw new Error(`openapi.yaml has nothing at ${pointer}`);
  if ('$ref' in value && typeof value.$ref === 'string') return follow(value.$ref.slice(1));
  return { pointer, value };
}

/** A place below another. @throws Error when there is nothing */
export function below({ pointer }: Place, ...keys: string[]): Place {
  return follow([pointer, ...keys.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1'))].join('/'));
}

/** The members of an object below a place; none when there is no such object. */
export function membersOf(place: Place, key: string): [string, Place][] {
  const member = (place.value as Record<string, object | undefined>)[key];
  return member === undefined ? [] : Object.keys(member).map((name) => [name, below(place, key, name)]);
}

export const ROOT: Place = { pointer: '', value: DOCUMENT };

/** Every object in the document with a place to it; `examples` are left out, which hold no schemas. */
export function objectsBelow(place: Place): Place[] {
  return Object.entries(place.value).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value !== 'object' || value === null || key === 'example' || key === 'examples') return [];
    const inner = { pointer: `${place.pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, value };
    return [inner, ...objectsBelow(inner)];
  });
}

export type DocumentedAnswer = {
  description: string;
  /** By name in lower case. */
  headers: Map<string, { required: boolean; schema: Place }>;
  /** Schemas by media type; none where there is no body. */
  content: Map<string, Place>;
};

/** Where the paths of a server begin: below the API's base path, or at the root. */
type Mount = 'api' | 'portal';

export type Operation = {
  id: string;
  /** In upper case. */
  method: string;
  /** The template, as `/errors/{slug}`. */
  path: string;
  mounts: Mount[];
  answers: Map<number, DocumentedAnswer>;
  place: Place;
};

function readAnswer(response: Place): DocumentedAnswer {
  const headers = membersOf(response, 'headers').map(
    ([name, header]) =>
      [
        name.toLowerCase(),
        { required: 'required' in header.value && header.value.required === true, schema: below(header, 'schema') },
      ] as const,
  );
  const content = membersOf(response, 'content').map(([type, media]) => [type, below(media, 'schema')] as const);
  const { description } = response.value as { description: string };
  return { description, headers: new Map(headers), content: new Map(content) };
}

const [API_SERVER] = (DOCUMENT as { servers: { url: string }[] }).servers;

function mountsOf(path_item: Place): Mount[] {
  const { servers } = path_item.value as { servers?: { url: string }[] };
  return servers === undefined ? ['api'] : servers.map(({ url }) => (url === API_SERVER?.url ? 'api' : 'portal'));
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace'];

function readOperations(path: string, path_item: Place): Operation[] {
  return METHODS.filter((method) => method in path_item.value).map((method) => {
    const place = below(path_item, method);
    const { operationId: id } = place.value as { operationId: string };
    const answers = membersOf(place, 'responses').map(
      ([status, response]) => [Number(status), readAnswer(response)] as const,
    );
    return { id, method: method.toUpperCase(), path, mounts: mountsOf(path_item), answers: new Map(answers), place };
  });
}

export const OPERATIONS: readonly Operation[] = membersOf(ROOT, 'paths').flatMap(([path, item]) =>
  readOperations(path, item),
);

/** Scripts and style sheets of the page at /docs: below the API's base path, and not documented, because nobody else asks for them. */
export const REFERENCE_FILES = '/docs/assets/';

/** Every documented operation and status, as `createSsoToken 200`. */
export function documentedAnswers(): string[] {
  return OPERATIONS.flatMap(({ id, answers }) => [...answers.keys()].map((status) => `${id} ${status}`));
}

// What a proxy appends to /auth/verify has slashes of its own and may be nothing; OpenAPI can say that in words only.
const REST = '/{original_path}';

function patternOf(template: string): RegExp {
  const source = template
    .split(REST)
    .map((part) => part.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+'))
    .join('(?:/.*)?');
  return new RegExp(`^${source}$`);
}

const PATTERNS = new Map(OPERATIONS.map(({ path }) => [path, patternOf(path)]));

/** The path of API_URL, '' at the root. */
export function basePathOf(config: Pick<Config, 'API_URL'>): string {
  return new URL(config.API_URL).pathname.replace(/\/$/, '');
}

/** The path that a request is routed by: as node:http sends it, and the router reads it. */
function routedPath(path: string): string {
  const { pathname } = new URL(`http://localhost${path}`);
  try {
    return decodeURI(pathname);
  } catch {
    return pathname;
  }
}

/** The operations at a request's path (a query is ignored), the most exact template first. */
export function operationsAt(config: Pick<Config, 'API_URL'>, path: string): Operation[] {
  const pathname = routedPath(path);
  const base_path = basePathOf(config);
  return OPERATIONS.filter(({ mounts, path: template }) =>
    mounts.some((mount) => {
      const prefix = mount === 'api' ? base_path : '';
      return pathname.startsWith(prefix) && PATTERNS.get(template)?.test(pathname.slice(prefix.length)) === true;
    }),
  );
}

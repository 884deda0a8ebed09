// Holds an answer against openapi.yaml: status, media type, headers and body. Its errors never quote an answer or a path,
// because those hold tokens and patient ids, and a test's error is output.

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Config } from '../../src/config.ts';
import { isProblemSlug, PROBLEMS } from '../../src/foundation/problem-catalogue.ts';
import {
  basePathOf,
  below,
  DOCUMENT,
  type DocumentedAnswer,
  type Operation,
  operationsAt,
  type Place,
  REFERENCE_FILES,
  ROOT,
} from './openapi.ts';
import { noteSeen } from './seen-answers.ts';

type Request = { method: string; path: string };
type Answer = { status: number; headers: Headers; text: string; json: unknown };

function createAjv(coerceTypes: boolean): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, coerceTypes, strictTypes: true });
  addFormats.default(ajv);
  // OpenAPI's own format, a hint to a form.
  ajv.addFormat('password', true);
  // ajv reads the whole document as one schema, of which only what pointers lead to is used.
  ajv.addVocabulary(Object.keys(DOCUMENT));
  return ajv.addSchema(DOCUMENT, 'openapi.yaml');
}

const BODIES = createAjv(false);
// Header values are text; a schema may say integer.
const HEADERS = createAjv(true);
const compiled = new Map<string, ValidateFunction>();

function validatorOf(ajv: Ajv2020, { pointer }: Place): ValidateFunction {
  const key = `${ajv === BODIES ? 'body' : 'header'} ${pointer}`;
  const fragment = pointer.split('/').map(encodeURIComponent).join('/');
  const validate = compiled.get(key) ?? ajv.compile({ $ref: `openapi.yaml#${fragment}` });
  compiled.set(key, validate);
  return validate;
}

/** What a value breaks of a schema of the document, in words of the schema, never of the value. */
export function faultsOf(schema: Place, value: unknown, kind: 'body' | 'header' = 'body'): string[] {
  const validate = validatorOf(kind === 'body' ? BODIES : HEADERS, schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, keyword, message, params }) => {
    const member: unknown = params['additionalProperty'] ?? params['unevaluatedProperty'];
    return `${instancePath} ${message ?? keyword}${typeof member === 'string' ? ` (${member})` : ''}`;
  });
}

// On the way of every answer, or on so many that the document says it once in words.
const GENERAL_HEADERS = new Set([
  'cache-control',
  'connection',
  'content-length',
  'content-security-policy',
  'content-type',
  'date',
  'keep-alive',
  'referrer-policy',
  'transfer-encoding',
  'x-content-type-options',
  'x-frame-options',
]);

function headerFaults(documented: DocumentedAnswer, { headers }: Answer): string[] {
  const faults: string[] = [];
  for (const [name, { required, schema }] of documented.headers) {
    const values = name === 'set-cookie' ? headers.getSetCookie() : [headers.get(name)];
    const present = values.filter((value) => value !== null);
    if (required && present.length === 0) faults.push(`the header ${name} is missing`);
    for (const value of present) {
      faults.push(...faultsOf(schema, value, 'header').map((fault) => `the header ${name}${fault}`));
    }
  }
  for (const name of new Set(headers.keys())) {
    if (!GENERAL_HEADERS.has(name) && !documented.headers.has(name))
      faults.push(`the header ${name} is not documented`);
  }
  return faults;
}

/** `application/json` of `application/json; charset=UTF-8`. */
function mediaType(headers: Headers): string | undefined {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
}

function bodyFaults({ content }: DocumentedAnswer, answer: Answer): string[] {
  const type = mediaType(answer.headers);
  if (content.size === 0) return type === undefined && answer.text === '' ? [] : ['a body where none is documented'];
  const schema = content.get(type ?? '');
  if (type === undefined || schema === undefined) return [`the media type ${type ?? '(none)'} is not documented`];
  if (type === 'text/html') return /^<!doctype html>/i.test(answer.text) ? [] : ['the page is not HTML'];
  return faultsOf(schema, type.endsWith('json') ? answer.json : answer.text);
}

type Problem = { type: string; title: string; instance: string; status?: number; request_id?: string };
type Failure = { error: Problem; statusCode: number; requestId: string };

/** The rules of a problem that a schema cannot say: that its parts agree with each other, and with the catalogue. */
function problemFaults(config: Config, { status, headers, json }: Answer): string[] {
  const body = json as Failure | (Problem & { status: number; request_id: string });
  const problem = 'error' in body ? body.error : body;
  const [body_status, body_id] = 'error' in body ? [body.statusCode, body.requestId] : [body.status, body.request_id];
  const slug = problem.type.slice(config.PROBLEM_BASE_URL.length + 1);
  if (problem.type !== `${config.PROBLEM_BASE_URL}/${slug}` || !isProblemSlug(slug)) return ['the type is not ours'];
  const request_id = headers.get('x-request-id') ?? '';
  const agreements = {
    'the status of the problem': PROBLEMS[slug].status === status,
    'the title of the problem': PROBLEMS[slug].title === problem.title,
    'the status in the body': body_status === status,
    'the request id in the body': body_id === request_id,
    'the instance': problem.instance.replaceAll('-', '').endsWith(request_id.replace('req_', '')),
  };
  return Object.entries(agreements).flatMap(([what, agrees]) => (agrees ? [] : [`${what} does not agree (${slug})`]));
}

function isProblem({ status, json }: Answer): boolean {
  return status >= 400 && json !== undefined;
}

/** Each slug that an answer may have stands in its description, where a partner reads it. */
function slugFaults(config: Config, { description }: DocumentedAnswer, { json }: Answer): string[] {
  const { type, error } = json as { type?: string; error?: { type: string } };
  const slug = (error?.type ?? type ?? '').slice(config.PROBLEM_BASE_URL.length + 1);
  return description.includes(`\`${slug}\``) ? [] : [`the problem ${slug} is not named in the description`];
}

type Check = { config: Config; documented: DocumentedAnswer; head: boolean };

function faultsOfAnswer({ config, documented, head }: Check, answer: Answer): string[] {
  // An answer to HEAD has the headers of a body that is left out.
  if (head) return [...headerFaults(documented, answer), ...(answer.text === '' ? [] : ['a body in answer to HEAD'])];
  const faults = [...headerFaults(documented, answer), ...bodyFaults(documented, answer)];
  if (faults.length > 0 || !isProblem(answer)) return faults;
  return [...problemFaults(config, answer), ...slugFaults(config, documented, answer)];
}

function refuse(what: string, { status }: Answer, faults: string[]): void {
  if (faults.length === 0) return;
  throw new Error(`${what} answered ${status} in a way that openapi.yaml does not say:\n  ${faults.join('\n  ')}`);
}

const schema = (name: string): Place => below(ROOT, 'components', 'schemas', name);
const FAILURE = schema('Failure');
const PROBLEM_DETAILS = schema('ProblemDetails');
const PAGE = schema('Page');

/** Where something is to be had that is not documented: the sample portal of the sandbox, the files of the page at /docs. */
function isBesideTheDocument(config: Config, path: string): boolean {
  return config.mode === 'sandbox' || path.startsWith(basePathOf(config) + REFERENCE_FILES);
}

/** Where nothing is documented, only that an error is a problem of ours. */
function undocumentedFaults(config: Config, { method, path }: Request, answer: Answer): string[] {
  if (answer.status < 400) return isBesideTheDocument(config, path) ? [] : ['nothing is documented at this address'];
  if (method === 'HEAD') return [];
  const is_api = path.startsWith(`${basePathOf(config)}/v1/`);
  const content = new Map([
    ['application/problem+json', PROBLEM_DETAILS],
    is_api ? ['application/json', FAILURE] : ['text/html', PAGE],
  ]);
  const faults = bodyFaults({ description: '', headers: new Map(), content }, answer);
  return faults.length > 0 || !isProblem(answer) ? faults : problemFaults(config, answer);
}

/** Not readable as HTTP, or without a usable address: answered before there is a request to speak of. */
function isUnreadable({ status, headers, text }: Answer): boolean {
  return [400, 408, 431].includes(status) && text === '' && !headers.has('content-type') && headers.has('x-request-id');
}

/** What every address answers to OPTIONS; the document says it in words. */
function isPlainOptions({ status, headers, text }: Answer): boolean {
  return status === 204 && headers.has('allow') && text === '';
}

/** The operations whose answer this is. 405 is documented with each operation of an address, and none of them gives it. */
function answering(at_path: [Operation, ...Operation[]], { method }: Request, { status }: Answer): Operation[] {
  const own = at_path.find((operation) => operation.method === method);
  if (own !== undefined) return [own];
  return status === 405 ? at_path : at_path.slice(0, 1);
}

function methodFaults({ method }: Operation, request: Request, { status }: Answer): string[] {
  const is_own = method === request.method || (request.method === 'HEAD' && method === 'GET');
  return is_own || status >= 400 ? [] : ['the method is not documented'];
}

/**
 * Throws unless openapi.yaml documents the answer to a request: its status and media type, a body and headers that fit their
 * schemas, no header besides. `json` is the body where it is JSON.
 */
export function expectDocumented(config: Config, request: Request, answer: Answer): void {
  const { method, path } = request;
  const { status } = answer;
  const [first, ...more] = operationsAt(config, path);
  if (isUnreadable(answer)) return;
  if (first === undefined) {
    refuse(`${method} at an address that is not documented`, answer, undocumentedFaults(config, request, answer));
    return;
  }
  const operations = answering([first, ...more], request, answer);
  const has_own = operations.some((operation) => operation.method === method);
  if (method === 'OPTIONS' && !has_own && isPlainOptions(answer)) return;
  for (const operation of operations) {
    const documented = operation.answers.get(status);
    const faults =
      documented === undefined
        ? ['the status is not documented']
        : faultsOfAnswer({ config, documented, head: method === 'HEAD' }, answer);
    const what = `${method} ${operation.path} (${operation.id})`;
    refuse(what, answer, [...methodFaults(operation, request, answer), ...faults]);
    if (has_own || status === 405) noteSeen(operation, status);
  }
}

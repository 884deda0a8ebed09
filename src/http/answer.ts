// The shapes of an answer: the envelope of the partner API, bare problem details (RFC 9457), or a page for a person.

import { accepts } from 'hono/accepts';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Config } from '../config.ts';
import { type Clock, timestamp } from '../foundation/clock.ts';
import type { Problem } from '../foundation/problem.ts';
import { type AppContext, setHeader } from './context.ts';
import { problemPage } from './problem-page.ts';
import { page } from './page.ts';
import type { Pagination } from './pagination.ts';

/** `envelope` for the partner API, `problem` for the portal's API, `page` where a person may be in front. */
export type AnswerStyle = 'envelope' | 'problem' | 'page';

type AnswerOptions = { config: Config; clock: Clock };

export type Success = {
  message: string;
  data: object;
  status?: 200 | 201;
  /** The contract's own word for this success. */
  code?: string;
  pagination?: Pagination;
};

/** The envelope of a success; `statusCode`, `requestId` and the like are spelled as the contract spells them. */
export function successBody(c: AppContext, clock: Clock, { status = 200, ...answer }: Success): string {
  const { message, code, data, pagination } = answer;
  return JSON.stringify({
    success: true,
    statusCode: status,
    message,
    code,
    data,
    pagination,
    timestamp: timestamp(clock()),
    requestId: c.get('request').request_id,
  });
}

/** A success of the partner API. */
export function success(c: AppContext, { clock }: { clock: Clock }, answer: Success): Response {
  return jsonAnswer(c, successBody(c, clock, answer), answer.status ?? 200);
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** An answer whose body is JSON text already. */
export function jsonAnswer(c: AppContext, body: string, status: ContentfulStatusCode): Response {
  setHeader(c, 'cache-control', 'no-store');
  // Hono takes one header as it is; of two it makes a web Headers, which node:http has to be read out of again.
  return c.body(body, status, JSON_TYPE);
}

function problemType(config: Config, problem: Problem): string {
  return `${config.PROBLEM_BASE_URL}/${problem.slug}`;
}

/** RFC 9562 text form of the UUID inside a request id, as a URN: what RFC 9457, 3.1.5 calls the occurrence. */
function instance(request_id: string): string {
  const hex = request_id.slice(request_id.indexOf('_') + 1);
  return `urn:uuid:${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}`;
}

function problemDetails(c: AppContext, problem: Problem, config: Config) {
  return {
    type: problemType(config, problem),
    title: problem.entry.title,
    detail: problem.detail,
    instance: instance(c.get('request').request_id),
    ...(problem.validation && { validation: problem.validation }),
  };
}

function prefers(c: AppContext, style: AnswerStyle): AnswerStyle {
  // In the order in which `application/*` is read: the envelope goes to whoever does not ask for another form by name.
  const supports = ['application/json', 'application/problem+json', ...(style === 'page' ? ['text/html'] : [])];
  const type = accepts(c, { header: 'Accept', supports, default: '' });
  if (type === 'text/html') return 'page';
  if (type === 'application/problem+json') return 'problem';
  return style === 'page' ? 'problem' : style;
}

/** RFC 9110, 11.6.1: a 401 says how to authenticate. The partner API's five headers are a scheme of their own. */
function challenge({ slug }: Problem): string {
  return slug === 'authentication-required' ? 'Handoff-Partner' : 'Bearer';
}

const NO_PROBLEM_HEADERS = { allow: undefined, 'retry-after': undefined, 'www-authenticate': undefined };

/** Answers with a problem in the style of the route, or bare if the caller asks for application/problem+json. */
export function problemAnswer(
  c: AppContext,
  problem: Problem,
  options: AnswerOptions & { style: AnswerStyle },
): Response | Promise<Response> {
  const { status } = problem.entry;
  const request_id = c.get('request').request_id;
  setHeader(c, 'cache-control', 'no-store');
  const authenticate = status === 401 ? { 'www-authenticate': challenge(problem) } : {};
  // Those of a first answer are taken back: a 401 that could not be recorded becomes a 503, a 405 too many becomes a 429.
  const headers = { ...NO_PROBLEM_HEADERS, ...authenticate, ...problem.headers };
  for (const [name, value] of Object.entries(headers)) setHeader(c, name, value);
  const details = problemDetails(c, problem, options.config);
  const code = problem.code === undefined ? {} : { code: problem.code };
  switch (prefers(c, options.style)) {
    case 'page':
      return page(c, problemPage(problem, { request_id, return_to: c.get('return_to') }), status);
    case 'problem':
      return c.body(JSON.stringify({ ...details, ...code, status, request_id }), status, {
        'content-type': 'application/problem+json',
      });
    case 'envelope':
      return c.json(
        {
          success: false,
          statusCode: status,
          ...code,
          error: details,
          timestamp: timestamp(options.clock()),
          requestId: request_id,
        },
        status,
      );
  }
}

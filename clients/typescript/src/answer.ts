// What an answer says: the data of a success, or the error it stands for. Proxies in between answer in their own way.

import { HandoffError, type ValidationEntry } from './errors.ts';
import type { Pagination } from './types.ts';

/** `Data` is what openapi.yaml says of the operation; it is not checked again here. */
export type ApiAnswer<Data> = { data: Data; pagination: Pagination | undefined; requestId: string };

export type Received = { status: number; headers: Headers; text: string };

type Reading = {
  /** Milliseconds since 1970. */
  now: number;
  /** A text without the secrets that were sent; a proxy may quote a request in its answer. */
  redact: (text: string) => string;
};

type Members = Record<string, unknown>;

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseBody(text: string): Members {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** Seconds. RFC 9110, 10.2.3: a number of them, or a date; undefined for anything else. */
function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const date = /^[A-Z]/i.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}

function textOf(value: unknown, { redact }: Reading): string | undefined {
  return typeof value === 'string' && value !== '' ? redact(value) : undefined;
}

function requestIdOf({ headers }: Received, body: Members, reading: Reading): string | undefined {
  return textOf(body['requestId'] ?? body['request_id'] ?? headers.get('x-request-id'), reading);
}

function validationOf(value: unknown, reading: Reading): ValidationEntry[] {
  const entries = Array.isArray(value) ? value.filter(isObject) : [];
  return entries.map(({ field, message, code }) => ({
    field: textOf(field, reading) ?? '',
    message: textOf(message, reading) ?? '',
    code: textOf(code, reading) ?? '',
  }));
}

function unexpected({ status }: Received): string {
  if (status === 0 || (status >= 300 && status < 400)) {
    return 'The answer is a redirection, which is not followed with secrets: is baseUrl right?';
  }
  return 'The answer is not one of the partner API: is baseUrl right, and what stands between here and there?';
}

/** The problem (RFC 9457) of an answer, in the API's envelope or bare. */
function readError(received: Received, reading: Reading): HandoffError {
  const body = parseBody(received.text);
  const problem = isObject(body['error']) ? body['error'] : body;
  const type = textOf(problem['type'], reading);
  const slug = type?.split('/').at(-1);
  const facts = {
    status: received.status === 0 ? undefined : received.status,
    requestId: requestIdOf(received, body, reading),
    retryAfter: parseRetryAfter(received.headers.get('retry-after'), reading.now),
  };
  if (received.status < 400 || type === undefined || slug === undefined || slug === '') {
    const detail = unexpected(received);
    return new HandoffError({
      ...facts,
      type: 'about:blank',
      slug: 'unexpected-answer',
      title: 'Unexpected answer',
      detail,
    });
  }
  const title = textOf(problem['title'], reading) ?? slug;
  return new HandoffError({
    ...facts,
    type,
    slug,
    title,
    detail: textOf(problem['detail'], reading) ?? title,
    validation: validationOf(problem['validation'], reading),
    code: textOf(body['code'], reading),
  });
}

/** @throws HandoffError unless it is a success as documented */
export function readAnswer<Data>(received: Received, reading: Reading): ApiAnswer<Data> {
  const body = parseBody(received.text);
  const isSuccess = received.status >= 200 && received.status < 300;
  if (!isSuccess || (received.status !== 204 && body['success'] !== true)) throw readError(received, reading);
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the contract's word; tests hold the service to it
    data: body['data'] as Data,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same
    pagination: body['pagination'] as Pagination | undefined,
    requestId: requestIdOf(received, body, reading) ?? '',
  };
}

// Reading a request's body: of the right type, not compressed, not too large, and then as the schema says.

import { zValidator } from '@hono/zod-validator';
import type { MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { z } from 'zod';
import { invalidRequest, Problem, type ValidationEntry } from '../foundation/problem.ts';
import type { AppContext, AppEnv } from './context.ts';
import { toValidation } from './validation.ts';

/** Bytes. The largest documented body has a token and a redirect_path of 2,048 characters, or twenty origins. */
const BODY_LIMIT = 16_384;

function tooLarge(): Problem {
  return new Problem('payload-too-large', `The body must not be larger than ${BODY_LIMIT} bytes`);
}

function requireMediaType(c: AppContext, media_types: readonly string[]): void {
  const [type = '', ...parameters] = (c.req.header('content-type') ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (!media_types.includes(type)) {
    throw new Problem('unsupported-media-type', `The Content-Type must be ${media_types.join(' or ')}`, {
      received: /^[\w.+/-]{1,80}$/.test(type) ? type : 'no media type',
    });
  }
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) {
    throw new Problem('unsupported-media-type', 'The body must be UTF-8');
  }
  const encoding = c.req.header('content-encoding');
  if (encoding !== undefined && encoding !== 'identity') {
    throw new Problem('unsupported-media-type', 'The body must not be compressed');
  }
}

/** Reads a body whose length nobody announced, and stops at the limit. */
async function readCounted(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > BODY_LIMIT) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @throws Problem payload-too-large, or invalid-request if the body broke off */
async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Problem) throw error;
    // The client hung up. Its ECONNRESET must not be taken for the database's.
    throw new Problem('invalid-request', 'The body did not arrive completely', { cause: 'body broke off' });
  }
}

function replaceBody(c: AppContext, body: string, changed: Record<string, string> = {}): void {
  const { url, method, headers } = c.req.raw;
  c.req.raw = new Request(url, { method, headers: { ...Object.fromEntries(headers), ...changed }, body });
}

/** Reads the body and keeps it in the request. @throws Problem payload-too-large, or invalid-request if it broke off */
async function readBody(c: AppContext): Promise<void> {
  const { body } = c.req.raw;
  await reading(async () => {
    if (c.req.header('content-length') === undefined && body !== null) replaceBody(c, await readCounted(body));
    await c.req.text();
  });
}

/** True without a body, and for one in chunks of which the first is the last. */
async function isLeftOut(c: AppContext): Promise<boolean> {
  const { body } = c.req.raw;
  const in_chunks = c.req.header('transfer-encoding') !== undefined;
  if (!in_chunks || body === null) return Number(c.req.header('content-length') ?? 0) === 0;
  const text = await reading(() => readCounted(body));
  replaceBody(c, text);
  return text === '';
}

/** boundedBody for JSON that may be left out, whatever its type is said to be then: an empty object stands for it. */
export function optionalJson(): MiddlewareHandler<AppEnv> {
  const required = boundedBody('application/json');
  return async (c, next) => {
    if (await isLeftOut(c)) replaceBody(c, '{}', { 'content-type': 'application/json' });
    return required(c, next);
  };
}

/**
 * Reads the body once, bounded, and leaves it for the validators behind. @throws Problem unsupported-media-type,
 * payload-too-large or invalid-request
 */
export function boundedBody(...media_types: readonly string[]): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    requireMediaType(c, media_types);
    // node:http ends a body at its Content-Length, so an announced length can be trusted.
    if (Number(c.req.header('content-length') ?? 0) > BODY_LIMIT) throw tooLarge();
    await readBody(c);
    await next();
  };
}

/** zValidator for JSON bodies with our problems. Goes behind boundedBody. @throws Problem invalid-request, unless told otherwise */
export function jsonBody<T extends z.ZodType>(
  schema: T,
  refuse: (entries: ValidationEntry[]) => Problem = invalidRequest,
) {
  return zValidator('json', schema, (result) => {
    if (!result.success) throw refuse(toValidation(result.error.issues));
  });
}

/** The same for query parameters. @throws Problem invalid-request */
export function queryParameters<T extends z.ZodType>(schema: T) {
  return zValidator('query', schema, (result) => {
    if (!result.success) throw invalidRequest(toValidation(result.error.issues));
  });
}

/** The problem that one of Hono's own refusals means; undefined for anything else. */
export function fromHonoError(error: unknown): Problem | undefined {
  if (!(error instanceof HTTPException) || error.status >= 500) return undefined;
  // Its message quotes the body, which may hold a patient id: it goes nowhere.
  return invalidRequest([{ field: 'body', message: 'The body is not valid JSON', code: 'invalid_json' }]);
}

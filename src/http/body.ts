// Reading a request's body: of the right type, not compressed, not too large, and then as the schema says.

import type { IncomingMessage } from 'node:http';
import { zValidator } from '@hono/zod-validator';
import type { MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { z } from 'zod';
import { invalidRequest, Problem, type ValidationEntry } from '../foundation/problem.ts';
import { type AppContext, type AppEnv, header } from './context.ts';
import { toValidation } from './validation.ts';

/** Bytes. The largest documented body has a token and a redirect_path of 2,048 characters, or twenty origins. */
const BODY_LIMIT = 16_384;

// Without the byte order mark that some clients put in front (Encoding, "UTF-8 decode").
const UTF8 = new TextDecoder();

function tooLarge(): Problem {
  return new Problem('payload-too-large', `The body must not be larger than ${BODY_LIMIT} bytes`);
}

function requireMediaType(c: AppContext, media_types: readonly string[]): void {
  const [type = '', ...parameters] = (header(c, 'content-type') ?? '')
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
  const encoding = header(c, 'content-encoding');
  if (encoding !== undefined && encoding !== 'identity') {
    throw new Problem('unsupported-media-type', 'The body must not be compressed');
  }
}

/**
 * Reads the body as it comes, and stops at the limit. From node:http's own stream: to make a web stream of it takes longer than to
 * mint a token.
 * @throws Problem payload-too-large, or invalid-request if it broke off
 */
async function readBody(incoming: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    // The client hung up. Its ECONNRESET must not be taken for the database's.
    const brokeOff = () =>
      reject(new Problem('invalid-request', 'The body did not arrive completely', { cause: 'body broke off' }));
    // Before anybody listened: what came first, such as a look into the database, took its time.
    if (incoming.destroyed) return brokeOff();
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.byteLength;
      if (length <= BODY_LIMIT) return chunks.push(chunk);
      incoming.removeAllListeners('data');
      incoming.pause();
      return reject(tooLarge());
    });
    incoming.on('end', () => resolve(UTF8.decode(Buffer.concat(chunks))));
    incoming.on('error', brokeOff);
    incoming.on('close', () => {
      // After every request, this one too; an error takes long to make.
      if (!incoming.complete) brokeOff();
    });
  });
}

/** Leaves a body for the validators behind, as if Hono had read it. */
function keepBody(c: AppContext, text: string): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type is of what the promise in the cache resolves to
  c.req.bodyCache.text = Promise.resolve(text) as unknown as string;
}

/** True without a body, and for an empty one. */
async function isLeftOut(c: AppContext): Promise<boolean> {
  if (header(c, 'transfer-encoding') === undefined) return Number(header(c, 'content-length') ?? 0) === 0;
  const text = await readBody(c.env.incoming);
  keepBody(c, text);
  return text === '';
}

/** boundedBody for JSON that may be left out, whatever its type is said to be then: an empty object stands for it. */
export function optionalJson(): MiddlewareHandler<AppEnv> {
  const required = boundedBody('application/json');
  return async (c, next) => {
    if (!(await isLeftOut(c))) return required(c, next);
    keepBody(c, '{}');
    return next();
  };
}

/** @throws Problem unsupported-media-type, payload-too-large or invalid-request */
async function readBounded(c: AppContext, media_types: readonly string[]): Promise<string> {
  requireMediaType(c, media_types);
  // node:http ends a body at its Content-Length, so an announced length can be trusted.
  if (Number(header(c, 'content-length') ?? 0) > BODY_LIMIT) throw tooLarge();
  return readBody(c.env.incoming);
}

/** Reads the body once, bounded, and leaves it for the validators behind. @throws as readBounded */
export function boundedBody(...media_types: readonly string[]): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (c.req.bodyCache.text === undefined) keepBody(c, await readBounded(c, media_types));
    else requireMediaType(c, media_types);
    await next();
  };
}

/** A bounded body of JSON, in one step. @throws as readBounded, and Problem invalid-request where it is not as the schema says */
export async function readJson<T extends z.ZodType>(c: AppContext, schema: T): Promise<z.output<T>> {
  const result = schema.safeParse(parseJson(await readBounded(c, ['application/json'])));
  if (!result.success) throw invalidRequest(toValidation(result.error.issues));
  return result.data;
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

function notJson(): Problem {
  return invalidRequest([{ field: 'body', message: 'The body is not valid JSON', code: 'invalid_json' }]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The error's message quotes the body, which may hold a patient id: it goes nowhere.
    throw notJson();
  }
}

/** The problem that one of Hono's own refusals means, whose message quotes the body too; undefined for anything else. */
export function fromHonoError(error: unknown): Problem | undefined {
  return error instanceof HTTPException && error.status < 500 ? notJson() : undefined;
}

// One request and its answer, as a browser would have them: bounded in time and size, no redirect followed, certificates held to
// what Node trusts. What is asked and what the answer means is for the others.

import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { TLSSocket } from 'node:tls';

export type Answer = {
  url: URL;
  status: number;
  headers: Headers;
  body: string;
  /** When the certificate ends; null without TLS. */
  certificate_ends: Date | null;
};

export type FailureReason =
  | 'not-allowed'
  | 'unknown-host'
  | 'refused'
  | 'timeout'
  | 'certificate'
  | 'too-large'
  | 'broken';

/** `detail`: a code of the operating system or of OpenSSL, or a limit; never an address. */
export type Failure = { reason: FailureReason; detail: string };

export type Exchange = { ok: true; answer: Answer } | { ok: false; failure: Failure };

export type Request = { url: URL; method?: 'GET' | 'POST'; headers: Record<string, string> };

export type Send = (request: Request) => Promise<Exchange>;

export type Limits = {
  /** For one request, in milliseconds. */
  timeout: number;
  /** Of one answer, in bytes. */
  size: number;
  /** What is asked of no other host; all by default. */
  isAllowed?: (url: URL) => boolean;
};

class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

const REASONS: [FailureReason, RegExp][] = [
  ['unknown-host', /^(ENOTFOUND|EAI_AGAIN|EAI_NODATA)$/],
  ['refused', /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/],
  ['timeout', /^ETIMEDOUT$/],
  ['certificate', /CERT|SSL|TLS|SIGNATURE|ISSUER|EPROTO/],
];

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  // A host with several addresses, none of which answers.
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function failureOf(error: unknown, { size }: Limits): Failure {
  if (error instanceof TooLarge) return { reason: 'too-large', detail: `more than ${size} bytes` };
  const code = codeOf(error);
  return { reason: REASONS.find(([, pattern]) => pattern.test(code))?.[0] ?? 'broken', detail: code };
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  }
  return headers;
}

async function readBody(incoming: IncomingMessage, size: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > size) throw new TooLarge();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function certificateEnd({ socket }: IncomingMessage): Date | null {
  if (!(socket instanceof TLSSocket)) return null;
  const ends = new Date(socket.getPeerCertificate().valid_to);
  return Number.isNaN(ends.getTime()) ? null : ends;
}

async function ask({ url, method = 'GET', headers }: Request, { size }: Limits, signal: AbortSignal): Promise<Answer> {
  // A connection each: one that is kept would be kept for the rest of the process.
  const options = { method, headers, signal, agent: false };
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
    sent.once('response', resolve).once('error', reject).end();
  });
  // The socket is gone when the body has been read.
  const certificate_ends = certificateEnd(incoming);
  const body = await readBody(incoming, size);
  return { url, status: incoming.statusCode ?? 0, headers: headersOf(incoming), body, certificate_ends };
}

/** Sends requests within limits; what goes wrong on the way is an answer too. */
export function createSend(limits: Limits): Send {
  return async (request) => {
    if (limits.isAllowed !== undefined && !limits.isAllowed(request.url)) {
      return { ok: false, failure: { reason: 'not-allowed', detail: 'no request is sent there from here' } };
    }
    const signal = AbortSignal.timeout(limits.timeout);
    try {
      return { ok: true, answer: await ask(request, limits, signal) };
    } catch (error) {
      const failure = failureOf(error, limits);
      const late = { reason: 'timeout', detail: `no answer within ${limits.timeout / 1000} s` } as const;
      return { ok: false, failure: signal.aborted ? late : failure };
    }
  };
}

// The API as the client's unit tests need it: a fetch that notes what it is asked and answers what it is told, and a platform whose
// clock moves when somebody sleeps.

import { createClientOn, type HandoffClient } from '../../clients/typescript/src/client.ts';
import { orAborted, type Platform } from '../../clients/typescript/src/platform.ts';
import type { HandoffClientOptions } from '../../clients/typescript/src/settings.ts';

export const START = Date.parse('2026-03-01T09:00:00.000Z');
export const REQUEST_ID = 'req_0195500e7a1b7c2d8e3f405162738495';

export const CREDENTIALS = {
  baseUrl: 'https://api.example.com/external',
  partnerId: 'sample-partner',
  partnerSecret: 'hps_samplePartnerSecret0000',
  organizationId: 'sample-clinic',
  organizationSecret: 'hos_sampleOrganizationSecret',
};

export type Asked = { method: string; url: URL; headers: Headers; body: unknown; init: RequestInit };

/** What the stub answers: an answer, or what its fetch rejects with; or a function that makes one. */
export type Reply = Response | Error | ((asked: Asked) => Response | Promise<Response>);

function json(status: number, body: object, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
}

export function success(data: unknown, more: { status?: number; pagination?: object } = {}): Response {
  const { status = 200, pagination } = more;
  const rest = pagination === undefined ? {} : { pagination };
  return json(status, { success: true, statusCode: status, message: 'Well', data, ...rest, requestId: REQUEST_ID });
}

export type Refusal = { detail?: string; code?: string; validation?: object[]; headers?: Record<string, string> };

export function failure(status: number, slug: string, refusal: Refusal = {}): Response {
  const { detail = 'In words', code, validation, headers = {} } = refusal;
  const error = { type: `https://api.example.com/external/errors/${slug}`, title: 'Words', detail, validation };
  return json(status, { success: false, statusCode: status, code, error, requestId: REQUEST_ID }, headers);
}

export const nothing = () => new Response(null, { status: 204, headers: { 'x-request-id': REQUEST_ID } });

export const token = (accessToken = 'sample-token-1', expiresIn = 3600) =>
  success({ accessToken, expiresIn, tokenType: 'Bearer', scope: ['read:users'] });

export const LINK = {
  sso_token: 'eyJsample.claims.signature',
  redirect_url: 'https://portal.example.com/auth/sso?token=eyJsample.claims.signature&redirect=%2Fdashboard',
  expires_in: 300,
};

export type Stub = {
  client: HandoffClient;
  asked: Asked[];
  /** Milliseconds, in order. */
  slept: number[];
  /** Moves the clock. */
  advance: (milliseconds: number) => void;
};

/** A client whose requests get these replies, in order. One too many is an error. */
export function stubClient(replies: Reply[], options: Partial<HandoffClientOptions> = {}): Stub {
  const asked: Asked[] = [];
  const slept: number[] = [];
  let now = START;
  let ids = 0;
  const platform: Platform = {
    now: () => now,
    random: () => 0.5,
    createId: () => `sample-key-${(ids += 1)}`,
    sleep: async (milliseconds, signal) => {
      slept.push(milliseconds);
      now += milliseconds;
      await orAborted(Promise.resolve(), signal);
    },
  };
  const fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : init.body;
    const request = {
      method: init.method ?? 'GET',
      url: new URL(input instanceof Request ? input.url : input),
      headers: new Headers(init.headers),
      body,
      init,
    };
    asked.push(request);
    const reply = replies.shift();
    if (reply === undefined) throw new Error(`not expected: ${request.method} ${request.url.pathname}`);
    if (reply instanceof Error) throw reply;
    return reply instanceof Response ? reply : reply(request);
  };
  const client = createClientOn(platform, { ...CREDENTIALS, fetch, ...options });
  return { client, asked, slept, advance: (milliseconds) => (now += milliseconds) };
}

export const REQUEST = { userId: 'usr_sample', redirectPath: '/dashboard/patients/sample-patient' };

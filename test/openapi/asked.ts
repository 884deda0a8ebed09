// A request before it is sent, so that the same one can go to several servers, and again with one thing changed.

import { type Answer, call, partnerHeaders } from '../support/client.ts';
import type { Handoff } from '../support/handoff.ts';
import { basePathOf } from '../support/openapi.ts';
import { accessToken, bearerHeaders, type Server } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';

/** A partner's server, enabled for an organization of its own, with everything that it needs to ask. */
export type Caller = { handoff: Handoff; sample: Sample; access_token: string };

export async function createCaller(handoff: Handoff): Promise<Caller> {
  const sample = await createSample(handoff.deps);
  return { handoff, sample, access_token: await accessToken(handoff, sample) };
}

export type Asked = { method: string; path: string; headers: Record<string, string>; body?: string };

/** Brings about what a request needs to find, and returns the request. */
export type Ask = (caller: Caller) => Asked | Promise<Asked>;

/** Operation and status, the `code` or else the type of the problem, and the request. */
export type Refusal = [answer: string, problem: string, ask: Ask];

export async function send(server: Server, { path, ...options }: Asked): Promise<Answer> {
  return call(server, path, options);
}

/** The request with other headers; undefined takes one away. */
export function withHeaders(asked: Asked, changes: Record<string, string | undefined>): Asked {
  const headers = Object.entries({ ...asked.headers, ...changes });
  return {
    ...asked,
    headers: Object.fromEntries(headers.filter((entry): entry is [string, string] => entry[1] !== undefined)),
  };
}

const bodyOf = (body: object | undefined) => (body === undefined ? {} : { body: JSON.stringify(body) });

/** With the headers of partner, organization and user. */
export function asPartner(
  { handoff, sample }: Caller,
  { method, path, body }: { method: string; path: string; body?: object },
): Asked {
  return { method, path: basePathOf(handoff.config) + path, headers: partnerHeaders(sample), ...bodyOf(body) };
}

/** With an access token; `rest` is what follows the organization in the path. */
export function withToken(
  { handoff, sample, access_token }: Caller,
  { method, rest, body }: { method: string; rest: string; body?: object },
): Asked {
  const path = `${basePathOf(handoff.config)}/v1/organizations/${sample.organization_id}${rest}`;
  return { method, path, headers: bearerHeaders(access_token, sample), ...bodyOf(body) };
}

/** The answer to a request that is only there for what it brings about. @throws Error when it is refused */
export async function expectDone(server: Server, asked: Asked): Promise<Answer> {
  const answer = await send(server, asked);
  if (answer.status >= 400) throw new Error(`${asked.method} was refused: ${answer.status}`);
  return answer;
}

// Calls with the four headers of partner and organization.

import { type Answer, call } from '../support/client.ts';
import { basePathOf } from '../support/openapi.ts';
import { type Headers4, partnerHeaders4, type Server } from '../support/partner-api.ts';
import type { Sample } from '../support/sample.ts';

export type PartnerCall = { method?: string; headers?: Headers4; body?: unknown };

/** A call below the API's base path; a body is sent as JSON, and without one there is no Content-Type. */
export async function callAsPartner(
  server: Server,
  sample: Sample,
  path: string,
  { method = 'GET', headers = {}, body }: PartnerCall = {},
): Promise<Answer> {
  const { 'content-type': type = '', ...credentials } = partnerHeaders4(sample);
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const all = { ...credentials, ...(body !== undefined && { 'content-type': type }), ...headers };
  return call(server, `${basePathOf(server.config)}${path}`, { method, headers: all, ...sent });
}

/** The body of a success, as far as most tests look at it. */
export type Success<Data> = { message: string; data: Data };

/** What a request is known by ever after. */
export function requestIdOf({ headers }: Answer): string {
  return headers.get('x-request-id') ?? '';
}

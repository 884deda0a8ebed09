// What the middleware for Express and Fastify have in common: both answer with Node's ServerResponse.

import { type Guarded, secureHeaders } from './guard.ts';
import { beforeHeaders, headerOf, type NodeResponse } from './node-headers.ts';
import type { Answer } from './refusal.ts';

/** The page goes out with the policy beside its own, whoever writes it and however. */
export function secureResponse(response: NodeResponse, { policy }: Extract<Guarded, { refused: undefined }>): void {
  beforeHeaders(response, () => {
    const get = (name: string) => headerOf(response, name);
    secureHeaders({ get, set: (name, value) => void response.setHeader(name, value) }, policy);
  });
}

export function sendAnswer(response: NodeResponse, { status, headers, body }: Answer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}

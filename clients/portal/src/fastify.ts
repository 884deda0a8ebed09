// An onRequest hook for Fastify 5: `request.signedIn`. Of one route (`{ onRequest: guard(portal) }`) or of all in a plugin
// (`app.addHook('onRequest', guard(portal))`).

import type { FastifyReply, FastifyRequest } from 'fastify';
import { guardRequest, guardShell, type Guarded, type GuardOptions } from './guard.ts';
import { secureResponse } from './node-guard.ts';
import type { Portal } from './portal.ts';
import type { PortalRequest } from './request.ts';
import type { SignedIn } from './signed-in.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined where no hook of handoff-portal has been, or nobody is signed in. */
    signedIn?: SignedIn | undefined;
  }
}

export type FastifyHook = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;

function hook(decide: (request: PortalRequest) => Promise<Guarded>): FastifyHook {
  return async (request, reply) => {
    const { method, headers, originalUrl: url } = request;
    const guarded = await decide({ method, headers, url });
    if (guarded.refused !== undefined) {
      const { status, headers: own, body } = guarded.refused;
      return reply.code(status).headers(own).send(body);
    }
    request.signedIn = guarded.signedIn;
    secureResponse(reply.raw, guarded);
    return undefined;
  };
}

/** Lets in who is signed in. */
export function guard(portal: Portal, options: GuardOptions = {}): FastifyHook {
  return hook((request) => guardRequest(portal, request, options));
}

/** For embedded documents that are the same for everybody and sign in by their script. */
export function embedShell(portal: Portal): FastifyHook {
  return hook((request) => guardShell(portal, request));
}

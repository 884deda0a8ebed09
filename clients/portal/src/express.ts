// Middleware for Express 4 and 5: `request.signedIn`. It needs nothing of Express but its calling convention.

import { guardRequest, guardShell, type Guarded, type GuardOptions } from './guard.ts';
import { secureResponse, sendAnswer } from './node-guard.ts';
import type { NodeRequest, NodeResponse } from './node-headers.ts';
import type { Portal } from './portal.ts';
import type { PortalRequest } from './request.ts';
import type { SignedIn } from './signed-in.ts';

declare global {
  // The name that Express's types leave open for this. Undefined where no middleware of this package has been, or nobody is
  // signed in.
  namespace Express {
    interface Request {
      signedIn?: SignedIn | undefined;
    }
  }
}

export type ExpressRequest = NodeRequest & { originalUrl?: string; signedIn?: SignedIn | undefined };
export type ExpressMiddleware = (
  request: ExpressRequest,
  response: NodeResponse,
  next: (error?: unknown) => void,
) => void;

/** The address that the client asked for, also in a router that is mounted below a path. */
function portalRequest({ method, headers, originalUrl, url }: ExpressRequest): PortalRequest {
  return { method, headers, url: originalUrl ?? url };
}

type Next = Parameters<ExpressMiddleware>[2];
type Decide = (request: PortalRequest) => Promise<Guarded>;

async function run(decide: Decide, [request, response, next]: [ExpressRequest, NodeResponse, Next]): Promise<void> {
  try {
    const guarded = await decide(portalRequest(request));
    if (guarded.refused !== undefined) {
      sendAnswer(response, guarded.refused);
      return;
    }
    request.signedIn = guarded.signedIn;
    secureResponse(response, guarded);
  } catch (error) {
    next(error);
    return;
  }
  next();
}

function middleware(decide: Decide): ExpressMiddleware {
  // Express 4 does not look at what a middleware returns.
  return (...args) => void run(decide, args);
}

/** Lets in who is signed in, to every route behind it. */
export function guard(portal: Portal, options: GuardOptions = {}): ExpressMiddleware {
  return middleware((request) => guardRequest(portal, request, options));
}

/** For embedded documents that are the same for everybody and sign in by their script. */
export function embedShell(portal: Portal): ExpressMiddleware {
  return middleware((request) => guardShell(portal, request));
}

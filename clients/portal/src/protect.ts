// For servers that take a fetch Request and give a Response, without a framework or with one that has no middleware here.

import { guardRequest, guardShell, type Guarded, type GuardOptions, type PagePolicy, secureHeaders } from './guard.ts';
import type { Portal } from './portal.ts';
import type { Answer } from './refusal.ts';
import type { SignedIn } from './signed-in.ts';

export type Protected =
  | { refused: Response; signedIn: undefined; secure: undefined }
  | {
      refused: undefined;
      /** Undefined only with `required: false`. */
      signedIn: SignedIn | undefined;
      /** The portal's answer with the headers that it has to go out with. */
      secure: (response: Response) => Response;
    };

export function responseOf({ status, headers, body }: Answer): Response {
  return new Response(body === '' ? null : body, { status, headers });
}

/** A copy, because the headers of an answer that was fetched cannot be changed. */
function secured(response: Response, policy: PagePolicy): Response {
  const copy = new Response(response.body, response);
  const get = (name: string) => copy.headers.get(name) ?? undefined;
  secureHeaders({ get, set: (name, value) => copy.headers.set(name, value) }, policy);
  return copy;
}

function toProtected(guarded: Guarded): Protected {
  if (guarded.refused !== undefined) {
    return { refused: responseOf(guarded.refused), signedIn: undefined, secure: undefined };
  }
  const { signedIn, policy } = guarded;
  return { refused: undefined, signedIn, secure: (response) => secured(response, policy) };
}

/** Either an answer for somebody who is not let in, or who is signed in and `secure` for the portal's own answer. */
export async function protect(portal: Portal, request: Request, options: GuardOptions = {}): Promise<Protected> {
  return toProtected(await guardRequest(portal, request, options));
}

/** The same for an embedded document that is the same for everybody and signs in by its script. */
export async function protectShell(portal: Portal, request: Request): Promise<Protected> {
  return toProtected(await guardShell(portal, request));
}

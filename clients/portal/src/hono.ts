// Middleware for Hono: `c.get('signedIn')`.

import type { Context, MiddlewareHandler } from 'hono';
import { guardRequest, guardShell, type Guarded, type GuardOptions, secureHeaders } from './guard.ts';
import type { Portal } from './portal.ts';
import { responseOf } from './protect.ts';
import type { SignedIn } from './signed-in.ts';

/** What the routes behind it find. */
export type SignedInEnv = { Variables: { signedIn: SignedIn } };
export type MaybeSignedInEnv = { Variables: { signedIn: SignedIn | undefined } };

type Next = () => Promise<void>;

/** After the page is made, because its own headers are known then; an error page of the portal's gets them as well. */
async function goOn(c: Context, next: Next, guarded: Guarded): Promise<Response | undefined> {
  if (guarded.refused !== undefined) return responseOf(guarded.refused);
  c.set('signedIn', guarded.signedIn);
  await next();
  const get = (name: string) => c.res.headers.get(name) ?? undefined;
  secureHeaders({ get, set: (name, value) => c.header(name, value) }, guarded.policy);
  return undefined;
}

/** Lets in who is signed in, to every route behind it. */
export function guard(portal: Portal, options?: GuardOptions & { required?: true }): MiddlewareHandler<SignedInEnv>;
export function guard(portal: Portal, options: GuardOptions): MiddlewareHandler<MaybeSignedInEnv>;
export function guard(portal: Portal, options: GuardOptions = {}): MiddlewareHandler {
  return async (c, next) => (await goOn(c, next, await guardRequest(portal, c.req.raw, options))) ?? undefined;
}

/** For embedded documents that are the same for everybody and sign in by their script. */
export function embedShell(portal: Portal): MiddlewareHandler {
  return async (c, next) => (await goOn(c, next, await guardShell(portal, c.req.raw))) ?? undefined;
}

// Who is in front of the sample portal: what the check before it says in x-auth-* headers, and the names that go with it, which
// the portal asks GET /auth/session for.

import { z } from 'zod';

/** The facts of a checked request. */
export type Visitor = { user_id: string; organization_id: string; roles: readonly string[]; embed: boolean };

/** The facts that a page shows. */
const WHO = z.object({
  user: z.object({ given_name: z.string(), family_name: z.string(), email: z.string() }),
  organization: z.object({ name: z.string() }),
  partner: z.object({ name: z.string() }),
  idle_expires_at: z.string(),
  expires_at: z.string(),
});
export type Who = z.output<typeof WHO>;

/** What the portal has besides its requests. */
export type PortalEnv = { Bindings: { askSession: () => Promise<Response> }; Variables: { visitor: Visitor } };

/** From the headers of the check alone; the front takes out whatever a client sent under these names. */
export function readVisitor(header: (name: string) => string | undefined): Visitor | undefined {
  const [user_id, organization_id] = [header('x-auth-user-id'), header('x-auth-organization-id')];
  if (user_id === undefined || organization_id === undefined) return undefined;
  const roles = (header('x-auth-roles') ?? '').split(',');
  return { user_id, organization_id, roles, embed: header('x-auth-embed') === 'true' };
}

/** Undefined when the session ended in this very moment. */
export async function findWho({ askSession }: PortalEnv['Bindings']): Promise<Who | undefined> {
  const answer = await askSession();
  if (!answer.ok) return undefined;
  return z.object({ data: WHO }).parse(await answer.json()).data;
}

export function mayPrescribe({ roles }: Visitor): boolean {
  return roles.includes('provider');
}

/** Whom a page is made for, as in the header `Handoff-Subject`. */
export function subjectOf({ user_id, organization_id }: Visitor): string {
  return `${user_id}/${organization_id}`;
}

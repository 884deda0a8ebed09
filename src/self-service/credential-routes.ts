// A partner looks after its own secrets: lists them, replaces them with an overlap, ends one that leaked.

import { Hono } from 'hono';
import { z } from 'zod';
import { recordPartnerRefusals } from '../audit/refusals.ts';
import type { CredentialsTable } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { timestamp } from '../foundation/clock.ts';
import { isChosenId, secretHint } from '../foundation/ids.ts';
import { Problem, validationError } from '../foundation/problem.ts';
import { success } from '../http/answer.ts';
import { jsonBody, optionalJson } from '../http/body.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
import { createOnce } from '../idempotency/once.ts';
import { authenticateCaller, authored, requireEnabledCaller } from '../partners/caller.ts';
import { endOwnCredential, MAX_OVERLAP_HOURS, replaceCredential } from '../partners/credential.ts';
import { type CredentialOwner, isActiveCredential, listCredentials } from '../partners/credential-store.ts';

export const ROTATE_REQUEST = z.strictObject({ overlap_hours: z.int().min(0).max(MAX_OVERLAP_HOURS).default(24) });

const MOST_LISTED = 20;

/** Whose secret: the partner's own, or the one for the organization of the caller. */
type Whose = 'partner' | 'organization';

function ownerOf(c: AppContext, whose: Whose): CredentialOwner {
  const { partner_id, organization_id } = c.get('caller');
  return { partner_id, organization_id: whose === 'partner' ? null : organization_id };
}

function statusOf(credential: CredentialsTable, now: string): 'active' | 'expired' | 'revoked' {
  if (credential.revoked_at !== null) return 'revoked';
  return isActiveCredential(credential, now) ? 'active' : 'expired';
}

function describe(c: AppContext, credential: CredentialsTable, now: string) {
  const { credential_id, hint, created_at, expires_at, revoked_at, last_used_at } = credential;
  const in_use = c.get('caller').credential_ids.includes(credential_id);
  return {
    credential_id,
    hint,
    status: statusOf(credential, now),
    created_at,
    expires_at,
    revoked_at,
    last_used_at,
    in_use,
  };
}

async function list(deps: Deps, c: AppContext): Promise<Response> {
  const now = timestamp(deps.clock());
  const [partner, organization] = await Promise.all(
    (['partner', 'organization'] as const).map(async (whose) => {
      const rows = await listCredentials(deps.db, ownerOf(c, whose), { limit: MOST_LISTED, now });
      return rows.map((row) => describe(c, row, now));
    }),
  );
  const count = (partner?.length ?? 0) + (organization?.length ?? 0);
  return success(c, deps, { message: `Retrieved ${count} credentials successfully`, data: { partner, organization } });
}

const ROTATED = {
  partner: 'Partner secret rotated successfully',
  organization: 'Organization secret rotated successfully',
};

async function rotate(deps: Deps, c: AppContext, rotation: { whose: Whose; overlap_hours: number }): Promise<Response> {
  const { whose, overlap_hours } = rotation;
  return createOnce(deps, c, async (tx) => {
    const wanted = { owner: ownerOf(c, whose), overlap_hours, in_use: c.get('caller').credential_ids };
    const { credential_id, secret, previous_expires_at } = await replaceCredential(tx, wanted, authored(deps, c));
    const data = { credential_id, [`${whose}_secret`]: secret, hint: secretHint(secret), previous_expires_at };
    return { status: 201, message: ROTATED[whose], data };
  });
}

async function revoke(deps: Deps, c: AppContext, credential_id: string): Promise<void> {
  // PostgreSQL would not even look for a U+0000.
  if (!isChosenId(credential_id)) throw new Problem('credential-not-found', 'There is no such credential');
  const wanted = { credential_id, caller: c.get('caller') };
  await deps.db.transaction().execute((tx) => endOwnCredential(tx, wanted, authored(deps, c)));
}

/** To be mounted under the API's base path. */
export function credentialRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const caller = [authenticateCaller(deps), requireEnabledCaller(deps)] as const;
  routes.get('/v1/credentials', ...caller, (c) => list(deps, c));
  for (const whose of ['partner', 'organization'] as const) {
    routes.post(
      `/v1/credentials/${whose}/rotate`,
      recordPartnerRefusals(deps, 'credential.rotated'),
      ...caller,
      optionalJson(),
      jsonBody(ROTATE_REQUEST, validationError),
      (c) => rotate(deps, c, { whose, ...c.req.valid('json') }),
    );
  }
  routes.delete(
    '/v1/credentials/:credential_id',
    recordPartnerRefusals(deps, 'credential.revoked'),
    ...caller,
    async (c) => {
      await revoke(deps, c, c.req.param('credential_id'));
      return c.body(null, 204);
    },
  );
  return routes;
}

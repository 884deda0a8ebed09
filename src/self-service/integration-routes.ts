// A partner looks after its integration: which of its pages may frame the portal, and where an error page leads back to. What
// the operator decides (scopes, paths) is shown and not changed here.

import { Hono } from 'hono';
import { z } from 'zod';
import { recordEvent } from '../audit/audit.ts';
import { recordPartnerRefusals } from '../audit/refusals.ts';
import type { DatabaseTransaction } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { validationError } from '../foundation/problem.ts';
import { success } from '../http/answer.ts';
import { boundedBody, jsonBody } from '../http/body.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
import { authenticateCaller, byPartner, requireEnabledCaller } from '../partners/caller.ts';
import { describeIntegration, getIntegration, toChange } from '../partners/integration.ts';
import { allowedPrefixes } from '../partners/path-prefixes.ts';
import { getEnabledStanding } from '../partners/standing.ts';
import { updateIntegration } from '../partners/store.ts';
import { isEmbedOrigin, isReturnUrl, type LocalHosts, MAX_EMBED_ORIGINS } from '../partners/web-address.ts';

function isWithoutDuplicates(list: readonly string[]): boolean {
  return new Set(list).size === list.length;
}

/** Addresses of the own machine are for a sandbox. */
export function integrationUpdate(local: LocalHosts) {
  const where = local === 'local_hosts' ? '; http:// for localhost, 127.0.0.1 and [::1] only' : '';
  const origin = z.string().refine((text) => isEmbedOrigin(text, local), {
    message: `must be an exact origin such as https://practice.example, without a path or wildcard${where}`,
    params: { code: 'invalid_origin' },
  });
  return z.strictObject({
    embed_origins: z
      .array(origin)
      .max(MAX_EMBED_ORIGINS)
      .refine(isWithoutDuplicates, { message: 'must not name an origin twice', params: { code: 'duplicate' } })
      .optional(),
    return_url: z
      .string()
      .refine((text) => isReturnUrl(text, local), {
        message: `must be an https:// URL without user and password${where}`,
        params: { code: 'invalid_url' },
      })
      .nullable()
      .optional(),
  });
}

type IntegrationUpdate = z.output<ReturnType<typeof integrationUpdate>>;

async function describe(deps: Deps, c: AppContext): Promise<object> {
  const { partner_id, organization_id } = c.get('caller');
  const { partner, organization } = await getEnabledStanding(deps.db, { partner_id, organization_id });
  const row = describeIntegration(await getIntegration(deps.db, { partner_id, organization_id }));
  const { scopes, embed_origins, redirect_path_prefixes, return_url, connected_at, created_at } = row;
  return {
    partner: { partner_id, name: partner.name },
    organization: { organization_id, name: organization.name },
    scopes,
    embed_origins,
    redirect_path_prefixes: allowedPrefixes(deps.config.REDIRECT_PATH_PREFIXES, redirect_path_prefixes),
    return_url,
    connected_at,
    created_at,
  };
}

async function update(deps: Deps, c: AppContext, { embed_origins, return_url }: IntegrationUpdate): Promise<void> {
  const { partner_id, organization_id } = c.get('caller');
  const options = {
    ...(embed_origins !== undefined && { embed_origins }),
    ...(return_url !== undefined && { return_url }),
  };
  if (Object.keys(options).length === 0) return;
  await deps.db.transaction().execute(async (tx: DatabaseTransaction) => {
    const { embed_origins: before, return_url: return_before } = describeIntegration(
      await getIntegration(tx, { partner_id, organization_id }),
    );
    await updateIntegration(tx, { partner_id, organization_id }, toChange(options));
    const detail = { ...options, before: { embed_origins: before, return_url: return_before } };
    await recordEvent(
      tx,
      { ...byPartner(c), action: 'integration.updated', partner_id, organization_id, detail },
      deps,
    );
  });
}

/** To be mounted under the API's base path. */
export function integrationRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const caller = [authenticateCaller(deps), requireEnabledCaller(deps)] as const;
  const schema = integrationUpdate(deps.config.mode === 'sandbox' ? 'local_hosts' : 'no_local_hosts');
  routes.get('/v1/integration', ...caller, async (c) =>
    success(c, deps, { message: 'Integration retrieved successfully', data: await describe(deps, c) }),
  );
  routes.patch(
    '/v1/integration',
    recordPartnerRefusals(deps, 'integration.updated'),
    ...caller,
    boundedBody('application/json'),
    jsonBody(schema, validationError),
    async (c) => {
      await update(deps, c, c.req.valid('json'));
      return success(c, deps, { message: 'Integration updated successfully', data: await describe(deps, c) });
    },
  );
  return routes;
}

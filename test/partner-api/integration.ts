// An integration as its partner sees and changes it.

import type { Answer } from '../support/client.ts';
import type { Server } from '../support/partner-api.ts';
import type { Sample } from '../support/sample.ts';
import { callAsPartner, type Success } from './as-partner.ts';

export type Integration = {
  partner: { partner_id: string; name: string };
  organization: { organization_id: string; name: string };
  scopes: string[];
  embed_origins: string[];
  redirect_path_prefixes: string[];
  return_url: string | null;
  connected_at: string | null;
  created_at: string;
};

const PATH = '/v1/integration';

/** GET /v1/integration. @throws Error when it is refused */
export async function integrationOf(server: Server, sample: Sample): Promise<Integration> {
  const answer = await callAsPartner(server, sample, PATH);
  if (answer.status !== 200) throw new Error(`no integration: ${answer.status}`);
  return (answer.json as Success<Integration>).data;
}

/** PATCH /v1/integration, whatever comes of it. */
export async function askToChange(server: Server, sample: Sample, body: unknown): Promise<Answer> {
  return callAsPartner(server, sample, PATH, { method: 'PATCH', body });
}

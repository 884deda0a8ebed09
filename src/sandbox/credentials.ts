// The sample's secrets, kept in a file beside the sandbox's key: the sample practice needs them on each start, and a database
// keeps only their hashes. Made new where they are lost or over.

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { Config } from '../config.ts';
import type { Deps } from '../deps.ts';
import { timestamp } from '../foundation/clock.ts';
import { hashSecret } from '../foundation/ids.ts';
import { rotateCredential } from '../partners/credential.ts';
import { type CredentialOwner, findCredentialBySecret, isActiveCredential } from '../partners/credential-store.ts';
import type { SampleData, SampleIds } from './seed.ts';

/** By the names that every example reads. */
function credentialLines({ API_URL, PORTAL_URL }: Config, data: SampleData): string[] {
  const [first, second, third] = data.users;
  return [
    `HANDOFF_API_URL=${API_URL}`,
    `HANDOFF_PORTAL_URL=${PORTAL_URL}`,
    `HANDOFF_PARTNER_ID=${data.partner_id}`,
    `HANDOFF_PARTNER_SECRET=${data.partner_secret}`,
    `HANDOFF_ORGANIZATION_ID=${data.organization_id}`,
    `HANDOFF_ORGANIZATION_SECRET=${data.organization_secret}`,
    `HANDOFF_USER_ID=${first?.user_id ?? ''}`,
    `HANDOFF_SECOND_USER_ID=${second?.user_id ?? ''}`,
    `HANDOFF_SUSPENDED_USER_ID=${third?.user_id ?? ''}`,
  ];
}

const OWNER_ONLY = 0o600;

/** Writes them down, for their owner alone to read. */
export function keepCredentials(file: string, config: Config, data: SampleData): void {
  const text = `# The sandbox's sample credentials, by the names that the examples read.\n${credentialLines(config, data).join('\n')}\n`;
  writeFileSync(file, text, { mode: OWNER_ONLY });
  // The mode above is that of a new file.
  chmodSync(file, OWNER_ONLY);
}

type KeptSecrets = { partner_secret?: string | undefined; organization_secret?: string | undefined };

function readSecrets(file: string): KeptSecrets {
  if (!existsSync(file)) return {};
  const { HANDOFF_PARTNER_SECRET, HANDOFF_ORGANIZATION_SECRET } = parseEnv(readFileSync(file, 'utf8'));
  return { partner_secret: HANDOFF_PARTNER_SECRET, organization_secret: HANDOFF_ORGANIZATION_SECRET };
}

const OVERLAP_HOURS = 24;

/** The kept secret while it is good. A new one otherwise, which leaves the one in use good for a day, as the command does. */
async function goodSecret(deps: Deps, owner: CredentialOwner, kept: string | undefined): Promise<string> {
  const credential = kept === undefined ? undefined : await findCredentialBySecret(deps.db, hashSecret(kept));
  const is_own = credential?.partner_id === owner.partner_id && credential.organization_id === owner.organization_id;
  const is_good = is_own && isActiveCredential(credential, timestamp(deps.clock()));
  if (kept !== undefined && is_good) return kept;
  return (await rotateCredential(deps.db, { owner, overlap_hours: OVERLAP_HOURS }, deps)).secret;
}

/** The sample's secrets on a later start. */
export async function recoverSecrets(deps: Deps, file: string, ids: SampleIds): Promise<SampleData> {
  const kept = readSecrets(file);
  const { partner_id, organization_id } = ids;
  return {
    ...ids,
    partner_secret: await goodSecret(deps, { partner_id, organization_id: null }, kept.partner_secret),
    organization_secret: await goodSecret(deps, { partner_id, organization_id }, kept.organization_secret),
  };
}

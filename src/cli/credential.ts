import { type Command, InvalidArgumentError } from 'commander';
import { MAX_OVERLAP_HOURS, revokeCredential, rotateCredential } from '../partners/credential.ts';
import { type CredentialOwner, listCredentials } from '../partners/credential-store.ts';
import { getIntegration } from '../partners/integration.ts';
import { getPartner } from '../partners/partner.ts';
import type { Database } from '../db/database.ts';
import type { CredentialsTable } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { changeCommand, command, makers, noun, withDatabase } from './command.ts';
import { printMany, printOne, SHOWN_ONCE } from './output.ts';

type OwnerOptions = { partner: string; organization?: string; json?: boolean };

function ownerCommand(verb: string, description: string): Command {
  return command(verb, description)
    .requiredOption('--partner <partner_id>', 'whose secret')
    .option('--organization <organization_id>', 'the secret for this organization instead of the partner’s own');
}

async function getOwner(db: Database, { partner, organization }: OwnerOptions): Promise<CredentialOwner> {
  if (organization === undefined) await getPartner(db, partner);
  else await getIntegration(db, { partner_id: partner, organization_id: organization });
  return { partner_id: partner, organization_id: organization ?? null };
}

/** Without the hash: nobody needs to see it. */
function describeCredential({ secret_hash: _, ...row }: CredentialsTable) {
  return row;
}

const LIST_LIMIT = 100;

function list(): Command {
  return ownerCommand('list', 'list secrets: last four characters (hint), age, last use').action(
    async (options: OwnerOptions) => {
      const rows = await withDatabase(async (db) =>
        listCredentials(db, await getOwner(db, options), { limit: LIST_LIMIT, now: timestamp(makers.clock()) }),
      );
      const columns = ['credential_id', 'hint', 'created_at', 'last_used_at', 'expires_at', 'revoked_at'];
      printMany(options, rows.map(describeCredential), { things: 'secrets', columns });
    },
  );
}

function parseHours(text: string): number {
  const hours = Number(text);
  if (!Number.isInteger(hours) || hours < 0 || hours > MAX_OVERLAP_HOURS) {
    throw new InvalidArgumentError(`It must be a whole number of hours from 0 to ${MAX_OVERLAP_HOURS}.`);
  }
  return hours;
}

function rotate(): Command {
  return ownerCommand('rotate', 'make a new secret; the present one stays good for the overlap')
    .option('--overlap-hours <hours>', 'how long the present secret stays good', parseHours, 24)
    .action(async (options: OwnerOptions & { overlapHours: number }) => {
      const issued = await withDatabase(async (db) => {
        const owner = await getOwner(db, options);
        return rotateCredential(db, { owner, overlap_hours: options.overlapHours }, makers);
      });
      const { secret, ...rest } = issued;
      const name = options.organization === undefined ? 'partner_secret' : 'organization_secret';
      printOne(options, { ...rest, [name]: secret }, SHOWN_ONCE);
    });
}

const revoke = changeCommand({
  verb: 'revoke',
  description: 'end a secret at once',
  id: 'credential_id',
  state: 'revoked',
  change: revokeCredential,
});

export function credentialCommand(): Command {
  return noun('credential', 'secrets of partners and integrations', [list(), rotate(), revoke]);
}

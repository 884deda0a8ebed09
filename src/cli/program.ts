// The `handoff` command: a noun a file, the same functions as the API. What runs a server is handed in by main.ts.

import type { Command } from 'commander';
import { migrateDatabase } from '../db/migrate.ts';
import { auditCommand } from './audit.ts';
import { command, noun, withOpenDatabase } from './command.ts';
import { credentialCommand } from './credential.ts';
import { embedCommand } from './embed.ts';
import { integrationCommand } from './integration.ts';
import { keyCommand } from './key.ts';
import { organizationCommand } from './organization.ts';
import { type Output, printOne } from './output.ts';
import { partnerCommand } from './partner.ts';
import { sessionCommand } from './session.ts';
import { membershipCommand } from './membership.ts';
import { userCommand } from './user.ts';

export type Runners = { serve: () => Promise<void>; sandbox: (output: Output) => Promise<void> };

function migrateCommand(): Command {
  return command('migrate', 'bring the database up to date; serve does the same when it starts').action(
    async (options: Output) => {
      const migrated = await withOpenDatabase(migrateDatabase);
      printOne(options, { migrated }, migrated.length === 0 ? 'The database was up to date.' : 'Now up to date.');
    },
  );
}

const EXAMPLES = `
All commands but embed work on the database of DATABASE_URL (sqlite:./data/handoff.db unless it is set), beside a running service.

A new partner and clinic, from nothing to four credentials:
  handoff partner create --name 'Sample Practice Software'
  handoff organization create --name 'Sample Clinic'
  handoff integration enable --partner <partner_id> --organization <organization_id>
  handoff user create --organization <organization_id> --email pat@clinic.example \\
    --given-name Pat --family-name Provider --role provider`;

export function createProgram({ serve, sandbox }: Runners): Command {
  const program = noun('handoff', 'The sign-on front door of a clinical web portal.', [
    command('serve', 'run the service; settings come from the environment').action(serve),
    command('sandbox', 'run it on this machine with sample data and a sample portal').action(sandbox),
    migrateCommand(),
    partnerCommand(),
    organizationCommand(),
    integrationCommand(),
    credentialCommand(),
    userCommand(),
    membershipCommand(),
    keyCommand(),
    sessionCommand(),
    auditCommand(),
    embedCommand(),
  ]);
  return program.addHelpText('after', EXAMPLES);
}

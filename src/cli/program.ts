// The `handoff` command: a noun a file, the same functions as the API. What runs a server is handed in by main.ts.

import { Command } from 'commander';
import { parseDatabaseConfig } from '../config.ts';
import { openDatabase } from '../db/database.ts';
import { migrateDatabase } from '../db/migrate.ts';
import { auditCommand } from './audit.ts';
import { command, printOne } from './command.ts';
import { credentialCommand } from './credential.ts';
import { integrationCommand } from './integration.ts';
import { keyCommand } from './key.ts';
import { organizationCommand } from './organization.ts';
import { partnerCommand } from './partner.ts';
import { sessionCommand } from './session.ts';
import { membershipCommand, userCommand } from './user.ts';

export type Runners = { serve: () => Promise<void>; sandbox: () => Promise<void> };

function migrateCommand(): Command {
  return command('migrate', 'bring the database up to date; serve does the same when it starts').action(
    async (options: { json?: boolean }) => {
      const db = openDatabase(parseDatabaseConfig(process.env), () => undefined);
      try {
        const migrated = await migrateDatabase(db);
        printOne(
          options,
          { migrated },
          migrated.length === 0 ? 'The database was up to date.' : 'The database is up to date.',
        );
      } finally {
        await db.destroy();
      }
    },
  );
}

export function createProgram({ serve, sandbox }: Runners): Command {
  const program = new Command('handoff')
    .description('The sign-on front door of a clinical web portal.')
    .showHelpAfterError();
  program.addCommand(
    new Command('serve').description('run the service; settings come from the environment').action(serve),
  );
  program.addCommand(
    new Command('sandbox').description('run it on this machine with sample data and a sample portal').action(sandbox),
  );
  program.addCommand(migrateCommand());
  const nouns = [
    partnerCommand,
    organizationCommand,
    integrationCommand,
    credentialCommand,
    userCommand,
    membershipCommand,
  ];
  for (const create of [...nouns, keyCommand, sessionCommand, auditCommand]) program.addCommand(create());
  return program;
}

// The `handoff` command: a noun a file, the same functions as the API. What runs a server is handed in by main.ts.

import type { Command } from 'commander';
import { migrateDatabase } from '../db/migrate.ts';
import { command, noun, withOpenDatabase } from './command.ts';
import { type Output, printOne } from './output.ts';

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

/** Each noun's code is loaded when it is called: `serve` is to be up soon, and to hold no more than it works with. */
function nouns({ serve, sandbox }: Runners): Record<string, () => Promise<Command>> {
  return {
    serve: async () => command('serve', 'run the service; settings come from the environment').action(serve),
    sandbox: async () =>
      command('sandbox', 'run it on this machine with sample data and a sample portal').action(sandbox),
    migrate: async () => migrateCommand(),
    partner: async () => (await import('./partner.ts')).partnerCommand(),
    organization: async () => (await import('./organization.ts')).organizationCommand(),
    integration: async () => (await import('./integration.ts')).integrationCommand(),
    credential: async () => (await import('./credential.ts')).credentialCommand(),
    user: async () => (await import('./user.ts')).userCommand(),
    membership: async () => (await import('./membership.ts')).membershipCommand(),
    key: async () => (await import('./key.ts')).keyCommand(),
    session: async () => (await import('./session.ts')).sessionCommand(),
    audit: async () => (await import('./audit.ts')).auditCommand(),
    embed: async () => (await import('./embed.ts')).embedCommand(),
  };
}

/** The command with the one noun that is `called`, or with all where it is none of them. */
export async function createProgram(runners: Runners, called?: string): Promise<Command> {
  const all = new Map(Object.entries(nouns(runners)));
  const one = called === undefined ? undefined : all.get(called);
  const makers = one === undefined ? [...all.values()] : [one];
  const commands = await Promise.all(makers.map((make) => make()));
  return noun('handoff', 'The sign-on front door of a clinical web portal.', commands).addHelpText('after', EXAMPLES);
}

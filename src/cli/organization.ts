import type { Command } from 'commander';
import { createOrganization, resumeOrganization, suspendOrganization } from '../partners/organization.ts';
import { listOrganizations } from '../partners/store.ts';
import {
  changeCommand,
  command,
  listCommand,
  makers,
  noun,
  type PageOptions,
  parseChosenId,
  parseName,
  withDatabase,
} from './command.ts';
import { printMany, printOne } from './output.ts';

function create(): Command {
  return command('create', 'make an organization')
    .requiredOption('--name <name>', 'what clinicians know it by', parseName)
    .option('--id <organization_id>', 'choose the id instead of having one made', parseChosenId)
    .option('--parent <organization_id>', 'make it a part of this organization')
    .action(async (options: { name: string; id?: string; parent?: string; json?: boolean }) => {
      const { json: _, parent, ...rest } = options;
      const organization = { ...rest, ...(parent !== undefined && { parent_organization_id: parent }) };
      printOne(options, await withDatabase((db) => createOrganization(db, organization, makers)));
    });
}

function list(): Command {
  return listCommand('list organizations').action(async (options: PageOptions) => {
    const rows = await withDatabase((db) => listOrganizations(db, options));
    const columns = ['organization_id', 'name', 'parent_organization_id', 'created_at', 'suspended_at'];
    printMany(options, rows, { things: 'organizations', columns, limit: options.limit, cursor: ['organization_id'] });
  });
}

const suspend = changeCommand({
  verb: 'suspend',
  description: 'stop an organization and its sub-organizations; ends their sessions and unspent links',
  id: 'organization_id',
  state: 'suspended',
  change: suspendOrganization,
});

const resume = changeCommand({
  verb: 'resume',
  description: 'let a suspended organization work again',
  id: 'organization_id',
  state: 'active',
  change: resumeOrganization,
});

export function organizationCommand(): Command {
  return noun('organization', 'clinics, groups of clinics and parts of them', [create(), list(), suspend, resume]);
}

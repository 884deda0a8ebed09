import { type Command, InvalidArgumentError } from 'commander';
import { OperatorError } from '../foundation/operator-error.ts';
import { getOrganization } from '../partners/organization.ts';
import { parseProviderDetails, readProviderDetails } from '../provisioning/provider-details.ts';
import { ACCESS_ROLES, type AccessRole, parseAccessRoles } from '../users/roles.ts';
import { listMembers, type UserChange } from '../users/store.ts';
import {
  createUser,
  isEmailAddress,
  normalizeEmail,
  changeUser,
  deleteUser,
  releaseUser,
  resumeUser,
  suspendUser,
} from '../users/user.ts';
import {
  changeCommand,
  collect,
  command,
  listCommand,
  makers,
  noun,
  type PageOptions,
  parseName,
  withDatabase,
} from './command.ts';
import { parseRole } from './membership.ts';
import { type Output, printMany, printOne } from './output.ts';

function parseEmail(text: string): string {
  const email = normalizeEmail(text);
  if (isEmailAddress(email)) return email;
  throw new InvalidArgumentError('It must be an e-mail address.');
}

type CreateOptions = {
  organization: string;
  email: string;
  givenName: string;
  familyName: string;
  role: AccessRole[];
  json?: boolean;
};

function create(): Command {
  return command('create', 'make a user who is a member of an organization')
    .requiredOption('--organization <organization_id>', 'the organization')
    .requiredOption('--email <email>', 'unique within the top-level organization', parseEmail)
    .requiredOption('--given-name <name>', 'given name', parseName)
    .requiredOption('--family-name <name>', 'family name', parseName)
    .requiredOption('--role <role>', `one of ${ACCESS_ROLES.join(', ')}; repeatable`, collect(parseRole))
    .action(async ({ organization, email, givenName, familyName, role, ...output }: CreateOptions) => {
      const created = await withDatabase(async (db) => {
        const user = { email, given_name: givenName, family_name: familyName, access_roles: role };
        return createUser(db, { organization: await getOrganization(db, organization), ...user }, makers);
      });
      printOne(output, created);
    });
}

function list(): Command {
  return listCommand('list the members of an organization')
    .requiredOption('--organization <organization_id>', 'the organization')
    .action(async (options: PageOptions & { organization: string }) => {
      const members = await withDatabase(async (db) => {
        const { organization_id } = await getOrganization(db, options.organization);
        return listMembers(db, organization_id, options);
      });
      const rows = members.map((member) => ({
        ...member,
        access_roles: parseAccessRoles(member.access_roles),
        provider_details: parseProviderDetails(member.provider_details),
      }));
      const columns = [
        'user_id',
        'email',
        'given_name',
        'family_name',
        'access_roles',
        'partner_id',
        'created_at',
        'disabled_at',
        'suspended_at',
      ];
      printMany(options, rows, { things: 'users', columns, limit: options.limit, cursor: ['user_id'] });
    });
}

const suspend = changeCommand({
  verb: 'suspend',
  description: 'stop a user everywhere; ends sessions and unspent links',
  id: 'user_id',
  state: 'suspended',
  change: suspendUser,
});

const resume = changeCommand({
  verb: 'resume',
  description: 'let a suspended user sign on again',
  id: 'user_id',
  state: 'active',
  change: resumeUser,
});

const release = changeCommand({
  verb: 'release',
  description: 'make a user whom a partner made the organization’s own, seen by all its partners',
  id: 'user_id',
  state: 'the organization’s own',
  change: releaseUser,
});

const remove = changeCommand({
  verb: 'delete',
  description: 'remove a user everywhere, for good; ends sessions and unspent links',
  id: 'user_id',
  state: 'deleted',
  change: deleteUser,
});

function parseDetails(text: string): string {
  const details = readProviderDetails(text);
  if (details !== undefined) return JSON.stringify(details);
  throw new InvalidArgumentError('It must be a JSON object with the members of provider_details in openapi.yaml.');
}

type UpdateOptions = Output & {
  user: string;
  givenName?: string;
  familyName?: string;
  title?: string | false;
  phone?: string | false;
  providerDetails?: string | false;
};

/** False stands for the --no- form, which takes away what was there. */
function toChange({ givenName, familyName, title, phone, providerDetails }: UpdateOptions): UserChange {
  const change = { given_name: givenName, family_name: familyName };
  const removable = { title, phone, provider_details: providerDetails };
  const entries = [
    ...Object.entries(change),
    ...Object.entries(removable).map(([name, value]) => [name, value === false ? null : value]),
  ];
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function update(): Command {
  return command('update', 'change what is known of a user, in every organization')
    .requiredOption('--user <user_id>', 'the user')
    .option('--given-name <name>', 'given name', parseName)
    .option('--family-name <name>', 'family name', parseName)
    .option('--title <title>', 'title', parseName)
    .option('--no-title', 'none')
    .option('--phone <phone>', 'phone', parseName)
    .option('--no-phone', 'none')
    .option('--provider-details <json>', 'what a prescriber is registered as, the whole of it', parseDetails)
    .option('--no-provider-details', 'none')
    .action(async (options: UpdateOptions) => {
      const change = toChange(options);
      if (Object.keys(change).length === 0) throw new OperatorError('name what is to be changed, such as --given-name');
      await withDatabase((db) => changeUser(db, { user_id: options.user, change }, makers));
      printOne(options, { user_id: options.user, changed: Object.keys(change) });
    });
}

export function userCommand(): Command {
  return noun('user', 'people who sign on', [create(), list(), update(), suspend, resume, release, remove]);
}

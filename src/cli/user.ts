import { type Command, InvalidArgumentError } from 'commander';
import { getOrganization } from '../partners/organization.ts';
import { parseProviderDetails } from '../provisioning/provider-details.ts';
import { ACCESS_ROLES, type AccessRole, isAccessRole, parseAccessRoles } from '../users/roles.ts';
import { listMembers } from '../users/store.ts';
import {
  createUser,
  getUser,
  isEmailAddress,
  normalizeEmail,
  releaseUser,
  removeMembership,
  resumeUser,
  setMembership,
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
import { printMany, printOne } from './output.ts';

function parseEmail(text: string): string {
  const email = normalizeEmail(text);
  if (isEmailAddress(email)) return email;
  throw new InvalidArgumentError('It must be an e-mail address.');
}

function parseRole(text: string): AccessRole {
  if (isAccessRole(text)) return text;
  throw new InvalidArgumentError(`It must be one of ${ACCESS_ROLES.join(', ')}.`);
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

export function userCommand(): Command {
  return noun('user', 'people who sign on', [create(), list(), suspend, resume, release]);
}

type MembershipOptions = { user: string; organization: string; json?: boolean };

function membershipVerb(verb: string, description: string): Command {
  return command(verb, description)
    .requiredOption('--user <user_id>', 'the user')
    .requiredOption('--organization <organization_id>', 'the organization, or a sub-organization of it');
}

function set(): Command {
  return membershipVerb('set', 'make a user a member of an organization, or replace the roles there')
    .requiredOption('--role <role>', `one of ${ACCESS_ROLES.join(', ')}; repeatable`, collect(parseRole))
    .action(async (options: MembershipOptions & { role: AccessRole[] }) => {
      await withDatabase(async (db) => {
        const [user, organization] = [await getUser(db, options.user), await getOrganization(db, options.organization)];
        await setMembership(db, { user, organization, access_roles: options.role }, makers);
      });
      printOne(options, { user_id: options.user, organization_id: options.organization, access_roles: options.role });
    });
}

function remove(): Command {
  return membershipVerb('remove', 'end a membership, with its sessions and unspent links').action(
    async (options: MembershipOptions) => {
      const key = { user_id: options.user, organization_id: options.organization };
      const changed = await withDatabase(async (db) => {
        await getUser(db, key.user_id);
        await getOrganization(db, key.organization_id);
        return removeMembership(db, key, makers);
      });
      printOne(options, { ...key, changed }, changed ? 'Now removed.' : 'There was no such membership.');
    },
  );
}

export function membershipCommand(): Command {
  return noun('membership', 'what a user is in an organization', [set(), remove()]);
}

import { type Command, InvalidArgumentError } from 'commander';
import { getOrganization } from '../partners/organization.ts';
import { ACCESS_ROLES, type AccessRole, isAccessRole } from '../users/roles.ts';
import { getUser, removeMembership, setMembership } from '../users/user.ts';
import { collect, command, makers, noun, withDatabase } from './command.ts';
import { printOne } from './output.ts';

export function parseRole(text: string): AccessRole {
  if (isAccessRole(text)) return text;
  throw new InvalidArgumentError(`It must be one of ${ACCESS_ROLES.join(', ')}.`);
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

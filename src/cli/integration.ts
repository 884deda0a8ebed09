import { type Command, InvalidArgumentError } from 'commander';
import { isPathPrefix } from '../config.ts';
import type { IntegrationKey } from '../db/tables.ts';
import {
  describeIntegration,
  disableIntegration,
  enableIntegration,
  type IntegrationOptions,
} from '../partners/integration.ts';
import { getOrganization } from '../partners/organization.ts';
import { getPartner } from '../partners/partner.ts';
import { isScope, SCOPES, type Scope } from '../partners/scopes.ts';
import { type IntegrationFilter, listIntegrations } from '../partners/store.ts';
import { isEmbedOrigin, isReturnUrl } from '../partners/web-address.ts';
import { collect, command, listCommand, makers, noun, type PageOptions, withDatabase } from './command.ts';
import { type Output, printMany, printOne, SHOWN_ONCE } from './output.ts';

type Pair = Output & { partner: string; organization: string };

function key({ partner, organization }: Pair): IntegrationKey {
  return { partner_id: partner, organization_id: organization };
}

function pairCommand(verb: string, description: string): Command {
  return command(verb, description)
    .requiredOption('--partner <partner_id>', 'the partner')
    .requiredOption('--organization <organization_id>', 'the organization');
}

/** An origin that may frame the portal. */
function parseOrigin(text: string): string {
  if (isEmbedOrigin(text, 'local_hosts')) return text;
  throw new InvalidArgumentError('It must be an origin such as https://practice.example, without a path.');
}

function parseReturnUrl(text: string): string {
  if (isReturnUrl(text, 'local_hosts')) return text;
  throw new InvalidArgumentError('It must be an https:// URL.');
}

function parsePathPrefix(text: string): string {
  if (isPathPrefix(text)) return text;
  throw new InvalidArgumentError('It must be a path such as /dashboard/patients.');
}

function parseScope(text: string): Scope {
  if (isScope(text)) return text;
  throw new InvalidArgumentError(`It must be one of ${SCOPES.join(', ')}.`);
}

/** False stands for the --no- form, which takes back what was agreed before. */
type EnableOptions = Pair & {
  embedOrigin?: string[] | false;
  pathPrefix?: string[] | false;
  returnUrl?: string | false;
  scope?: Scope[] | false;
};

function toOptions({ embedOrigin, pathPrefix, returnUrl, scope }: EnableOptions): IntegrationOptions {
  return {
    ...(embedOrigin !== undefined && { embed_origins: embedOrigin || [] }),
    ...(pathPrefix !== undefined && { redirect_path_prefixes: pathPrefix || null }),
    ...(returnUrl !== undefined && { return_url: returnUrl || null }),
    ...(scope !== undefined && { scopes: scope || [] }),
  };
}

const KEPT = 'It was there before: its secret stays as it is. For a new one: handoff credential rotate';

function enable(): Command {
  return pairCommand('enable', 'enable a partner for an organization, or change what they have agreed')
    .option(
      '--embed-origin <origin>',
      'may show /embed pages in a frame; repeatable, replaces those before',
      collect(parseOrigin),
    )
    .option('--no-embed-origin', 'nobody may')
    .option(
      '--path-prefix <path>',
      'links may lead below this path only; repeatable, replaces those before',
      collect(parsePathPrefix),
    )
    .option('--no-path-prefix', 'links may lead wherever REDIRECT_PATH_PREFIXES allows (the default)')
    .option('--return-url <url>', 'where an error page leads back to', parseReturnUrl)
    .option('--no-return-url', 'error pages lead nowhere')
    .option(
      '--scope <scope>',
      `what its access tokens may be good for: ${SCOPES.join(', ')} (all of them by default); repeatable, replaces those before`,
      collect(parseScope),
    )
    .option('--no-scope', 'no access tokens: sign-on only')
    .action(async (options: EnableOptions) => {
      const enabled = await withDatabase((db) =>
        enableIntegration(db, { ...key(options), options: toOptions(options) }, makers),
      );
      printOne(options, enabled, enabled.organization_secret === null ? KEPT : SHOWN_ONCE);
    });
}

function disable(): Command {
  return pairCommand(
    'disable',
    'disable a partner for an organization; ends its sessions and unspent links there',
  ).action(async (options: Pair) => {
    const changed = await withDatabase((db) => disableIntegration(db, key(options), makers));
    printOne(options, { ...key(options), changed }, changed ? 'Now disabled.' : 'Was disabled already.');
  });
}

type ListOptions = PageOptions & Partial<Pair>;

function toFilter({ partner, organization }: Partial<Pair>): IntegrationFilter {
  return {
    ...(partner !== undefined && { partner_id: partner }),
    ...(organization !== undefined && { organization_id: organization }),
  };
}

/** `<organization_id>/<partner_id>`, as a list prints it. */
function parseCursor(text: string): IntegrationKey {
  const [organization_id, partner_id, ...rest] = text.split('/');
  if (organization_id && partner_id && rest.length === 0) return { organization_id, partner_id };
  throw new InvalidArgumentError('It must be <organization_id>/<partner_id>, as the list before ended with.');
}

const COLUMNS = [
  'organization_id',
  'partner_id',
  'embed_origins',
  'redirect_path_prefixes',
  'return_url',
  'scopes',
  'created_at',
  'connected_at',
  'disabled_at',
];

function list(): Command {
  return listCommand('list integrations', parseCursor)
    .option('--partner <partner_id>', 'of this partner')
    .option('--organization <organization_id>', 'of this organization')
    .action(async (options: Omit<ListOptions, 'after'> & { after?: IntegrationKey }) => {
      const { limit, after, partner, organization } = options;
      const rows = await withDatabase(async (db) => {
        if (partner !== undefined) await getPartner(db, partner);
        if (organization !== undefined) await getOrganization(db, organization);
        return listIntegrations(db, toFilter(options), { limit, ...(after && { after }) });
      });
      const cursor = ['organization_id', 'partner_id'];
      printMany(options, rows.map(describeIntegration), { things: 'integrations', columns: COLUMNS, limit, cursor });
    });
}

export function integrationCommand(): Command {
  return noun('integration', 'partners enabled for organizations', [enable(), disable(), list()]);
}

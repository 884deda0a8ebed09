import { type Command, InvalidArgumentError } from 'commander';
import { isPathPrefix } from '../config.ts';
import {
  disableIntegration,
  enableIntegration,
  type IntegrationOptions,
  describeIntegration,
} from '../partners/integration.ts';
import { type IntegrationFilter, type IntegrationKey, listIntegrations } from '../partners/store.ts';
import {
  collect,
  command,
  listCommand,
  makers,
  noun,
  type PageOptions,
  printMany,
  printOne,
  SHOWN_ONCE,
  withDatabase,
} from './command.ts';

type Pair = { partner: string; organization: string; json?: boolean };

function key({ partner, organization }: Pair): IntegrationKey {
  return { partner_id: partner, organization_id: organization };
}

function pairCommand(verb: string, description: string): Command {
  return command(verb, description)
    .requiredOption('--partner <partner_id>', 'the partner')
    .requiredOption('--organization <organization_id>', 'the organization');
}

/** An origin that may frame the portal: https, or http on this machine. */
function parseOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const local = url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url?.origin === text && (url.protocol === 'https:' || local)) return text;
  throw new InvalidArgumentError('It must be an origin such as https://practice.example, without a path.');
}

function parseReturnUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('It must be an https:// URL.');
}

function parsePathPrefix(text: string): string {
  if (isPathPrefix(text)) return text;
  throw new InvalidArgumentError('It must be a path such as /dashboard/patients.');
}

type EnableOptions = Pair & { embedOrigin?: string[]; pathPrefix?: string[]; returnUrl?: string };

function toOptions({ embedOrigin, pathPrefix, returnUrl }: EnableOptions): IntegrationOptions {
  return {
    ...(embedOrigin && { embed_origins: embedOrigin }),
    ...(pathPrefix && { redirect_path_prefixes: pathPrefix }),
    ...(returnUrl !== undefined && { return_url: returnUrl }),
  };
}

function enable(): Command {
  return pairCommand('enable', 'enable a partner for an organization, or change what they have agreed')
    .option('--embed-origin <origin>', 'may show the portal in a frame; repeatable', collect(parseOrigin))
    .option(
      '--path-prefix <path>',
      'the only paths it may link to; repeatable (default: all of the deployment)',
      collect(parsePathPrefix),
    )
    .option('--return-url <url>', 'where an error page leads back to', parseReturnUrl)
    .action(async (options: EnableOptions) => {
      const enabled = await withDatabase((db) =>
        enableIntegration(db, { ...key(options), options: toOptions(options) }, makers),
      );
      const kept = 'It was enabled before: its secret stays as it is. For a new one: handoff credential rotate';
      printOne(options, enabled, enabled.organization_secret === null ? kept : SHOWN_ONCE);
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
function toPage({ limit, after }: PageOptions): { limit: number; after?: IntegrationKey } {
  const [organization_id, partner_id] = after?.split('/') ?? [];
  return organization_id === undefined || partner_id === undefined
    ? { limit }
    : { limit, after: { organization_id, partner_id } };
}

function list(): Command {
  return listCommand('list integrations')
    .option('--partner <partner_id>', 'of this partner')
    .option('--organization <organization_id>', 'of this organization')
    .action(async (options: ListOptions) => {
      const rows = await withDatabase((db) => listIntegrations(db, toFilter(options), toPage(options)));
      printMany(options, rows.map(describeIntegration), { ...options, cursor: ['organization_id', 'partner_id'] });
    });
}

export function integrationCommand(): Command {
  return noun('integration', 'partners enabled for organizations', [enable(), disable(), list()]);
}

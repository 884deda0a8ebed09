import type { Command } from 'commander';
import { createPartner, resumePartner, suspendPartner } from '../partners/partner.ts';
import { listPartners } from '../partners/store.ts';
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
import { printMany, printOne, SHOWN_ONCE } from './output.ts';

function create(): Command {
  return command('create', 'make a partner and its secret')
    .requiredOption('--name <name>', 'what clinicians know it by', parseName)
    .option('--id <partner_id>', 'choose the id instead of having one made', parseChosenId)
    .action(async (options: { name: string; id?: string; json?: boolean }) => {
      const { json: _, ...partner } = options;
      printOne(options, await withDatabase((db) => createPartner(db, partner, makers)), SHOWN_ONCE);
    });
}

function list(): Command {
  return listCommand('list partners').action(async (options: PageOptions) => {
    const rows = await withDatabase((db) => listPartners(db, options));
    printMany(options, rows, { things: 'partners', limit: options.limit, cursor: ['partner_id'] });
  });
}

const suspend = changeCommand({
  verb: 'suspend',
  description: 'stop a partner; ends the sessions and unspent links it brought about',
  id: 'partner_id',
  state: 'suspended',
  change: suspendPartner,
});

const resume = changeCommand({
  verb: 'resume',
  description: 'let a suspended partner work again',
  id: 'partner_id',
  state: 'active',
  change: resumePartner,
});

export function partnerCommand(): Command {
  return noun('partner', 'vendors whose software hands clinicians over', [create(), list(), suspend, resume]);
}

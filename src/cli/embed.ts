// `handoff embed check`: Embed Doctor on the command line. Needs no settings and no database.

import type { Command } from 'commander';
import { examineEmbed } from '../embed-doctor/examine.ts';
import { parseAddress, parseOrigin, parseTarget } from '../embed-doctor/target.ts';
import { systemClock } from '../foundation/clock.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import { command, noun } from './command.ts';
import { reportText } from './embed-report.ts';
import type { Output } from './output.ts';

type CheckOptions = Output & { origin: string; page?: string; plain?: boolean };

// What a person waits for, and more than any page should be.
const LIMITS = { timeout: 10_000, size: 5_000_000 };

function check(): Command {
  return command('check', 'open an embed as a browser does, and say which header, cookie or origin is wrong')
    .argument('<url>', 'a redirect_url, which is spent, or the address of an embedded page')
    .requiredOption('--origin <origin>', 'of the page around the frame, such as https://practice.example')
    .option('--page <url>', 'address of that page, to check its headers and its iframe as well')
    .option('--plain', 'the page shows the link in an iframe of its own, without handoff-embed')
    .action(async (text: string, { origin, page, plain, json }: CheckOptions) => {
      const examination = {
        target: parseTarget(text),
        page_origin: parseOrigin(origin),
        page: page === undefined ? undefined : parseAddress(page, '--page'),
        speaks: plain !== true,
      };
      const report = await examineEmbed(examination, { limits: LIMITS, clock: systemClock });
      console.log(json === true ? JSON.stringify(report) : reportText(report));
      if (report.ok) return;
      throw new OperatorError(`the embed has ${report.counts.fault} fault${report.counts.fault === 1 ? '' : 's'}`);
    });
}

export function embedCommand(): Command {
  const examples = `
The link is opened twice: as a browser that keeps no cookie in the frame, which spends nothing, and as one that keeps
partitioned cookies, which spends it. Leaves with 0 when there is no fault, with 1 otherwise. Write the link in quotes.

  handoff embed check '<redirect_url>' --origin https://practice.example
  handoff embed check https://portal.example/embed/ --origin https://practice.example --page https://practice.example/`;
  return noun('embed', 'whether the portal can be shown on a partner’s page', [check().addHelpText('after', examples)]);
}

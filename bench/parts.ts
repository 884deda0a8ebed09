// `npm run bench:parts`: what the pieces of a hand-over cost by themselves, each in the ways in which it could be done. Prints a table,
// and writes parts.md.

import { writeFileSync } from 'node:fs';
import { argv, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { live } from './lifetime.ts';
import { describeMachine, type Machine, stayOn } from './measure/machine.ts';
import { databaseParts } from './parts/database.ts';
import { type Part, type Timed, timeParts } from './parts/part.ts';
import { signatureParts } from './parts/signatures.ts';
import { figure, table } from './report/table.ts';
import { openScratch } from './scratch.ts';

const OUT = fileURLToPath(new URL('parts.md', import.meta.url));

function partsPage(parts: readonly Timed[], machine: Machine): string {
  const rows = parts.flatMap(({ name, variants }) =>
    variants.map(({ name: variant, microseconds, ratio }) => [name, variant, figure(microseconds), figure(ratio)]),
  );
  const columns = [
    { title: 'what', align: 'left' },
    { title: 'how', align: 'left' },
    { title: 'µs', align: 'right' },
    { title: '× the first', align: 'right' },
  ] as const;
  return `# Parts of a hand-over

Written by \`npm run bench:parts\`: medians of rounds in which each way had its turn, in one process on one core, and medians of the ratios
within the rounds. What comes first is what Handoff does. Tight loops: in a server, between other work, each takes longer.

${table(columns, rows)}
${machine.processor}, ${machine.cores} cores, Linux ${machine.kernel}, ${machine.file_system}; Node ${machine.node}; commit ${machine.commit}.
`;
}

await live(async () => {
  const { values } = parseArgs({ args: argv.slice(2), options: { rounds: { type: 'string', default: '15' } } });
  stayOn('0');
  const folder = openScratch();
  const parts: Part[] = [...signatureParts(), ...(await databaseParts(folder))];
  const page = partsPage(await timeParts(parts, Number(values.rounds)), describeMachine(folder));
  writeFileSync(OUT, page);
  stdout.write(page);
  return 0;
});

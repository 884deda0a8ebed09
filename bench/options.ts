// The command line of bench and bench:quick.

import { parseArgs } from 'node:util';
import { UsageError } from './lifetime.ts';
import type { Generator } from './load/load.ts';

export const PARTS = ['cases', 'paced', 'two', 'memory'] as const;
export type Part = (typeof PARTS)[number];

export type Options = {
  quick: boolean;
  parts: ReadonlySet<Part>;
  rounds: number;
  seconds: number;
  starts: number;
  /** Cases by name; floors take part whatever it says. */
  only: RegExp;
  /** Requests of the memory part. */
  requests: number;
  generator: Generator | undefined;
  cores: { server: string; load: string };
  scratch: string | undefined;
  /** Undefined: print only. */
  write: string | undefined;
};

export const USAGE = `npm run bench -- [options]

  --quick               fewer contestants and shorter rounds, under a minute; prints only
  --parts LIST          of ${PARTS.join(', ')} (default: all; prints only unless all of them run)
  --rounds N            rounds of each case (7; quick: 2)
  --seconds N           length of a round (5; quick: 1)
  --starts N            times each process is started (5; quick: 1)
  --only PATTERN        cases whose name matches, and the floors
  --requests N          of the memory part (1000000)
  --load wrk|autocannon (wrk where it is installed)
  --cores SERVER,LOAD   (0,1)
  --scratch FOLDER      where databases and logs are kept during the run (a temporary folder)
  --write FILE          where the page goes (bench/results.md, when everything has run)
`;

function wholeNumber(text: string | undefined, otherwise: number, name: string): number {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${name} must be a whole number from 1`);
  return Number(text);
}

function parseParts(text: string | undefined, quick: boolean): Set<Part> {
  if (text === undefined) return new Set(quick ? ['cases', 'paced'] : PARTS);
  const parts = text.split(',').map((name) => PARTS.find((part) => part === name));
  if (parts.includes(undefined)) throw new UsageError(`--parts must be of ${PARTS.join(', ')}`);
  return new Set(parts.filter((part) => part !== undefined));
}

function parseCores(text = '0,1'): { server: string; load: string } {
  const [, server, load] = /^(\d+),(\d+)$/.exec(text) ?? [];
  if (server === undefined || load === undefined || server === load)
    throw new UsageError('--cores must be two different cores');
  return { server, load };
}

function parseGenerator(text: string | undefined): Generator | undefined {
  if (text !== undefined && text !== 'wrk' && text !== 'autocannon')
    throw new UsageError('--load must be wrk or autocannon');
  return text;
}

const RESULTS = new URL('results.md', import.meta.url).pathname;

/** Whole runs alone replace the page. */
function writesByItself(values: {
  parts?: string | undefined;
  only?: string | undefined;
  quick?: boolean | undefined;
}) {
  return values.parts === undefined && values.only === undefined && values.quick !== true;
}

/** Undefined when help is asked for. @throws with a sentence about what is wrong */
export function parseOptions(args: string[]): Options | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args,
    options: {
      help: flag,
      quick: flag,
      parts: text,
      rounds: text,
      seconds: text,
      starts: text,
      only: text,
      requests: text,
      load: text,
      cores: text,
      scratch: text,
      write: text,
    },
  });
  if (values.help === true) return undefined;
  const quick = values.quick === true;
  return {
    quick,
    parts: parseParts(values.parts, quick),
    rounds: wholeNumber(values.rounds, quick ? 2 : 7, 'rounds'),
    seconds: wholeNumber(values.seconds, quick ? 1 : 5, 'seconds'),
    starts: wholeNumber(values.starts, quick ? 1 : 5, 'starts'),
    only: new RegExp(values.only ?? ''),
    requests: wholeNumber(values.requests, 1_000_000, 'requests'),
    generator: parseGenerator(values.load),
    cores: parseCores(values.cores),
    scratch: values.scratch,
    write: values.write ?? (writesByItself(values) ? RESULTS : undefined),
  };
}

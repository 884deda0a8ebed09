// Handoff's server, with a sweep when it is told to instead of every ten minutes: SIGUSR2 starts one, and its begin and end (Unix
// milliseconds) are written to SWEEPS as a line of JSON. Otherwise what `handoff serve` is.

import { appendFileSync } from 'node:fs';
import process, { env } from 'node:process';
import { parseConfig } from '../../src/config.ts';
import { startServer } from '../../src/server.ts';
import { sweep } from '../../src/sweep.ts';

const server = await startServer(parseConfig(env, 'production'));

async function sweepNow(): Promise<void> {
  const begin = Date.now();
  await sweep(server.deps);
  appendFileSync(env['SWEEPS'] ?? '', `${JSON.stringify([begin, Date.now()])}\n`);
}

process.on('SIGUSR2', () => void sweepNow());
process.on('SIGTERM', () => void server.close());

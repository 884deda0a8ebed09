#!/usr/bin/env node
// The process entry: the `handoff` command, and the life of the server that `serve` and `sandbox` start.

import { runCommandLine } from './cli/run.ts';
import { parseConfig } from './config.ts';
import { firstStartText, laterStartText, sandboxUrls } from './sandbox/banner.ts';
import { findSampleIds, seedSandbox } from './sandbox/seed.ts';
import { sandboxVariables } from './sandbox/settings.ts';
import { type RunningServer, startServer } from './server.ts';

/** Drains on the first signal; a second one ends the process at once. */
function closeOnSignal({ deps, close }: RunningServer): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    deps.log.info({ signal }, 'draining');
    void close().then(
      () => deps.log.info('stopped'),
      (err: unknown) => deps.log.error({ err }, 'could not stop cleanly'),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function serve(): Promise<void> {
  const server = await startServer(parseConfig(process.env, 'production'));
  server.deps.log.info({ port: server.port, host: server.deps.config.HOST }, 'listening');
  closeOnSignal(server);
}

async function sandbox({ json }: { json?: boolean }): Promise<void> {
  const server = await startServer(parseConfig(sandboxVariables(process.env), 'sandbox'));
  const { config } = server.deps;
  const data = await seedSandbox(server.deps);
  if (json === true) process.stdout.write(`${JSON.stringify({ ...sandboxUrls(config), ...data })}\n`);
  else
    process.stdout.write(
      data === undefined ? laterStartText(config, await findSampleIds(server.deps)) : firstStartText(config, data),
    );
  closeOnSignal(server);
}

// The database file and its neighbours hold people's data: nobody else on the machine has business in them.
process.umask(0o077);

// `handoff audit list | head` closes the pipe when it has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2), { serve, sandbox });

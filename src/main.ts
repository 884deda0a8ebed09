#!/usr/bin/env node
// The process entry: the `handoff` command, and the life of the server that `serve` and `sandbox` start.

import { createProgram } from './cli/program.ts';
import { ConfigError, parseConfig } from './config.ts';
import { OperatorError } from './foundation/operator-error.ts';
import { firstStartText, laterStartText } from './sandbox/banner.ts';
import { seedSandbox } from './sandbox/seed.ts';
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

async function sandbox(): Promise<void> {
  const server = await startServer(parseConfig(sandboxVariables(process.env), 'sandbox'));
  const { config } = server.deps;
  const data = await seedSandbox(server.deps);
  process.stdout.write(data === undefined ? laterStartText(config) : firstStartText(config, data));
  closeOnSignal(server);
}

/** One sentence for what the operator can mend; everything for what only we can. */
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof OperatorError) return error.message;
  if (error instanceof Error && 'code' in error) return `${String(error.code)}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

try {
  await createProgram({ serve, sandbox }).parseAsync();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}

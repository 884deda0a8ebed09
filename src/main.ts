// The process behind bin/handoff.mjs: the `handoff` command, and the life of the server that `serve` and `sandbox` start.

import { runCommandLine } from './cli/run.ts';
import { parseConfig } from './config.ts';
import { stopOnSignal } from './foundation/stop-on-signal.ts';

async function serve(): Promise<void> {
  const { startServer } = await import('./server.ts');
  const server = await startServer(parseConfig(process.env, 'production'));
  // Before it says that it listens: whoever has read that may stop it.
  stopOnSignal(server.deps.log, server.close);
  server.deps.log.info({ port: server.port, host: server.deps.config.HOST }, 'listening');
}

/** Without the sample practice, which is of the demonstration: demo/start.ts. */
async function sandbox({ json }: { json?: boolean }): Promise<void> {
  const { startServer } = await import('./server.ts');
  const { startSandbox } = await import('./sandbox/start.ts');
  const { bannerJson, bannerText } = await import('./sandbox/banner.ts');
  const { server, ...started } = await startSandbox(process.env, startServer);
  const { config, log } = server.deps;
  const shown = { ...started, practice_url: undefined };
  stopOnSignal(log, server.close);
  process.stdout.write(json === true ? bannerJson(config, shown) : bannerText(config, shown));
}

// The database file and its neighbours hold people's data: nobody else on the machine has business in them.
process.umask(0o077);

// `handoff audit list | head` closes the pipe when it has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2), { serve, sandbox });

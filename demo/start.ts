// `npm start`: Handoff's sandbox with the sample portal, and the sample practice beside it on an origin of its own, in one process.
// Takes --json and --help as `handoff sandbox` does.

import { runCommandLine } from '../src/cli/run.ts';
import { OperatorError } from '../src/foundation/operator-error.ts';
import { stopOnSignal } from '../src/foundation/stop-on-signal.ts';
import { bannerJson, bannerText } from '../src/sandbox/banner.ts';
import type { SampleData } from '../src/sandbox/seed.ts';
import { type Sandbox, startSandbox } from '../src/sandbox/start.ts';
import { type RunningServer, startServer } from '../src/server.ts';
import { type RunningPractice, startPractice } from './practice/server.ts';

function practiceSettings({ server }: Sandbox<RunningServer>, sample: SampleData) {
  const { API_URL, PORTAL_URL } = server.deps.config;
  const [first, second, third] = sample.users;
  return {
    api_url: API_URL,
    portal_url: PORTAL_URL,
    partner_id: sample.partner_id,
    partner_secret: sample.partner_secret,
    organization_id: sample.organization_id,
    organization_secret: sample.organization_secret,
    user_id: first?.user_id ?? '',
    second_user_id: second?.user_id,
    suspended_user_id: third?.user_id,
  };
}

/** Undefined where there is no sample to work with. @throws OperatorError when its port is taken */
async function startBeside(sandbox: Sandbox<RunningServer>): Promise<RunningPractice | undefined> {
  const { sample, practice_url, server } = sandbox;
  if (sample === undefined) return undefined;
  const port = Number(new URL(practice_url).port);
  const log = (line: string) => server.deps.log.info({ practice: line }, 'practice');
  try {
    return await startPractice({ settings: practiceSettings(sandbox, sample), port, log });
  } catch (error) {
    await server.close();
    const is_taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!is_taken) throw error;
    const sentence = `the port ${port} of the sample practice is taken: stop what listens there, or set DEMO_PORT to another`;
    throw new OperatorError(sentence);
  }
}

async function demonstrate({ json }: { json?: boolean }): Promise<void> {
  const sandbox = await startSandbox(process.env, startServer);
  const practice = await startBeside(sandbox);
  const { config, log } = sandbox.server.deps;
  // Before the banner: whoever has read it may stop us.
  stopOnSignal(log, async () => {
    // The practice first: what it is about to answer it asks Handoff for.
    await practice?.close();
    await sandbox.server.close();
  });
  const shown = { ...sandbox, practice_url: practice?.url };
  process.stdout.write(json === true ? bannerJson(config, shown) : bannerText(config, shown));
}

// The database file and its neighbours hold people's data: nobody else on the machine has business in them.
process.umask(0o077);

async function serve(): Promise<void> {
  throw new OperatorError('production is started with: npm run serve');
}

process.exitCode = await runCommandLine(['sandbox', ...process.argv.slice(2)], { serve, sandbox: demonstrate });

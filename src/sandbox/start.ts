// A sandbox from its environment to what its banner tells: the server, sample data on the first start, the sample's credentials on
// every one, and the sample practice's address registered, whichever port it has today.

import { type Config, parseConfig } from '../config.ts';
import type { Deps } from '../deps.ts';
import { OPERATOR, recordEvent } from '../audit/audit.ts';
import { describeIntegration, getIntegration, toChange } from '../partners/integration.ts';
import { updateIntegration } from '../partners/store.ts';
import { MAX_EMBED_ORIGINS } from '../partners/web-address.ts';
import { keepCredentials, recoverSecrets } from './credentials.ts';
import { findSampleIds, isSample, type SampleData, type SampleIds, seedSandbox } from './seed.ts';
import { credentialsFile, practiceUrl, sandboxVariables, type Variables } from './settings.ts';

export type Sandbox<Server> = {
  server: Server;
  /** What was made just now, on the first start. */
  seeded: SampleData | undefined;
  /** What the sample practice works with; undefined where somebody has made partners of their own first. */
  sample: SampleData | undefined;
  /** Those of the first integration there is; undefined where there is none. */
  ids: SampleIds | undefined;
  /** Where the credentials are. */
  credentials_file: string;
  /** Where the sample practice is, or would be. */
  practice_url: string;
};

/** The address is the sandbox's own to change, unless somebody has set one that is not of this machine. */
function isOwnReturnUrl(return_url: string | null): boolean {
  return return_url === null || /^http:\/\/127\.0\.0\.1:\d+\/$/.test(return_url);
}

/** Registers the practice's origin, beside those that somebody has added. */
async function registerPractice(deps: Deps, { partner_id, organization_id }: SampleIds, url: string): Promise<void> {
  const key = { partner_id, organization_id };
  const { embed_origins, return_url } = describeIntegration(await getIntegration(deps.db, key));
  const wanted = isOwnReturnUrl(return_url) ? `${url}/` : return_url;
  if (embed_origins.includes(url) && return_url === wanted) return;
  const others = embed_origins.filter((origin) => origin !== url);
  const change = { embed_origins: [...others, url].slice(-MAX_EMBED_ORIGINS), return_url: wanted };
  await deps.db.transaction().execute(async (tx) => {
    await updateIntegration(tx, key, toChange(change));
    await recordEvent(tx, { ...OPERATOR, action: 'integration.updated', ...key, detail: change }, deps);
  });
}

/** `start` is the server's own; it is handed in because the server stands above the sandbox. */
export async function startSandbox<Server extends { deps: Deps; close: () => Promise<void> }>(
  environment: Variables,
  start: (config: Config) => Promise<Server>,
): Promise<Sandbox<Server>> {
  const variables = sandboxVariables(environment);
  const config = parseConfig(variables, 'sandbox');
  const [practice_url, credentials_file] = [practiceUrl(variables), credentialsFile(variables)];
  const server = await start(config);
  try {
    const { deps } = server;
    const seeded = await seedSandbox(deps, practice_url);
    const ids = seeded ?? (await findSampleIds(deps));
    const is_sample = ids !== undefined && (await isSample(deps, ids));
    const sample = seeded ?? (is_sample ? await recoverSecrets(deps, credentials_file, ids) : undefined);
    if (sample !== undefined) {
      await registerPractice(deps, sample, practice_url);
      keepCredentials(credentials_file, config, sample);
    }
    return { server, seeded, sample, ids, credentials_file, practice_url };
  } catch (error) {
    await server.close();
    throw error;
  }
}

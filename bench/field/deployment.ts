// Deployments of Handoff to measure: settings, database, sample people, and the program to start. What it is asked is in handoff.ts.

import packageJson from '../../package.json' with { type: 'json' };
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { migrateDatabase } from '../../src/db/migrate.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemRandom } from '../../src/foundation/ids.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { createOrganization, getOrganization } from '../../src/partners/organization.ts';
import { createPartner } from '../../src/partners/partner.ts';
import { createUser } from '../../src/users/user.ts';
import { freePort } from '../../test/support/ports.ts';
import type { Program } from '../measure/process.ts';
import { type Engine, ENGINES } from './engines.ts';
import { mintRequest, type SampleCaller } from './sample.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const USERS = 1000;

/** A user and the partner and organization that may act for it. */
export type SampleUser = { caller: SampleCaller; user_id: string };

const MAKERS = { clock: systemClock, random: systemRandom };

/** The settings of one deployment; its URLs are those of the port it will listen on. */
export async function newDeployment(
  database_url: string,
): Promise<{ port: number; variables: Record<string, string> }> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const MASTER_KEY = randomBytes(32).toString('base64');
  return { port, variables: { DATABASE_URL: database_url, API_URL: url, PORTAL_URL: url, MASTER_KEY } };
}

/** Opens a deployment's database as the product does, migrated. */
export async function openDeployment(variables: Record<string, string>): Promise<Database> {
  const db = openDatabase(parseConfig(variables, 'production').DATABASE_URL, () => undefined);
  await migrateDatabase(db);
  return db;
}

/** A partner enabled for organizations, made by what the command line uses. */
export async function createCallers(db: Database, organizations: number): Promise<SampleCaller[]> {
  const { partner_id, partner_secret } = await createPartner(db, { name: 'Sample Practice Software' }, MAKERS);
  const callers: SampleCaller[] = [];
  for (let index = 0; index < organizations; index += 1) {
    const { organization_id } = await createOrganization(db, { name: `Sample Clinic ${index + 1}` }, MAKERS);
    const { organization_secret } = await enableIntegration(db, { partner_id, organization_id, options: {} }, MAKERS);
    callers.push({ partner_id, partner_secret, organization_id, organization_secret: organization_secret ?? '' });
  }
  return callers;
}

/** A thousand users of one clinic. */
export async function createSampleUsers(db: Database): Promise<SampleUser[]> {
  const [caller] = await createCallers(db, 1);
  if (caller === undefined) throw new Error('no caller');
  const organization = await getOrganization(db, caller.organization_id);
  const users: SampleUser[] = [];
  for (let index = 0; index < USERS; index += 1) {
    const name = { given_name: 'Pat', family_name: `Provider ${index}`, email: `pat.provider.${index}@clinic.example` };
    const { user_id } = await createUser(db, { organization, ...name, access_roles: ['provider'] }, MAKERS);
    users.push({ caller, user_id });
  }
  return users;
}

/** What `npm run serve` tells Node, and the program. */
const [, ...SERVE] = packageJson.scripts.serve.split(' ');

/** The same for a program of the bench's own. */
export function servedAs(file: string): string[] {
  return [...SERVE.filter((part) => part.startsWith('--')), file];
}

/** `npm run serve` as a program on a deployment. */
export function handoffProgram(
  engine: Engine,
  { port, variables, users }: { port: number; variables: Record<string, string>; users: readonly SampleUser[] },
): Program {
  const [first] = users;
  if (first === undefined) throw new Error('no users');
  return {
    name: `Handoff on ${ENGINES[engine]}`,
    port,
    args: SERVE,
    cwd: ROOT,
    env: variables,
    probe: mintRequest(first.caller, first.user_id),
    probe_status: 200,
  };
}

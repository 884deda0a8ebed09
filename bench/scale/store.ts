// The filled databases of bench:scale: made once in the scratch folder and found again the next time.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Postgres } from '../database/postgres.ts';
import { type Engine, ENGINES } from '../field/engines.ts';
import { createCallers, openDeployment, type SampleUser } from '../field/deployment.ts';
import type { SampleCaller } from '../field/sample.ts';
import { freePort } from '../../test/support/ports.ts';
import { openEngine } from './engine.ts';
import { fill, userMoment } from './fill.ts';
import { diskBytes, idOf, scattered, type Size, sizeOf } from './size.ts';

/** Filled receipts and sessions are of days before the filling, and are swept some days after it. */
const GOOD_FOR_MILLISECONDS = 8 * 86_400_000;
/** Users whose requests are sent. */
const SAMPLE = 20_000;

type Marker = { now: number; master_key: string; bytes: number; callers: SampleCaller[] };

export type FilledDatabase = {
  engine: Engine;
  size: Size;
  database_url: string;
  variables: Record<string, string>;
  port: number;
  users: SampleUser[];
  bytes: number;
};

export type Store = { folder: string; postgres: Postgres | undefined; progress: (line: string) => void };

/** Where PostgreSQL keeps its files. */
export function clusterIn(folder: string): string {
  return join(folder, 'cluster');
}

const OURS = /^scale-\d+(-sqlite\.json|-postgres\.json|\.db|\.db-wal|\.db-shm)$/;

/** Deletes the filled databases in a folder, and nothing else that somebody may have there. */
export function deleteFilled(folder: string): void {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => OURS.test(name)) : [];
  for (const name of names) rmSync(join(folder, name));
  rmSync(clusterIn(folder), { recursive: true, force: true });
}

const COUNTS = new Intl.NumberFormat('en', { notation: 'compact' });

export function nameOf(engine: Engine, { users }: Size): string {
  return `${COUNTS.format(users)} users on ${ENGINES[engine]}`;
}

function readMarker(file: string): Marker | undefined {
  if (!existsSync(file) || Date.now() - statSync(file).mtimeMs > GOOD_FOR_MILLISECONDS) return undefined;
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** @throws when the disk is too small for it */
function requireSpace(folder: string, size: Size): void {
  const { bavail, bsize } = statfsSync(folder);
  const [free, needed] = [bavail * bsize, diskBytes(size)].map((bytes) => (bytes / 1e9).toFixed(1));
  if (bavail * bsize >= diskBytes(size)) return;
  throw new Error(
    `${size.users} users need about ${needed} GB in ${folder}, and ${free} GB are free: --users takes less`,
  );
}

async function urlOf({ folder, postgres }: Store, engine: Engine, { users }: Size) {
  if (engine === 'sqlite') {
    const file = join(folder, `scale-${users}.db`);
    return { url: `sqlite:${file}`, file, is_new: !existsSync(file) };
  }
  if (postgres === undefined) throw new Error('no PostgreSQL');
  return { ...(await postgres.database(`handoff_scale_${users}`)), file: '' };
}

async function make(store: Store, engine: Engine, size: Size): Promise<Marker> {
  requireSpace(store.folder, size);
  store.progress(`filling ${nameOf(engine, size)}`);
  if (engine === 'postgres') await store.postgres?.drop(`handoff_scale_${size.users}`);
  const { url, file } = await urlOf(store, engine, size);
  for (const suffix of ['', '-wal', '-shm']) if (file !== '') rmSync(file + suffix, { force: true });
  const master_key = randomBytes(32).toString('base64');
  const db = await openDeployment(variablesOf(url, { master_key, port: 0 }));
  const callers = await createCallers(db, size.organizations);
  await db.destroy();
  const now = Date.now();
  const filler = await openEngine(url);
  await filler.hurry();
  await fill(filler, { size, callers, now }, store.progress);
  await filler.settle();
  const bytes = await filler.bytes();
  await filler.close();
  return { now, master_key, bytes, callers };
}

function variablesOf(database_url: string, { master_key, port }: { master_key: string; port: number }) {
  const url = `http://localhost:${port}`;
  return { DATABASE_URL: database_url, API_URL: url, PORTAL_URL: url, MASTER_KEY: master_key };
}

function sampleUsers(size: Size, { now, callers }: Marker): SampleUser[] {
  return scattered(size.users, SAMPLE).flatMap((n) => {
    const caller = callers[n % size.organizations];
    return caller === undefined ? [] : [{ caller, user_id: idOf('usr', n, userMoment({ size, now }, n)) }];
  });
}

/** The database of a size, made if it is not there or too old. */
export async function openFilled(store: Store, engine: Engine, users: number): Promise<FilledDatabase> {
  mkdirSync(store.folder, { recursive: true });
  const size = sizeOf(users);
  const marker_file = join(store.folder, `scale-${users}-${engine}.json`);
  const found = readMarker(marker_file);
  const there = await urlOf(store, engine, size);
  const marker = found === undefined || there.is_new ? await make(store, engine, size) : found;
  if (marker !== found) writeFileSync(marker_file, JSON.stringify(marker), { mode: 0o600 });
  const port = await freePort();
  const variables = variablesOf(there.url, { ...marker, port });
  return {
    engine,
    size,
    database_url: there.url,
    variables,
    port,
    users: sampleUsers(size, marker),
    bytes: marker.bytes,
  };
}

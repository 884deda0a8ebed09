// Mints and checks of sessions on databases of all sizes, side by side.

import { type Engine, type Operation, OPERATIONS } from '../field/engines.ts';
import { handoffProgram, openDeployment } from '../field/deployment.ts';
import { handoffCases } from '../field/handoff.ts';
import { type RunningProgram, startProgram } from '../measure/process.ts';
import type { Loading, Round, Subject } from '../measure/round.ts';
import { type Plan, type Progress, runRounds } from '../measure/rounds.ts';
import { type FilledDatabase, nameOf } from './store.ts';

export type GrowthResult = {
  engine: Engine;
  operation: Operation;
  users: number;
  audit_rows: number;
  bytes: number;
  rounds: Round[];
};

type Entry = { subject: Subject; result: Omit<GrowthResult, 'rounds'> };

async function enter(filled: FilledDatabase, place: { cores: string; folder: string }) {
  const { engine, size, bytes } = filled;
  const name = nameOf(engine, size);
  const db = await openDeployment(filled.variables);
  const server = await startProgram({ ...handoffProgram(engine, filled), name }, place);
  const entries = handoffCases(engine, { ...filled, db }).flatMap((one): Entry[] => {
    if (one.kind !== 'mint' && one.kind !== 'verify') return [];
    const result = { engine, operation: one.kind, users: size.users, audit_rows: size.audit_rows, bytes };
    return [{ subject: { one: { ...one, name: `${OPERATIONS[one.kind]}, ${name}` }, server }, result }];
  });
  return { entries, server, db };
}

/** One process a database, all of them on the server's core, measured in turn. */
export async function measureGrowth(
  databases: readonly FilledDatabase[],
  plan: Plan,
  { loading, cores, progress }: { loading: Loading; cores: string; progress: Progress },
): Promise<GrowthResult[]> {
  const entered: { entries: Entry[]; server: RunningProgram; db: { destroy: () => Promise<void> } }[] = [];
  try {
    for (const filled of databases) entered.push(await enter(filled, { cores, folder: loading.folder }));
    const entries = entered.flatMap((one) => one.entries);
    const rounds = await runRounds(
      entries.map(({ subject }) => subject),
      plan,
      { loading, progress },
    );
    return entries.map(({ subject, result }) => ({ ...result, rounds: rounds.get(subject.one.name) ?? [] }));
  } finally {
    for (const { server, db } of entered) {
      await server.stop();
      await db.destroy();
    }
  }
}

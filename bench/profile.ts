// `npm run bench:profile`: where Handoff's processor time goes for a mint, a redemption and a session check on SQLite, by V8's sampling
// profiler. Prints a table, and writes profile.md.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { createHandoff } from './field/handoff.ts';
import { live } from './lifetime.ts';
import { describeMachine, isInstalled, type Machine, stayOn } from './measure/machine.ts';
import { startProgram } from './measure/process.ts';
import { type Loading, runRound } from './measure/round.ts';
import { AREAS, type Profile, sharesOf } from './report/profile.ts';
import { table } from './report/table.ts';
import { openScratch } from './scratch.ts';

const OUT = fileURLToPath(new URL('profile.md', import.meta.url));
const CASES = ['Handoff mint, SQLite', 'Handoff redeem, SQLite', 'Handoff /auth/verify, SQLite'];
/** The first is compiled code's to get warm in; the profile of it all is cut down to the last. */
const ROUNDS = [{ seconds: 12 }, { seconds: 8 }];
const EXPECTED_PER_SECOND = 4_000;

type Shares = { name: string; shares: ReadonlyMap<string, number> };

async function profileCase(name: string, folder: string, loading: Loading): Promise<Shares> {
  const handoff = await createHandoff('sqlite', `sqlite:${join(folder, `${name.replaceAll(/\W+/g, '-')}.db`)}`);
  const one = handoff.cases.find((each) => each.name === name);
  if (one === undefined) throw new Error(`no case ${name}`);
  const profiles = join(folder, name.replaceAll(/\W+/g, '-'));
  const args = ['--cpu-prof', `--cpu-prof-dir=${profiles}`, '--cpu-prof-interval=500', ...handoff.args];
  const server = await startProgram({ ...handoff, args }, { cores: '0', folder });
  for (const { seconds } of ROUNDS) {
    const { wrong } = await runRound({ one, server }, { seconds, expected: EXPECTED_PER_SECOND }, loading);
    if (wrong.length > 0) throw new Error(wrong.join('; '));
  }
  await server.stop();
  await handoff.close();
  const [file = ''] = readdirSync(profiles);
  const profile: Profile = JSON.parse(readFileSync(join(profiles, file), 'utf8'));
  return { name, shares: sharesOf(profile, (ROUNDS.at(-1)?.seconds ?? 0) - 2) };
}

function profilePage(cases: readonly Shares[], machine: Machine): string {
  const columns = [
    { title: '% of busy time', align: 'left' },
    ...cases.map(({ name }) => ({ title: name, align: 'right' as const })),
  ] as const;
  const rows = AREAS.map(({ name }) => [
    name,
    ...cases.map(({ shares }) => ((shares.get(name) ?? 0) * 100).toFixed(1)),
  ]);
  return `# Where the time goes

Written by \`npm run bench:profile\`: samples of V8's profiler, two a millisecond, over the last seconds of a load with 32 connections. A
sample counts for whatever runs in it, native code under the function that called it; waiting for the disk is part of "commit".

${table(columns, rows)}
${machine.processor}, ${machine.cores} cores, Linux ${machine.kernel}, ${machine.file_system}; Node ${machine.node}; commit ${machine.commit}.
`;
}

await live(async () => {
  stayOn('1');
  const folder = openScratch();
  const generator = isInstalled('wrk') ? 'wrk' : 'autocannon';
  const loading: Loading = { generator, connections: 32, cores: '1', folder };
  const cases: Shares[] = [];
  for (const name of CASES) cases.push(await profileCase(name, folder, loading));
  const page = profilePage(cases, describeMachine(folder));
  writeFileSync(OUT, page);
  stdout.write(page);
  return 0;
});

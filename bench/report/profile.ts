// Shares of a profile by area: which part of the program, or of what it stands on, a sample fell into. Pure.

type Frame = { functionName: string; url: string };
type ProfileNode = { id: number; callFrame: Frame; children?: number[] };

/** What `node --cpu-prof` writes; times in microseconds. */
export type Profile = {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
  startTime: number;
  endTime: number;
};

type Area = { name: string; holds: (frame: Frame, above: readonly Frame[]) => boolean };

const isIn = (part: string) => (frame: Frame) => frame.url.includes(part);
const isNamed =
  (...names: string[]) =>
  (frame: Frame) =>
    names.includes(frame.functionName);

/** In this order: the first that holds a sample has it. */
export const AREAS: readonly Area[] = [
  { name: 'signature or verification', holds: isNamed('signOneShot', 'verifyOneShot') },
  {
    name: 'SQLite: commit',
    holds: (frame, above) => isIn('/src/db/')(frame) && above.some(isNamed('commitTransaction')),
  },
  {
    name: 'SQLite: reading and writing rows',
    holds: (frame) => isIn('/src/db/')(frame) || isIn('/better-sqlite3/')(frame),
  },
  { name: 'kysely', holds: isIn('/kysely/') },
  { name: 'hashes and random bytes', holds: (frame) => frame.url.startsWith('node:internal/crypto') },
  {
    name: 'the log',
    holds: (frame, above) => [frame, ...above].some((each) => /\/(pino|sonic-boom)\/|\/foundation\/log/.test(each.url)),
  },
  { name: 'Hono and its server', holds: (frame) => /\/(hono|@hono)\//.test(frame.url) },
  { name: 'zod', holds: isIn('/zod/') },
  { name: 'Handoff’s own code', holds: isIn('/src/') },
  { name: 'garbage collection', holds: isNamed('(garbage collector)') },
  { name: 'node:http, node:net and the rest of Node', holds: () => true },
];

/** The share of each area in the busy time of the last `seconds`, 0 to 1. */
export function sharesOf(profile: Profile, seconds: number): Map<string, number> {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const areas = new Map<number, string | undefined>();
  const areaOf = (id: number): string | undefined => {
    const frame = nodes.get(id)?.callFrame;
    if (frame === undefined || frame.functionName === '(idle)') return undefined;
    const above: Frame[] = [];
    for (let at = parents.get(id); at !== undefined; at = parents.get(at)) {
      const parent = nodes.get(at);
      if (parent !== undefined) above.push(parent.callFrame);
    }
    return AREAS.find(({ holds }) => holds(frame, above))?.name;
  };
  const times = new Map<string, number>();
  let time = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index] ?? 0;
    time += delta;
    if (time < profile.endTime - seconds * 1_000_000) continue;
    if (!areas.has(id)) areas.set(id, areaOf(id));
    const area = areas.get(id);
    if (area !== undefined) times.set(area, (times.get(area) ?? 0) + delta);
  }
  const total = [...times.values()].reduce((sum, each) => sum + each, 0);
  return new Map([...times].map(([area, each]) => [area, each / total]));
}

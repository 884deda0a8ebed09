// Which documented answers a run has seen: each test file notes them in the run's output folder, and test/run.ts asks at the end
// of a full run which are missing, so that openapi.yaml promises nothing that the service does not do.

import { appendFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { documentedAnswers, type Operation } from './openapi.ts';
import { newLogFile } from './output.ts';

const NAME = 'seen-answers';

const noted = new Set<string>();
let file: string | undefined;

export function noteSeen({ id }: Operation, status: number): void {
  const answer = `${id} ${status}`;
  if (noted.has(answer)) return;
  noted.add(answer);
  file ??= newLogFile(NAME);
  appendFileSync(file, `${answer}\n`);
}

/** The documented answers, as `createSsoToken 200`, that no test of the run has seen. */
export async function neverSeen(folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => name.startsWith(NAME));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  const seen = new Set(texts.flatMap((text) => text.split('\n')));
  return documentedAnswers().filter((answer) => !seen.has(answer));
}

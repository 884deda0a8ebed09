// What a case is: one thing that people do, or that is done to them, and what must come of it in each kind of browser.

import type { Keeps, Mode } from '../modes.ts';
import type { World } from '../world.ts';

export type Case = {
  title: string;
  /** What the document says must come of it. */
  expected: string | Record<Keeps, string> | ((mode: Mode) => string);
  /** Does it, asserts what has to hold in every browser, and says what came of it. */
  run: (world: World) => Promise<string>;
};

export function expectedIn({ expected }: Case, mode: Mode): string {
  if (typeof expected === 'function') return expected(mode);
  return typeof expected === 'string' ? expected : expected[mode.keeps];
}

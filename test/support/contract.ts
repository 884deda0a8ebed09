import type { Config } from '../../src/config.ts';

export function expectDocumented(
  _config: Config,
  _request: { method: string; path: string },
  _answer: { status: number; headers: Headers; json: unknown },
): void {}

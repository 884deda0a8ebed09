// A run with figures that are easy to reckon with.

import type { Kind } from '../field/contestant.ts';
import type { Round } from '../measure/round.ts';
import type { CaseResult, PacedResult, Run } from '../report/run.ts';

export function round(requests_per_second: number, errors = 0): Round {
  const latencies = { p50_ms: 1, p99_ms: 3, max_ms: 9 };
  return { requests_per_second, cpu_us: 50, ...latencies, errors, wrong: errors > 0 ? ['another user: 200'] : [] };
}

export function caseResult(name: string, kind: Kind, rates: readonly number[], floor?: string): CaseResult {
  return { name, kind, ...(floor !== undefined && { floor }), rounds: rates.map((rate) => round(rate)) };
}

export function paced(
  name: string,
  { rate, answered, p99_ms }: { rate: number; answered: number; p99_ms: number },
): PacedResult {
  return {
    name,
    rounds: [{ answers: 10, asked: rate, rate: answered, p50_ms: 1, p99_ms, max_ms: 9, errors: 0, wrong: [] }],
  };
}

/** Ends as `npm run bench` would: all goals met, but for PostgreSQL, which is not there. */
export function sampleRun(changes: Partial<Run> = {}): Run {
  return {
    date: '2026-01-01 00:00 UTC',
    command: 'npm run bench',
    machine: {
      processor: 'Sample processor',
      cores: 2,
      memory_gib: 24,
      kernel: '6.0',
      file_system: 'ext2/ext3',
      load_average: 0.1,
      node: 'v24.0.0',
      commit: '0123456789ab',
    },
    versions: [['oidc-provider', '9.0.0']],
    load: { generator: 'wrk 4', connections: 32, seconds: 5, rounds: 2 },
    cores: { server: '0', load: '1' },
    cases: [
      caseResult('raw', 'floor', [40_000, 42_000]),
      caseResult('raw + sign', 'floor', [12_000, 12_600]),
      caseResult('raw + verify', 'floor', [10_000, 10_000]),
      caseResult('Handoff mint, SQLite', 'mint', [9_600, 10_080], 'raw + sign'),
      caseResult('Handoff redeem, SQLite', 'redeem', [8_000, 8_000], 'raw + verify'),
      caseResult('Handoff /auth/verify, SQLite', 'verify', [28_000, 29_400], 'raw'),
      caseResult('oidc-provider', 'mint', [3_200, 3_360], 'raw + sign'),
      caseResult('better-auth generate', 'mint', [400, 420], 'raw + sign'),
      caseResult('better-auth verify', 'redeem', [400, 400], 'raw + verify'),
    ],
    servers: [
      {
        name: 'Handoff on SQLite',
        about: 'as shipped',
        startups_ms: [300, 310, 500],
        rss_start_mb: 90,
        rss_end_mb: 120,
      },
    ],
    paced: [paced('Handoff mint, SQLite', { rate: 7_680, answered: 7_670, p99_ms: 3 })],
    two: { one: [10_000, 10_000], two: [16_000, 17_000], errors: 0 },
    memory: {
      samples: [100, 110, 112, 111, 112, 110, 112, 111].map((rss_mb, index) => ({
        answers: (index + 1) * 150_000,
        rss_mb,
      })),
      errors: 0,
    },
    ...changes,
  };
}

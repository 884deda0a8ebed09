// What wrk.lua does, by autocannon, for machines without wrk. A program of its own, so that its garbage is not the bench's.
//
//   node autocannon.ts PORT CONNECTIONS SECONDS FILE again|once      (FILE: a JSON array of requests)

import { readFileSync } from 'node:fs';
import { argv, stdout } from 'node:process';
import autocannon, { type Result } from 'autocannon';
import type { HttpRequest } from './request.ts';

const [port, connections, seconds, file = '', mode] = argv.slice(2);
const requests: HttpRequest[] = JSON.parse(readFileSync(file, 'utf8'));
const [first] = requests;
if (first === undefined) throw new Error('no requests');
let next = 0;

const { latency, errors, timeouts, duration, ...result } = await new Promise<Result>((resolve, reject) => {
  const instance = autocannon(
    {
      url: `http://127.0.0.1:${port}`,
      connections: Number(connections),
      duration: Number(seconds),
      requests: [
        {
          setupRequest: (request) => {
            const mine = requests[next % requests.length] ?? first;
            next += 1;
            if (mode === 'once' && next >= requests.length) instance.stop();
            return { ...request, ...mine };
          },
        },
      ],
    },
    (error: unknown, measured) => {
      if (error) reject(error);
      else resolve(measured);
    },
  );
});
const figures = {
  answers: result['2xx'] + result['3xx'],
  seconds: duration,
  p50_ms: latency.p50,
  p99_ms: latency.p99,
  max_ms: latency.max,
  errors: errors + timeouts + result['4xx'] + result['5xx'],
};
stdout.write(`\nRESULT ${JSON.stringify(figures)}\n`);

// Load at a fixed rate, evenly spaced, over a fixed number of connections. Time counts from the moment a request was due, not from
// when a connection was free to send it, so that a server that stalls is charged for all who would have come meanwhile. A program of
// its own: nothing else may stop its clock.
//
//   node paced.ts SPEC_FILE      (a PacedSpec as JSON)

import { readFileSync, writeFileSync } from 'node:fs';
import { argv, stdout } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../report/statistics.ts';
import { type Connection, openConnection, statusOf } from './connection.ts';
import { SEPARATOR } from './request.ts';

export type PacedSpec = {
  port: number;
  connections: number;
  /** Requests a second. */
  rate: number;
  seconds: number;
  /** File of raw requests, sent in turn. */
  file: string;
  status: number;
  /** Sleep between two looks at the clock, because somebody else needs this core; costs up to 0.1 ms of precision. */
  yields: boolean;
  /** Where to write when each request was due (Unix milliseconds) and how long its answer took, as JSON. */
  series?: string;
};

export type PacedFigures = {
  answers: number;
  /** Answers a second from the first request to the last answer. */
  rate: number;
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
  errors: number;
};

const DRAIN_MILLISECONDS = 10_000;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

const spec: PacedSpec = JSON.parse(readFileSync(argv[2] ?? '', 'utf8'));
const requests = readFileSync(spec.file, 'latin1').split(SEPARATOR).slice(0, -1);
const total = Math.round(spec.rate * spec.seconds);
const latencies = new Float64Array(total);
const due_at = new Float64Array(total);

let sent = 0;
let answered = 0;
let errors = 0;
let last_answer = 0;
const idle: (() => void)[] = [];
const started = performance.now() + 50;
const due = (index: number) => started + (index * 1000) / spec.rate;

async function open(): Promise<Connection> {
  let current = 0;
  const connection = await openConnection(spec.port, {
    answered: (text) => {
      last_answer = performance.now();
      if (statusOf(text) !== spec.status) errors += 1;
      due_at[answered] = due(current);
      latencies[answered] = last_answer - due(current);
      answered += 1;
      idle.push(send);
    },
    lost: () => {
      // Unless it is we who close it, when all is answered.
      if (answered < total) errors += 1;
    },
  });
  const send = () => {
    current = sent;
    sent += 1;
    connection.send(requests[current % requests.length] ?? '');
  };
  idle.push(send);
  return connection;
}

const connections = await Promise.all(Array.from({ length: spec.connections }, open));

await new Promise<void>((resolve) => {
  const deadline = started + spec.seconds * 1000 + DRAIN_MILLISECONDS;
  const isDue = () => sent < total && due(sent) <= performance.now();
  const step = () => {
    const now = performance.now();
    while (idle.length > 0 && isDue()) idle.shift()?.();
    if (answered >= total || now > deadline) {
      resolve();
      return;
    }
    if (spec.yields) Atomics.wait(sleeper, 0, 0, 0.1);
    setImmediate(step);
  };
  step();
});

errors += total - answered;
const sorted = latencies.slice(0, answered).toSorted();
const figures: PacedFigures = {
  answers: answered,
  rate: (answered * 1000) / (last_answer - started),
  p50_ms: percentile(sorted, 50),
  p99_ms: percentile(sorted, 99),
  max_ms: percentile(sorted, 100),
  errors,
};
if (spec.series !== undefined) {
  const epoch = performance.timeOrigin;
  const pairs = Array.from({ length: answered }, (_, index) => [epoch + (due_at[index] ?? 0), latencies[index]]);
  writeFileSync(spec.series, JSON.stringify(pairs));
}
for (const connection of connections) connection.close();
await pause(0);
stdout.write(`\nRESULT ${JSON.stringify(figures)}\n`);

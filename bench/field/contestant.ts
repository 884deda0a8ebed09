// What takes part in a run: a program, and the cases in which it is measured. The programs are in contestants/, their data and the
// checks of their answers in the files beside this one.

import type { HttpAnswer, HttpRequest } from '../load/request.ts';
import type { Program } from '../measure/process.ts';

/** Cases of one kind do the same job and are compared with each other. */
export type Kind = 'floor' | 'mint' | 'redeem' | 'verify' | 'read';

export type Case = {
  name: string;
  kind: Kind;
  /** Name of the floor that this one stands on. */
  floor?: string;
  /** Of a right answer. */
  status: number;
  /** Each request works once, so that there have to be as many as will be sent. */
  once: boolean;
  /** Requests to send in turn: any number, or `count` fresh ones where each works once. */
  requests: (count: number) => Promise<HttpRequest[]>;
  /** Everything about one answer. @throws when it is not right */
  check: (answer: HttpAnswer, request: HttpRequest) => void | Promise<void>;
  /** How many rows right answers have left on disk so far: one an answer. */
  countRows?: () => Promise<number>;
};

export type Contestant = Program & {
  /** How it is set up, in a sentence for the results. */
  about: string;
  /** Its database needs the load's core too. */
  shares_load_core: boolean;
  cases: Case[];
  /** Lets go of whatever was opened to make its data. */
  close: () => Promise<void>;
};

/** @throws when something about an answer is not as it should be */
export function require(fact: boolean, what: string, answer: HttpAnswer): asserts fact {
  if (!fact) throw new Error(`${what}: ${answer.status} ${answer.body.slice(0, 300)}`);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export function json(answer: HttpAnswer): Record<string, unknown> {
  const body: unknown = JSON.parse(answer.body);
  require(isRecord(body), 'not a JSON object', answer);
  return body;
}

/** Where `folder` is for databases. */
export type Field = { folder: string };

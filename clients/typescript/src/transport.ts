// One request to the API, over as many tries as it takes. A try is exchange.ts; what its answer means, answer.ts.

import { type ApiAnswer, readAnswer } from './answer.ts';
import { HandoffConnectionError, HandoffError } from './errors.ts';
import { type ApiRequest, createExchange } from './exchange.ts';
import type { Platform } from './platform.ts';
import type { Settings } from './settings.ts';

export type CallOptions = {
  /** Gives the call up, its waiting between two tries included. The call then rejects with the signal's reason. */
  signal?: AbortSignal;
};

export type Transport = <Data>(request: ApiRequest, signal: AbortSignal | undefined) => Promise<ApiAnswer<Data>>;

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;
/** Who is told to wait for longer than this is better told so than kept waiting. */
const LONGEST_RETRY_AFTER_SECONDS = 30;

const PASSING = new Set([429, 500, 502, 503, 504]);

/** Every request may be sent twice: those that would do something twice carry an Idempotency-Key. */
function mayPass(error: HandoffError): boolean {
  if (error.status === undefined) return error instanceof HandoffConnectionError;
  // Our own earlier try, given up here, may still be at work there.
  return PASSING.has(error.status) || error.slug === 'idempotency-key-in-use';
}

/**
 * Milliseconds to wait before the next try, `tries` having failed before this one; undefined when there is no sense in another.
 * Full jitter: clients that failed together come back apart.
 */
function pauseAfter(error: HandoffError, tries: number, random: () => number): number | undefined {
  if (!mayPass(error)) return undefined;
  const jitter = random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
  if (error.retryAfter === undefined) return jitter;
  return error.retryAfter > LONGEST_RETRY_AFTER_SECONDS ? undefined : error.retryAfter * 1000 + jitter;
}

/** Whether what a deletion did not find was there before the first try of this same call, whose answer was lost. */
function isGone({ absentIsDone }: ApiRequest, error: HandoffError, tries: number): boolean {
  return absentIsDone === true && tries > 0 && error.status === 404 && error.slug !== 'unexpected-answer';
}

export function createTransport(settings: Settings, platform: Platform): Transport {
  const exchange = createExchange(settings);

  function redact(text: string): string {
    return text
      .replaceAll(settings.partnerSecret, '[redacted]')
      .replaceAll(settings.organizationSecret, '[redacted]')
      .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted]');
  }

  return async <Data>(request: ApiRequest, signal: AbortSignal | undefined) => {
    for (let tries = 0; ; tries += 1) {
      const reading = () => ({ now: platform.now(), redact });
      try {
        return readAnswer<Data>(await exchange(request, signal), reading());
      } catch (error) {
        if (!(error instanceof HandoffError)) throw error;
        if (isGone(request, error, tries)) {
          return readAnswer<Data>({ status: 204, headers: new Headers(), text: '' }, reading());
        }
        const pause = tries < settings.retries ? pauseAfter(error, tries, platform.random) : undefined;
        if (pause === undefined) throw error;
        await platform.sleep(pause, signal);
      }
    }
  };
}

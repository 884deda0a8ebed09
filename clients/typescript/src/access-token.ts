// The access token for what is done to users: got once for all who ask at the same time, renewed before it ends, and thrown away
// when the API does not know it any more. It lives here only, in memory.

import { orAborted } from './platform.ts';

export type AccessToken = { value: string; expiresInSeconds: number };

export type AccessTokens = {
  /** Rejects with the signal's reason when that is aborted before; the token goes on for the others who wait. */
  get: (signal?: AbortSignal) => Promise<string>;
  /** A token that was refused. One that came since stays. */
  drop: (refused: string) => void;
};

/** A token is renewed this long before its end, or a tenth of its life before, so that none ends on its way. */
const AHEAD_SECONDS = 60;

/**
 * Workers drop what a request was waiting for when that request is over, without a word; a promise that others wait for then never
 * settles. Who comes after this long asks anew.
 */
const LOST_AFTER_MS = 30_000;

type Held = { value: string; renewAt: number; endsAt: number };
type UnderWay = { token: Promise<string>; since: number };

export function createAccessTokens(request: () => Promise<AccessToken>, now: () => number): AccessTokens {
  let held: Held | undefined;
  let underWay: UnderWay | undefined;

  async function renew(): Promise<string> {
    // Counted from before the request: the token is not younger than that.
    const start = now();
    const { value, expiresInSeconds } = await request();
    const ahead = Math.min(AHEAD_SECONDS, expiresInSeconds / 10);
    held = { value, renewAt: start + (expiresInSeconds - ahead) * 1000, endsAt: start + expiresInSeconds * 1000 };
    return value;
  }

  async function renewOrKeep(): Promise<string> {
    try {
      return await renew();
    } catch (error) {
      // Renewing ahead of the end leaves time to fail: what is still good is used.
      if (held !== undefined && now() < held.endsAt) return held.value;
      throw error;
    }
  }

  async function join(): Promise<string> {
    if (underWay !== undefined && now() < underWay.since + LOST_AFTER_MS) return underWay.token;
    const own: UnderWay = { token: renewOrKeep(), since: now() };
    underWay = own;
    try {
      return await own.token;
    } finally {
      if (underWay === own) underWay = undefined;
    }
  }

  return {
    get: async (signal) => {
      if (held !== undefined && now() < held.renewAt) return held.value;
      return orAborted(join(), signal);
    },
    drop: (refused) => {
      if (held?.value === refused) held = undefined;
    },
  };
}

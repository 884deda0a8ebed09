// Handoff's public keys: fetched when they are first needed, again from time to time and when a token names one that is not known.
// While they cannot be fetched, those that are known stay good for a day. (jose's createRemoteJWKSet would forget them.)

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { HandoffAwayError } from './errors.ts';
import { askHandoff, isObject, parseJson } from './handoff.ts';
import type { Settings } from './settings.ts';

/** A key that Handoff withdraws is believed for no longer than this, while the keys can be fetched. */
const REFRESH_MILLISECONDS = 10 * 60_000;
/** Between two tries, so that made-up key ids do not become a flood of requests. */
const COOLDOWN_MILLISECONDS = 10_000;
/** How long keys are good that cannot be fetched again. */
const STALE_MILLISECONDS = 24 * 60 * 60_000;

type Loaded = { find: JWTVerifyGetKey; at: number };

function away(): HandoffAwayError {
  return new HandoffAwayError('keys-unavailable', "Handoff's public keys cannot be read");
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return isObject(value) && Array.isArray(value['keys']) && value['keys'].length > 0 && value['keys'].every(isObject);
}

async function load(url: string, settings: Settings): Promise<Loaded> {
  const { status, text } = await askHandoff(settings, url).catch(() => ({ status: 0, text: '' }));
  const keys = parseJson(text);
  if (status !== 200 || !isKeySet(keys)) throw away();
  try {
    return { find: createLocalJWKSet(keys), at: Date.now() };
  } catch {
    throw away();
  }
}

/**
 * Finds the key of a token. It rejects with jose's JWKSNoMatchingKey when Handoff has no such key, and with HandoffAwayError when
 * that cannot be told.
 */
export function createKeys(url: string, settings: Settings): JWTVerifyGetKey {
  let loaded: Loaded | undefined;
  let loading: Promise<Loaded> | undefined;
  let tried_at = Number.NEGATIVE_INFINITY;
  let has_failed = false;

  /** One request at a time, whoever waits for it. */
  async function reload(): Promise<Loaded> {
    tried_at = Date.now();
    loading ??= load(url, settings).finally(() => (loading = undefined));
    try {
      loaded = await loading;
      has_failed = false;
      return loaded;
    } catch (error) {
      has_failed = true;
      throw error;
    }
  }

  const mayTry = () => Date.now() - tried_at >= COOLDOWN_MILLISECONDS;
  const age = ({ at }: Loaded) => Date.now() - at;

  async function current(): Promise<Loaded> {
    if (loaded === undefined || age(loaded) > STALE_MILLISECONDS) return reload();
    const known = loaded;
    return age(known) > REFRESH_MILLISECONDS && mayTry() ? reload().catch(() => known) : known;
  }

  return async (header, token) => {
    const { find } = await current();
    try {
      return await find(header, token);
    } catch (error) {
      // A key that cannot be used is Handoff's fault, and not the token's.
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw away();
      if (mayTry()) return (await reload()).find(header, token);
      // Made up, or so new that only a request could tell.
      throw has_failed ? away() : error;
    }
  };
}

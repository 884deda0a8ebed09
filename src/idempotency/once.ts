// Idempotency-Key (the IETF draft "The Idempotency-Key HTTP Header Field"): a call that creates something and was sent again
// creates nothing more and gets the first answer. The answer is kept in the transaction that makes the thing, so that there is
// never one without the other.

import type { DatabaseTransaction } from '../db/database.ts';
import { lockAccess } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { timestamp } from '../foundation/clock.ts';
import { decryptAtRest, encryptAtRest, keyedHash } from '../foundation/encryption.ts';
import { invalidRequest, Problem } from '../foundation/problem.ts';
import { jsonAnswer, type Success, successBody } from '../http/answer.ts';
import type { AppContext } from '../http/context.ts';
import { findIdempotencyKey, type IdempotencyPlace, lockIdempotencyKey, upsertIdempotencyKey } from './store.ts';

const KEPT_MILLISECONDS = 24 * 60 * 60 * 1000;

const KEY = /^[\x21-\x7e]{1,255}$/;

export type Creation = {
  /** Taken at the beginning of the transaction, where what is created takes other access away. */
  lock?: 'exclusive';
  create: (tx: DatabaseTransaction) => Promise<Success & { status: 201 }>;
};

/** @throws Problem invalid-request */
function parsePlace(c: AppContext): IdempotencyPlace | undefined {
  const idempotency_key = c.req.header('idempotency-key');
  if (idempotency_key === undefined) return undefined;
  if (!KEY.test(idempotency_key)) {
    const message = 'idempotency-key must have 1 to 255 visible ASCII characters';
    throw invalidRequest([{ field: 'idempotency-key', message, code: 'invalid_format' }]);
  }
  const { partner_id, organization_id } = c.get('caller');
  return { partner_id, organization_id, idempotency_key };
}

function nameOf({ partner_id, organization_id, idempotency_key }: IdempotencyPlace): string {
  return JSON.stringify([partner_id, organization_id, idempotency_key]);
}

function inUse(): Problem {
  return new Problem('idempotency-key-in-use', 'A request with this Idempotency-Key is being worked on');
}

// The keys that this process is working on. A second request must not wait for the first, on SQLite behind the whole database.
const under_way = new Set<string>();

async function exclusively(place: IdempotencyPlace, run: () => Promise<Response>): Promise<Response> {
  const name = nameOf(place);
  if (under_way.has(name)) throw inUse();
  under_way.add(name);
  try {
    return await run();
  } finally {
    under_way.delete(name);
  }
}

function isSame(one: string, other: string): void {
  if (one === other) return;
  throw new Problem('idempotency-key-reused', 'This Idempotency-Key came with another request before');
}

/**
 * Runs a creation in a transaction of its own, at most once for an Idempotency-Key.
 * @throws Problem invalid-request, idempotency-key-in-use, idempotency-key-reused, or what the creation throws
 */
export async function createOnce(deps: Deps, c: AppContext, { lock, create }: Creation): Promise<Response> {
  const place = parsePlace(c);
  const begin = async (tx: DatabaseTransaction) => {
    if (lock !== undefined) await lockAccess(tx, lock);
  };
  if (place === undefined) {
    const body = await deps.db.transaction().execute(async (tx) => {
      await begin(tx);
      return successBody(c, deps.clock, await create(tx));
    });
    return jsonAnswer(c, body, 201);
  }
  const { MASTER_KEY: master_key } = deps.config;
  const asked = [c.req.method, c.req.path, await c.req.text()].join('\n');
  const request_hash = keyedHash(asked, 'idempotency', master_key);
  return exclusively(place, async () => {
    const { body, replayed } = await deps.db.transaction().execute(async (tx) => {
      await begin(tx);
      if (!(await lockIdempotencyKey(tx, place))) throw inUse();
      const now = deps.clock();
      const known = await findIdempotencyKey(tx, place, timestamp(now));
      if (known !== undefined) {
        isSame(known.request_hash, request_hash);
        return { body: decryptAtRest(known.answer_encrypted, nameOf(place), master_key), replayed: true };
      }
      const text = successBody(c, deps.clock, await create(tx));
      const answer_encrypted = encryptAtRest(text, nameOf(place), { master_key, random: deps.random });
      const expires_at = timestamp(now + KEPT_MILLISECONDS);
      await upsertIdempotencyKey(tx, { ...place, request_hash, answer_encrypted, expires_at });
      return { body: text, replayed: false };
    });
    if (replayed) c.header('idempotent-replayed', 'true');
    return jsonAnswer(c, body, 201);
  });
}

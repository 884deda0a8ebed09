// Idempotency-Key (the IETF draft "The Idempotency-Key HTTP Header Field"): a call that creates something and was sent again
// creates nothing more and gets the first answer. The answer is kept in the transaction that makes the thing, so that there is
// never one without the other.

import type { DatabaseTransaction } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { DAY_MILLISECONDS, timestamp } from '../foundation/clock.ts';
import { decryptAtRest, encryptAtRest, keyedHash } from '../foundation/encryption.ts';
import { invalidRequest, Problem } from '../foundation/problem.ts';
import { jsonAnswer, type Success, successBody } from '../http/answer.ts';
import { type AppContext, header, setHeader } from '../http/context.ts';
import {
  findIdempotencyKey,
  type IdempotencyPlace,
  lockIdempotencyKey,
  nameOf,
  upsertIdempotencyKey,
} from './store.ts';

const KEY = /^[\x21-\x7e]{1,255}$/;

type Create = (tx: DatabaseTransaction) => Promise<Success & { status: 201 }>;

/** @throws Problem invalid-request */
function parsePlace(c: AppContext): IdempotencyPlace | undefined {
  const idempotency_key = header(c, 'idempotency-key');
  if (idempotency_key === undefined) return undefined;
  if (!KEY.test(idempotency_key)) {
    const message = 'idempotency-key must have 1 to 255 visible ASCII characters';
    throw invalidRequest([{ field: 'idempotency-key', message, code: 'invalid_format' }]);
  }
  const { partner_id, organization_id } = c.get('caller');
  return { partner_id, organization_id, idempotency_key };
}

function inUse(): Problem {
  return new Problem('idempotency-key-in-use', 'A request with this Idempotency-Key is being worked on');
}

// The keys that this process is working on. A second request must not wait for the first, on SQLite behind the whole database.
const under_way = new Set<string>();

async function exclusively<T>(place: IdempotencyPlace, run: () => Promise<T>): Promise<T> {
  const name = nameOf(place);
  if (under_way.has(name)) throw inUse();
  under_way.add(name);
  try {
    return await run();
  } finally {
    under_way.delete(name);
  }
}

/** What a key stands for: where it counts, and a fingerprint of the request it came with. */
type Request = { place: IdempotencyPlace; request_hash: string };

async function describeRequest(deps: Deps, c: AppContext, place: IdempotencyPlace): Promise<Request> {
  const asked = [c.req.method, c.req.path, await c.req.text()].join('\n');
  return { place, request_hash: keyedHash(asked, 'idempotency', deps.config.MASTER_KEY) };
}

/** The answer of the first time, if there was one in the last 24 hours. @throws Problem in use, or used for something else */
async function findAnswer(
  tx: DatabaseTransaction,
  { config, clock }: Deps,
  { place, request_hash }: Request,
): Promise<string | undefined> {
  if (!(await lockIdempotencyKey(tx, place))) throw inUse();
  const known = await findIdempotencyKey(tx, place, timestamp(clock()));
  if (known === undefined) return undefined;
  if (known.request_hash !== request_hash)
    throw new Problem('idempotency-key-reused', 'This Idempotency-Key came with another request before');
  return decryptAtRest(known.answer_encrypted, nameOf(place), config.MASTER_KEY);
}

async function keepAnswer(
  tx: DatabaseTransaction,
  { config, clock, random }: Deps,
  { body, place, request_hash }: Request & { body: string },
): Promise<void> {
  const answer_encrypted = encryptAtRest(body, nameOf(place), { master_key: config.MASTER_KEY, random });
  const expires_at = timestamp(clock() + DAY_MILLISECONDS);
  await upsertIdempotencyKey(tx, { ...place, request_hash, answer_encrypted, expires_at });
}

/**
 * Runs a creation in a transaction of its own, at most once for an Idempotency-Key.
 * @throws Problem invalid-request, idempotency-key-in-use, idempotency-key-reused, or what the creation throws
 */
export async function createOnce(deps: Deps, c: AppContext, create: Create): Promise<Response> {
  const answer = async (tx: DatabaseTransaction) => successBody(c, deps.clock, await create(tx));
  const place = parsePlace(c);
  if (place === undefined) return jsonAnswer(c, await deps.db.transaction().execute(answer), 201);
  const request = await describeRequest(deps, c, place);
  const body = await exclusively(place, () =>
    deps.db.transaction().execute(async (tx) => {
      const known = await findAnswer(tx, deps, request);
      if (known !== undefined) {
        setHeader(c, 'idempotent-replayed', 'true');
        return known;
      }
      const made = await answer(tx);
      await keepAnswer(tx, deps, { ...request, body: made });
      return made;
    }),
  );
  return jsonAnswer(c, body, 201);
}

// What a practice's server asks Handoff for: links, and what became of them. Server to server: the two secrets must never reach a
// page. This is the part to copy; `handoff-client` is the package of clients/typescript.

import {
  createHandoffClient,
  HandoffConnectionError,
  HandoffError,
} from '../../clients/typescript/src/handoff-client.ts';
import { createJournal, type Journal } from './journal.ts';
import type { Settings } from './settings.ts';

/** A link, or a sentence for the person who waits for one. */
export type LinkAnswer =
  | { ok: true; redirect_url: string; request_id: string }
  | { ok: false; status: 400 | 401 | 403 | 404 | 429 | 500 | 502 | 503; error: string; request_id: string | null };

export type Connection = {
  journal: Journal;
  /** Never rejects for what Handoff answers, or does not answer. */
  requestLink(wanted: { portal_user_id: string; redirect_path: string }): Promise<LinkAnswer>;
  /** Asks what became of a link; the answer is in the journal. */
  requestReceipt(request_id: string): Promise<void>;
};

const PASSED_ON = [400, 401, 403, 404, 429, 503] as const;

function explain(error: HandoffError): LinkAnswer {
  const request_id = error.requestId ?? null;
  if (error instanceof HandoffConnectionError) {
    return { ok: false, status: 500, error: 'Internal server error', request_id };
  }
  const status = PASSED_ON.find((known) => known === error.status) ?? 502;
  const known = error.slug !== 'unexpected-answer';
  return { ok: false, status, error: known ? error.detail : 'The portal could not make a link', request_id };
}

/** A clinician is waiting in front of an empty tab. */
const TIMEOUT_MILLISECONDS = 10_000;

export function connect(settings: Settings): Connection {
  const journal = createJournal();
  const handoff = createHandoffClient({
    baseUrl: settings.api_url,
    partnerId: settings.partner_id,
    partnerSecret: settings.partner_secret,
    organizationId: settings.organization_id,
    organizationSecret: settings.organization_secret,
    fetch: journal.fetch,
    timeoutMs: TIMEOUT_MILLISECONDS,
    retries: 1,
  });
  return {
    journal,
    async requestLink({ portal_user_id, redirect_path }) {
      try {
        const link = await handoff.createSsoLink({ userId: portal_user_id, redirectPath: redirect_path });
        return { ok: true, redirect_url: link.redirectUrl, request_id: link.requestId };
      } catch (error) {
        if (error instanceof HandoffError) return explain(error);
        throw error;
      }
    },
    async requestReceipt(request_id) {
      try {
        await handoff.attempts.get(request_id);
      } catch (error) {
        if (!(error instanceof HandoffError)) throw error;
      }
    },
  };
}

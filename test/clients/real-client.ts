// A client of a server under test.

import { createHandoffClient, type HandoffClient } from '../../clients/typescript/src/handoff-client.ts';
import type { HandoffClientOptions } from '../../clients/typescript/src/settings.ts';
import { call, CLICK, cookieOf } from '../support/client.ts';
import type { Handoff } from '../support/handoff.ts';
import type { Sample } from '../support/sample.ts';

type Place = Pick<Sample, 'partner_id' | 'partner_secret' | 'organization_id' | 'organization_secret'>;

export function clientOptions(handoff: Handoff, place: Place): HandoffClientOptions {
  return {
    baseUrl: handoff.url + new URL(handoff.config.API_URL).pathname,
    partnerId: place.partner_id,
    partnerSecret: place.partner_secret,
    organizationId: place.organization_id,
    organizationSecret: place.organization_secret,
  };
}

export function clientOf(handoff: Handoff, place: Place, options: Partial<HandoffClientOptions> = {}): HandoffClient {
  return createHandoffClient({ ...clientOptions(handoff, place), ...options });
}

/** Where a link leads, opened as a browser opens it, and the session it brings. */
export async function follow(
  handoff: Handoff,
  redirectUrl: string,
): Promise<{ status: number; location: string | null; cookie: string }> {
  const { pathname, search } = new URL(redirectUrl);
  const answer = await call(handoff, pathname + search, { headers: CLICK });
  return { status: answer.status, location: answer.headers.get('location'), cookie: cookieOf(answer) ?? '' };
}

/** The settings that the examples read. */
export function environmentOf(handoff: Handoff, sample: Sample): Record<string, string> {
  return {
    HANDOFF_API_URL: clientOptions(handoff, sample).baseUrl,
    HANDOFF_PARTNER_ID: sample.partner_id,
    HANDOFF_PARTNER_SECRET: sample.partner_secret,
    HANDOFF_ORGANIZATION_ID: sample.organization_id,
    HANDOFF_ORGANIZATION_SECRET: sample.organization_secret,
    HANDOFF_USER_ID: sample.user_id,
  };
}

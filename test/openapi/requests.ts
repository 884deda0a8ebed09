// Every request that is granted, by the operation and the status of its answer.

import type { Ask } from './asked.ts';
import { PARTNER_REQUESTS } from './partner-requests.ts';
import { PORTAL_REQUESTS } from './portal-requests.ts';

export const REQUESTS: Record<string, Ask> = { ...PARTNER_REQUESTS, ...PORTAL_REQUESTS };

/** The request of an operation that is granted in the usual way. @throws Error when there is none */
export function usualRequest(id: string): Ask {
  const [, ask] = Object.entries(REQUESTS).find(([answer]) => answer.startsWith(`${id} `)) ?? [];
  if (ask === undefined) throw new Error(`nobody asks for ${id}`);
  return ask;
}

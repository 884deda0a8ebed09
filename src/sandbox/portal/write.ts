// Writing a prescription, from a form in a tab or a script in a pane: the one thing that changes something in the sample portal.

import type { Context } from 'hono';
import type { Clock } from '../../foundation/clock.ts';
import type { Patient } from '../patients.ts';
import type { Order, Prescription, Prescriptions } from './prescriptions.ts';
import { findWho, type PortalEnv } from './visitor.ts';

export type PortalContext = Context<PortalEnv>;

/**
 * True for what a page of the portal's own origin sends, and for what no browser sends at all: whoever's cookie comes along with
 * a request of another site's page, that page must not write in her name.
 */
export function isOwnRequest(c: PortalContext, portal_url: string): boolean {
  const [site, origin] = [c.req.header('sec-fetch-site'), c.req.header('origin')];
  if (origin !== undefined && origin !== portal_url) return false;
  return site === undefined || site === 'same-origin';
}

type Written = { prescriptions: Prescriptions; clock: Clock; patient: Patient; order: Order };

export async function write(
  c: PortalContext,
  { prescriptions, clock, patient, order }: Written,
): Promise<Prescription> {
  const who = await findWho(c.env);
  const { organization_id } = c.get('visitor');
  const prescriber = who === undefined ? 'Sample Prescriber' : `${who.user.given_name} ${who.user.family_name}`;
  const prescribed_on = new Date(clock()).toISOString().slice(0, 10);
  return prescriptions.add({ organization_id, patient }, { ...order, prescribed_on, prescriber });
}

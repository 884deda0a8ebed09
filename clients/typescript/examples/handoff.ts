// One client for the process, which keeps the access token. It throws at the start when something is missing, not when the first
// clinician presses the button.

import { createHandoffClient } from 'handoff-client';

function read(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`Set ${name}`);
  return value;
}

export const handoff = createHandoffClient({
  baseUrl: read('HANDOFF_API_URL'),
  partnerId: read('HANDOFF_PARTNER_ID'),
  partnerSecret: read('HANDOFF_PARTNER_SECRET'),
  organizationId: read('HANDOFF_ORGANIZATION_ID'),
  organizationSecret: read('HANDOFF_ORGANIZATION_SECRET'),
});

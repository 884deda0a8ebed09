// The portal's check, made once and shared by all routes.

import { createPortal, type Portal } from 'handoff-portal';

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`Set ${name}`);
  return value;
}

/** HANDOFF_CHECK=offline where the proxy passes x-auth-session-jwt on. */
function create(): Portal {
  const portalUrl = setting('PORTAL_URL');
  const issuer = setting('HANDOFF_API_URL');
  const handoffUrl = setting('HANDOFF_URL');
  return process.env['HANDOFF_CHECK'] === 'offline'
    ? createPortal({ check: 'offline', issuer, portalUrl, handoffUrl, jwksUrl: `${handoffUrl}/.well-known/jwks.json` })
    : createPortal({ check: 'ask', issuer, portalUrl, handoffUrl });
}

export const portal = create();

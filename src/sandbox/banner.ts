// What `npm start` prints: on the first start everything a newcomer needs, later how to get at it again.

import type { Config } from '../config.ts';
import type { SampleData, SampleIds } from './seed.ts';

const RULE = '─'.repeat(78);

function curl(config: Config, data: SampleData): string {
  const [first] = data.users;
  return [
    `curl -sS ${config.API_URL}/v1/sso \\`,
    `  -H 'x-partner-id: ${data.partner_id}' \\`,
    `  -H 'x-partner-secret: ${data.partner_secret}' \\`,
    `  -H 'x-organization-id: ${data.organization_id}' \\`,
    `  -H 'x-organization-secret: ${data.organization_secret}' \\`,
    `  -H 'x-user-id: ${first?.user_id ?? ''}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '{"redirect_path": "/dashboard/patients/1234-5678-3456-2345"}'`,
  ].join('\n');
}

/** The names that every example reads. */
function exportLines({ API_URL }: Config, data: SampleData): string {
  return [
    `export HANDOFF_API_URL=${API_URL}`,
    `export HANDOFF_PARTNER_ID=${data.partner_id}`,
    `export HANDOFF_PARTNER_SECRET=${data.partner_secret}`,
    `export HANDOFF_ORGANIZATION_ID=${data.organization_id}`,
    `export HANDOFF_ORGANIZATION_SECRET=${data.organization_secret}`,
    `export HANDOFF_USER_ID=${data.users[0]?.user_id ?? ''}`,
  ].join('\n');
}

function userLines({ users }: SampleIds): string {
  return users.map((user) => `  ${user.user_id}   ${user.name}, ${user.what}`).join('\n');
}

export function firstStartText(config: Config, data: SampleData): string {
  return `
${RULE}
 Handoff sandbox, first start: sample data has been made. Secrets are shown once.
${RULE}

Credentials
  partner_id            ${data.partner_id}
  partner_secret        ${data.partner_secret}
  organization_id       ${data.organization_id}
  organization_secret   ${data.organization_secret}

Users
${userLines(data)}

Try it: run this, and open the redirect_url it answers with in a browser
(Chrome, Edge or Firefox; Safari keeps no secure cookies on http://localhost)

${curl(config, data)}

To see it from a partner's side: paste this into another terminal, and go on with "A Prescribe button in five
minutes" in README.md, or start the sample practice software in demo/partner-backend

${exportLines(config, data)}

${urls(config)}
${RULE}
`;
}

/** Undefined where somebody has made a partner, but enabled it for no organization. */
function newSecretLines(ids: SampleIds | undefined): string {
  if (ids === undefined) return '  npm run handoff -- integration enable --help';
  return `  npm run handoff -- credential rotate --partner ${ids.partner_id}
  npm run handoff -- credential rotate --partner ${ids.partner_id} \\
    --organization ${ids.organization_id}`;
}

function idLines(ids: SampleIds | undefined): string {
  if (ids === undefined) return '';
  return `
Ids
  partner_id            ${ids.partner_id}
  organization_id       ${ids.organization_id}

Users
${userLines(ids)}
`;
}

export function laterStartText(config: Config, ids: SampleIds | undefined): string {
  return `
${RULE}
 Handoff sandbox. The data of the first start is kept; secrets are not shown again.
${RULE}
${idLines(ids)}
New secrets, of the partner and of the organization (the old ones work for another day)
${newSecretLines(ids)}

Everything else: npm run handoff -- --help
To start afresh: stop, and delete the data folder.

${urls(config)}
${RULE}
`;
}

/** Where to look. */
export function sandboxUrls({ API_URL, PORTAL_URL }: Config): { api_url: string; portal_url: string } {
  return { api_url: API_URL, portal_url: PORTAL_URL };
}

function urls(config: Config): string {
  return `URLs
  API       ${config.API_URL}/v1/sso   (takes POST)
  Docs      ${config.API_URL}/docs
  Portal    ${config.PORTAL_URL}/dashboard   (a sample portal, sandbox only)
  Problems  ${config.PROBLEM_BASE_URL}/
  Health    ${config.PORTAL_URL}/healthz  ${config.PORTAL_URL}/readyz
Stop with Ctrl-C.`;
}

// What `npm start` prints: on the first start everything a newcomer needs, later how to get at it again.

import type { Config } from '../config.ts';
import type { SampleData } from './seed.ts';

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

export function firstStartText(config: Config, data: SampleData): string {
  const users = data.users.map((user) => `  ${user.user_id}   ${user.name}, ${user.what}`).join('\n');
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
${users}

Try it: run this, and open the redirect_url it answers with in a browser

${curl(config, data)}

${urls(config)}
${RULE}
`;
}

export function laterStartText(config: Config): string {
  return `
${RULE}
 Handoff sandbox. The data of the first start is kept; secrets are not shown again.
${RULE}

New secrets and the ids
  npm run handoff -- integration list
  npm run handoff -- credential rotate --partner <partner_id>
  npm run handoff -- credential rotate --partner <partner_id> --organization <organization_id>
  npm run handoff -- user list --organization <organization_id>
Start afresh: stop, and delete the data folder.

${urls(config)}
${RULE}
`;
}

function urls(config: Config): string {
  return `URLs
  API       ${config.API_URL}/v1/sso
  Portal    ${config.PORTAL_URL}/dashboard   (a sample portal, sandbox only)
  Problems  ${config.PROBLEM_BASE_URL}/
  Health    ${config.PORTAL_URL}/healthz  ${config.PORTAL_URL}/readyz
Stop with Ctrl-C.`;
}

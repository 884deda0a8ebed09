// What `npm start` prints: where to click, and for developers where everything is. Secrets are in a file (credentials.ts), and not in
// what terminals and their logs keep.

import type { Config } from '../config.ts';
import type { SampleIds } from './seed.ts';
import type { Sandbox } from './start.ts';

const RULE = '─'.repeat(78);

export type Shown = Pick<Sandbox<unknown>, 'seeded' | 'sample' | 'ids' | 'credentials_file'> & {
  /** Where the sample practice runs; undefined where it does not. */
  practice_url: string | undefined;
};

function practiceText({ practice_url, sample }: Shown): string {
  if (practice_url !== undefined) {
    return ` Open ${practice_url}/ in Chrome, Edge or Firefox, and
   1. choose whom to work as: "Pat Provider"
   2. open a patient: "Jo Citizen"
   3. press "Prescribe" for a new tab, or "Prescribe here" for a pane
 "Behind the scenes" on that page shows what the two servers say to each other.`;
  }
  if (sample !== undefined) return ' Handoff sandbox. A sample practice, with pages to click on, comes with: npm start';
  return ` Handoff sandbox, without a sample practice: this database has a partner that the
 sandbox did not make. To have one, delete the data folder or set DATABASE_URL.`;
}

function idText({ partner_id, organization_id, users }: SampleIds): string {
  const user = users.map(({ user_id, name, what }) => `   ${user_id}   ${name}, ${what}`).join('\n');
  return `   ${partner_id}   partner
   ${organization_id}   organization
${user}
`;
}

function credentialsText(credentials_file: string): string {
  return `   Sample credentials are kept in ${credentials_file}, for you alone to read.
   To use them in another terminal:  set -a; . ${credentials_file}; set +a
`;
}

function developersText(config: Config, { sample, ids, credentials_file }: Shown): string {
  return ` For developers
${sample === undefined ? '' : credentialsText(credentials_file)}${ids === undefined ? '' : idText(ids)}
   API       ${config.API_URL}/v1/sso   (takes POST)
   Docs      ${config.API_URL}/docs
   Portal    ${config.PORTAL_URL}/dashboard   (a sample portal, sandbox only)
   Problems  ${config.PROBLEM_BASE_URL}/
   Health    ${config.PORTAL_URL}/healthz  ${config.PORTAL_URL}/readyz

 To start afresh: stop, and delete the data folder. Stop with Ctrl-C.`;
}

/** Everything, from rule to rule. */
export function bannerText(config: Config, shown: Shown): string {
  return `\n${RULE}\n${practiceText(shown)}\n${RULE}\n\n${developersText(config, shown)}\n${RULE}\n`;
}

/** The same for scripts, a line of JSON: where to look, and on the first start the sample's ids and secrets. */
export function bannerJson({ API_URL, PORTAL_URL }: Config, shown: Shown): string {
  const { practice_url, credentials_file, seeded } = shown;
  const addresses = { api_url: API_URL, portal_url: PORTAL_URL, practice_url };
  return `${JSON.stringify({ ...addresses, credentials_file, ...seeded })}\n`;
}

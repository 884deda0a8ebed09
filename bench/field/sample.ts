// The request that every mint gets, whoever answers it: five headers and a path, as a partner's server sends them.

import type { HttpRequest } from '../load/request.ts';

export const REDIRECT_PATH = '/dashboard/patients/1234-5678-3456-2345/prescriptions';

export type SampleCaller = {
  partner_id: string;
  partner_secret: string;
  organization_id: string;
  organization_secret: string;
};

export function mintRequest(caller: SampleCaller, user_id: string): HttpRequest {
  return {
    method: 'POST',
    path: '/v1/sso',
    headers: {
      'x-partner-id': caller.partner_id,
      'x-partner-secret': caller.partner_secret,
      'x-organization-id': caller.organization_id,
      'x-organization-secret': caller.organization_secret,
      'x-user-id': user_id,
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': 'sample-practice-software/1.0',
    },
    body: JSON.stringify({ redirect_path: REDIRECT_PATH }),
  };
}

/** What a browser sends when a person follows a link from another site. */
export const BROWSER = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'accept-language': 'en-GB,en;q=0.9',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-user': '?1',
  'upgrade-insecure-requests': '1',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
};

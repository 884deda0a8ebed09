// Who is calling, whom they speak for, and whether both may act.

import { ASK_ADMIN, NEW_LINK, type CatalogueEntry } from './entry.ts';

export const CALLER_PROBLEMS = {
  'invalid-request': {
    status: 400,
    title: 'Invalid request',
    cause: 'A header, parameter or body member is missing, arrived more than once, or is not of the documented form.',
    fix: 'Read `detail`, and `validation` where it is present: it names each field and what is wrong with it.',
    clinician: { heading: 'This link is not complete', advice: NEW_LINK },
  },
  'authentication-required': {
    status: 401,
    title: 'Unauthorized',
    cause:
      'The partner id and secret, or the organization id and secret, do not belong together, are unknown, expired or revoked. Where an access token is needed, it is missing, expired, or not one of ours.',
    fix: 'Check that the credentials are from this environment, and that a rotation has not replaced them; get a new access token. Ask the operator for new credentials if they are lost.',
  },
  'browser-request-refused': {
    status: 403,
    title: 'Not for browsers',
    cause: 'The request came from a web page. Secrets do not belong in a browser, where any visitor can read them.',
    fix: 'Call this operation from your server and hand only the `redirect_url` to the page. If these secrets have been in a page, rotate them.',
  },
  'insufficient-scope': {
    status: 403,
    title: 'Insufficient scope',
    cause: 'The access token, or the integration itself, is not approved for what this operation needs.',
    fix: 'Ask for the scope that `detail` names when you get the token. `GET /v1/integration` lists what is approved; the operator approves more.',
  },
  'partner-suspended': {
    status: 403,
    title: 'Partner suspended',
    cause: 'The operator has suspended this partner.',
    fix: 'Contact the operator of the portal with the request id.',
    clinician: { heading: '{partner} cannot open the portal at the moment', advice: ASK_ADMIN },
  },
  'organization-suspended': {
    status: 403,
    title: 'Organization suspended',
    cause: 'The operator has suspended this organization, or the organization it is a part of.',
    fix: 'Contact the operator of the portal with the request id.',
    clinician: { heading: 'Your clinic cannot use the portal at the moment', advice: ASK_ADMIN },
  },
  'integration-disabled': {
    status: 403,
    title: 'Integration disabled',
    cause: 'This partner is not enabled for this organization any more.',
    fix: 'Ask the organization to enable the integration again.',
    clinician: { heading: 'Your clinic has switched {partner} off for the portal', advice: ASK_ADMIN },
  },
  'user-not-found': {
    status: 404,
    title: 'User not found',
    cause: 'No user with this id is a member of this organization, or another partner made the user.',
    fix: 'Check that `x-user-id` is the user_id given when the user was created, and that the user belongs to this organization. Users are never created by signing on.',
    clinician: { heading: 'You have no account here yet', advice: ASK_ADMIN },
  },
  'user-shared': {
    status: 403,
    title: 'User of several organizations',
    cause:
      'The user belongs to the organization, not to a partner, and is a member of other parts of it too. What is changed here would change there.',
    fix: 'Ask the operator to change the name, phone or prescriber details (`handoff user update`). Roles and `partner_user_id` here are yours to change.',
  },
  'user-suspended': {
    status: 403,
    title: 'User suspended',
    cause: 'This user exists but may not sign in: suspended by the operator, or disabled in this organization.',
    fix: 'Enable the user with `PUT …/users/{user_id}/enable`, or ask the operator to resume them: `status` of the user says which.',
    clinician: { heading: 'Your account is suspended', advice: ASK_ADMIN },
  },
} as const satisfies Record<string, CatalogueEntry>;

// Requests as such, and what they act upon.

import type { CatalogueEntry } from './entry.ts';

export const REQUEST_PROBLEMS = {
  'not-found': {
    status: 404,
    title: 'Not found',
    cause:
      'There is nothing at this address, or nothing that is yours: another organization than the access token’s, or a session of somebody else.',
    fix: 'Check the base URL, including its path, and the spelling of the address.',
    clinician: { heading: 'There is no such page', advice: 'Check the address, or go back to where you came from.' },
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    cause: 'The address exists but does not take this method.',
    fix: 'Use a method that the Allow header names.',
    clinician: { heading: 'This page cannot be opened like this', advice: 'Go back to where you came from.' },
  },
  'payload-too-large': {
    status: 413,
    title: 'Payload too large',
    cause: 'The body is larger than this operation takes.',
    fix: 'Send only the documented members; the limit stands in `detail`.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported media type',
    cause: 'The body is not of a media type that this operation reads, or it is compressed.',
    fix: 'Send UTF-8 JSON with `Content-Type: application/json` and no Content-Encoding.',
  },
  'validation-error': {
    status: 422,
    title: 'Validation failed',
    cause: 'The body is JSON, but some of its members are missing or not of the documented form.',
    fix: 'Read `validation`: it names each field and what is wrong with it.',
  },
  'resource-conflict': {
    status: 409,
    title: 'Resource conflict',
    cause: 'The e-mail address or `partner_user_id` belongs to another user already.',
    fix: 'Look the user up with `GET …/users?email=` and use their `user_id`. If they are not among yours, another partner made them or they belong to another part of the organization: the operator can release them, or add them here.',
  },
  'attempt-not-found': {
    status: 404,
    title: 'Attempt not found',
    cause: 'This integration has made no such attempt to sign a user on, or its receipt is not kept any more.',
    fix: 'Use the `requestId` (or `x-request-id`) of the answer to `POST /v1/sso`, with the credentials that made it.',
  },
  'not-revocable': {
    status: 409,
    title: 'Nothing to revoke',
    cause: 'The attempt has no link that could still be opened: it was refused, or the link was used or has expired.',
    fix: 'To end a session that a link has opened, use `DELETE …/users/{user_id}/sessions`.',
  },
  'credential-not-found': {
    status: 404,
    title: 'Credential not found',
    cause: 'Neither the partner nor this integration has a credential of this id.',
    fix: 'Take the `credential_id` from `GET /v1/credentials`.',
  },
  'credential-in-use': {
    status: 409,
    title: 'Credential in use',
    cause: 'The credential to end is the one that this very request was authenticated with.',
    fix: 'Rotate, switch to the new secret, and end the old one with it.',
  },
  'credential-replaced': {
    status: 409,
    title: 'Credential replaced',
    cause: 'A newer secret has replaced the one that this request was authenticated with, and is in use.',
    fix: 'Use the newest secret. If it is lost, ask the operator for another one.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'Idempotency key reused',
    cause: 'This Idempotency-Key came with another request in the last 24 hours.',
    fix: 'Use a new random key for each new request, and the same key only to repeat one.',
  },
  'idempotency-key-in-use': {
    status: 409,
    title: 'Idempotency key in use',
    cause: 'A request with this Idempotency-Key is being worked on at this moment.',
    fix: 'Wait for its answer, or repeat the request a little later.',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too many requests',
    cause:
      'Too many requests from this address have failed without a right partner secret, or with links that are none.',
    fix: 'Check the credentials, and try again after the number of seconds in Retry-After.',
    clinician: {
      heading: 'Please wait a minute',
      advice:
        'Too many links that do not work were opened from your network. Then go back to {partner} and press the button again.',
    },
  },
  'internal-error': {
    status: 500,
    title: 'Internal error',
    cause: 'Something went wrong on our side, and it has been logged.',
    fix: 'Try again. If it persists, contact the operator with the request id.',
    clinician: { heading: 'Something went wrong on our side', advice: 'Please try again in a moment.' },
  },
  'service-unavailable': {
    status: 503,
    title: 'Service unavailable',
    cause: 'The service cannot reach its database, or is shutting down.',
    fix: 'Try again after the number of seconds in Retry-After.',
    clinician: { heading: 'The portal is not available at the moment', advice: 'Please try again in a moment.' },
  },
} as const satisfies Record<string, CatalogueEntry>;

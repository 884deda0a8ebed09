// What a prescriber is registered as: the fields, and which of them depend on which. One document of a user; nothing in this
// service decides by it, the portal does. A deployment without prescribers leaves it out (PROVIDER_DETAILS=optional).

import { z } from 'zod';
import { timestamp } from '../foundation/clock.ts';
import type { ValidationEntry } from '../foundation/problem.ts';
import type { AccessRole } from '../users/roles.ts';
import { plainText } from './plain-text.ts';

const DATE = /^\d{4}-\d{2}-\d{2}$/;

function isCalendarDate(text: string): boolean {
  const moment = DATE.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // 31 February is read as 3 March.
  return !Number.isNaN(moment) && timestamp(moment).startsWith(text);
}

/** As they stand in the body of a user, beside the user's own members; null is the same as nothing, or takes it away. */
export const PROVIDER_FIELDS = {
  date_of_birth: z
    .string()
    .refine(isCalendarDate, { message: 'must be a date such as 1980-02-29', params: { code: 'invalid_date' } })
    .nullish(),
  sex: z.enum(['M', 'F', 'I', 'N']).nullish(),
  hpii_number: plainText(32).nullish(),
  prescriber_type: z.enum(['M', 'E', 'U', 'F', 'D', 'V', 'T', 'C', 'N', 'P']).nullish(),
  prescriber_number: plainText(10).nullish(),
  qualifications: plainText(500).nullish(),
  provider_number: plainText(10).nullish(),
  ahpra_number: plainText(32).nullish(),
  hospital_provider_number: plainText(32).nullish(),
};

const DETAILS = z.object(PROVIDER_FIELDS);

export type ProviderDetails = z.output<typeof DETAILS>;

// Rows are not held to the rules of today's requests: a list must not fail because a rule was made stricter.
const STORED = z.object(
  Object.fromEntries(Object.keys(PROVIDER_FIELDS).map((field) => [field, z.string().optional()])),
);

/** Reads the column; null for a user without. @throws when the row is not of this service's making */
export function parseProviderDetails(json: string | null): ProviderDetails | null {
  return json === null ? null : STORED.parse(JSON.parse(json));
}

/** A whole document as JSON text; undefined when it is none, or has members that are not known or wrong. */
export function readProviderDetails(json: string): ProviderDetails | undefined {
  try {
    return z.strictObject(PROVIDER_FIELDS).parse(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** The provider's part of a body, with its nulls; undefined when it has none. */
export function providerChange(body: ProviderDetails): ProviderDetails | undefined {
  const change = DETAILS.parse(body);
  return Object.values(change).every((value) => value === undefined) ? undefined : change;
}

/** The document after a change; null when nothing is left of it. */
export function mergeDetails(present: ProviderDetails | null, change: ProviderDetails): ProviderDetails | null {
  const merged = { ...present, ...definedOf(change) };
  const left = Object.entries(merged).filter(([, value]) => value !== null);
  return left.length === 0 ? null : Object.fromEntries(left);
}

function definedOf(details: ProviderDetails): ProviderDetails {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
}

const ALWAYS_REQUIRED = ['date_of_birth', 'sex', 'hpii_number', 'prescriber_type', 'qualifications'] as const;

/** Trainees have no number of their own yet. */
const TRAINEE = 'T';

const PROVIDER: AccessRole = 'provider';

/** What a user with the role provider lacks, of a document or of a body that may be wrong in other ways too. */
export function missingForProvider(
  details: Record<string, unknown>,
  access_roles: readonly unknown[],
): ValidationEntry[] {
  if (!access_roles.includes(PROVIDER)) return [];
  const required = [...ALWAYS_REQUIRED, ...(details['prescriber_type'] === TRAINEE ? [] : ['prescriber_number'])];
  return required
    .filter((field) => details[field] === undefined || details[field] === null)
    .map((field) => ({
      field,
      message: `${field} is required for the role ${PROVIDER}`,
      code: 'required_for_provider',
    }));
}

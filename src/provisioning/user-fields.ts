// The bodies of the users API. The schemas are openapi.yaml's; what they cannot say (dates against the clock, what a provider
// needs) is checked beside them, so that one answer lists everything that is wrong.

import { z } from 'zod';
import { timestamp } from '../foundation/clock.ts';
import { type ValidationEntry, validationError } from '../foundation/problem.ts';
import { onePerField, toValidation } from '../http/validation.ts';
import { ACCESS_ROLES } from '../users/roles.ts';
import { isEmailAddress, normalizeEmail } from '../users/user.ts';
import { missingForProvider, PROVIDER_FIELDS } from './provider-details.ts';
import { plainText } from './plain-text.ts';

/** It travels in a header, so it is ASCII. */
export const PARTNER_USER_ID = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/, 'must have visible ASCII characters only, and spaces only between them');

export const EMAIL = z
  .string()
  .max(254)
  .transform(normalizeEmail)
  .refine(isEmailAddress, { message: 'must be an e-mail address', params: { code: 'invalid_format' } });

const OPTIONAL_FIELDS = {
  partner_user_id: PARTNER_USER_ID.nullish(),
  title: plainText(40).nullish(),
  phone: plainText(40).nullish(),
  ...PROVIDER_FIELDS,
};

const ROLES = z.array(z.enum(ACCESS_ROLES));

export const USER_CREATE = z.object({
  given_name: plainText(100),
  family_name: plainText(100),
  email: EMAIL,
  access_roles: ROLES.nullish(),
  ...OPTIONAL_FIELDS,
});

/** An e-mail address and roles in the body are ignored, as the contract has it. */
export const USER_UPDATE = z.object({
  given_name: plainText(100).optional(),
  family_name: plainText(100).optional(),
  ...OPTIONAL_FIELDS,
});

export const USER_ROLES = z.object({ access_roles: ROLES.min(1) });

export type UserCreate = z.output<typeof USER_CREATE>;
export type UserUpdate = z.output<typeof USER_UPDATE>;

/** Whose rules a body is held to. */
export type FieldRules = { provider_details: 'complete' | 'optional'; now: number };

type Body = Record<string, unknown>;

/** RFC 3339 full-date of a moment in UTC; somewhere on Earth it may be a day later. */
function latestDate(now: number): string {
  return timestamp(now + 24 * 60 * 60 * 1000).slice(0, 10);
}

function futureBirth({ date_of_birth }: Body, { now }: FieldRules): ValidationEntry[] {
  if (typeof date_of_birth !== 'string' || date_of_birth <= latestDate(now)) return [];
  return [{ field: 'date_of_birth', message: 'date_of_birth must not be in the future', code: 'invalid_date' }];
}

function read<T>(schema: z.ZodType<T>, body: Body, more: ValidationEntry[]): T {
  const parsed = schema.safeParse(body);
  const entries = onePerField([...toValidation(parsed.error?.issues ?? []), ...more]);
  if (!parsed.success || entries.length > 0) throw validationError(entries);
  return parsed.data;
}

/** @throws Problem validation-error with one entry a field */
export function parseUserCreate(body: Body, rules: FieldRules): UserCreate {
  const roles: unknown = body['access_roles'];
  const missing = rules.provider_details === 'complete' && Array.isArray(roles) ? missingForProvider(body, roles) : [];
  return read(USER_CREATE, body, [...missing, ...futureBirth(body, rules)]);
}

/** @throws Problem validation-error with one entry a field */
export function parseUserUpdate(body: Body, rules: FieldRules): UserUpdate {
  return read(USER_UPDATE, body, futureBirth(body, rules));
}

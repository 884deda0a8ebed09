// What a user may be in an organization. The portal decides what each role may do; this service passes them on.

import { z } from 'zod';

export const ACCESS_ROLES = ['admin', 'provider', 'receptionist', 'rx_reader', 'rx_queue_manager'] as const;
export type AccessRole = (typeof ACCESS_ROLES)[number];

const accessRoles = z.array(z.enum(ACCESS_ROLES));

export function isAccessRole(text: string): text is AccessRole {
  return ACCESS_ROLES.some((role) => role === text);
}

/** Reads the JSON array of a memberships row. @throws when the row is not of this service's making */
export function parseAccessRoles(json: string): AccessRole[] {
  return accessRoles.parse(JSON.parse(json));
}

/** The column's form: a JSON array, each role once, in the order of ACCESS_ROLES. */
export function formatAccessRoles(roles: readonly AccessRole[]): string {
  return JSON.stringify(ACCESS_ROLES.filter((role) => roles.includes(role)));
}

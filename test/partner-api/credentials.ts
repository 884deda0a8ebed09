// The partner's own secrets as tests see and change them.

import type { Answer } from '../support/client.ts';
import type { Headers4, Server } from '../support/partner-api.ts';
import type { Sample } from '../support/sample.ts';
import { callAsPartner, type Success } from './as-partner.ts';

export type Whose = 'partner' | 'organization';
export const WHOSE = ['partner', 'organization'] as const satisfies Whose[];

export type Credential = {
  credential_id: string;
  hint: string;
  status: 'active' | 'expired' | 'revoked';
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
  in_use: boolean;
};

export type Credentials = Record<Whose, Credential[]>;

/** GET /v1/credentials. */
export async function listCredentials(server: Server, sample: Sample): Promise<Credentials> {
  const answer = await callAsPartner(server, sample, '/v1/credentials');
  const { data, message } = answer.json as Success<Credentials>;
  const count = data.partner.length + data.organization.length;
  if (message !== `Retrieved ${count} credentials successfully`) throw new Error(`not ${count}: ${message}`);
  return data;
}

export const rotatePath = (whose: Whose): string => `/v1/credentials/${whose}/rotate`;

export type RotateOptions = { body?: unknown; headers?: Headers4 };

/** POST /v1/credentials/…/rotate, whatever comes of it; without a body unless one is given. */
export async function askToRotate(
  server: Server,
  sample: Sample,
  { whose, ...options }: RotateOptions & { whose: Whose },
): Promise<Answer> {
  return callAsPartner(server, sample, rotatePath(whose), { method: 'POST', ...options });
}

export type Rotated = { credential_id: string; secret: string; hint: string; previous_expires_at: string | null };

/** What a rotation has answered. @throws Error when it was refused */
export function rotatedOf(answer: Answer, whose: Whose): Rotated {
  if (answer.status !== 201) throw new Error(`not rotated: ${answer.status}`);
  const { [`${whose}_secret`]: secret = '', ...rest } = (answer.json as Success<Record<string, string>>).data;
  return { ...(rest as Omit<Rotated, 'secret'>), secret };
}

/** A rotation, and the sample with the new secret. */
export async function rotate(
  server: Server,
  sample: Sample,
  { whose, ...options }: RotateOptions & { whose: Whose },
): Promise<Rotated & { sample: Sample }> {
  const rotated = rotatedOf(await askToRotate(server, sample, { whose, ...options }), whose);
  return { ...rotated, sample: { ...sample, [`${whose}_secret`]: rotated.secret } };
}

/** DELETE /v1/credentials/{credential_id}. */
export async function endCredential(server: Server, sample: Sample, credential_id: string): Promise<Answer> {
  return callAsPartner(server, sample, `/v1/credentials/${credential_id}`, { method: 'DELETE' });
}

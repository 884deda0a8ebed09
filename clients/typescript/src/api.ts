// The API's two ways to authenticate: the partner's headers with each request, or an access token got with them.

import { createAccessTokens } from './access-token.ts';
import type { ApiAnswer } from './answer.ts';
import { HandoffError } from './errors.ts';
import type { Platform } from './platform.ts';
import { parseVisible, type Settings } from './settings.ts';
import type { ApiRequest } from './exchange.ts';
import { type CallOptions, createTransport } from './transport.ts';
import type { AccessToken } from './types.ts';

export type RepeatableOptions = CallOptions & {
  /**
   * Makes a repetition safe: within 24 hours the same key with the same request gets the same answer, and nothing is done
   * twice. Each call has a new one, kept over its own tries; give your own to be safe over a restart of yours too.
   */
  idempotencyKey?: string;
};

type PartRequest = Omit<ApiRequest, 'headers'> & { headers?: Record<string, string> };
type Send = <Data>(request: PartRequest, options: CallOptions | undefined) => Promise<ApiAnswer<Data>>;

export type Api = {
  organizationId: string;
  /** With the partner's headers. */
  asPartner: Send;
  /** With an access token and the organization's secret. */
  asBearer: Send;
  idempotencyHeader: (options: RepeatableOptions | undefined) => Record<string, string>;
};

/** The one 401 that a new token helps against: this one has ended, or what it was got with has been revoked. */
function isTokenRefused(error: unknown): boolean {
  return error instanceof HandoffError && error.status === 401 && error.detail === 'invalid token';
}

export function createApi(settings: Settings, platform: Platform): Api {
  const send = createTransport(settings, platform);
  const partnerHeaders = {
    'x-partner-id': settings.partnerId,
    'x-partner-secret': settings.partnerSecret,
    'x-organization-id': settings.organizationId,
    'x-organization-secret': settings.organizationSecret,
  };

  const tokens = createAccessTokens(async () => {
    const body = { grantType: 'client_credentials', ...(settings.scope !== undefined && { scope: settings.scope }) };
    // Without the signal of whoever asked first: the token is for all who wait for it.
    const request = { method: 'POST', path: '/v1/token', headers: partnerHeaders, body } as const;
    const { data } = await send<AccessToken>(request, undefined);
    return { value: data.accessToken, expiresInSeconds: data.expiresIn };
  }, platform.now);

  async function asBearer<Data>(request: PartRequest, { signal }: CallOptions = {}): Promise<ApiAnswer<Data>> {
    const sendWith = async (token: string) => {
      const own = { authorization: `Bearer ${token}`, 'x-organization-secret': settings.organizationSecret };
      return send<Data>({ ...request, headers: { ...request.headers, ...own } }, signal);
    };
    const token = await tokens.get(signal);
    try {
      return await sendWith(token);
    } catch (error) {
      const isNarrow = error instanceof HandoffError && error.slug === 'insufficient-scope';
      const isRefused = isTokenRefused(error);
      // A scope that is approved from now on is in the next token.
      if (isNarrow || isRefused) tokens.drop(token);
      if (!isRefused) throw error;
      // Once: a new token that is refused too is an error to tell.
      return sendWith(await tokens.get(signal));
    }
  }

  return {
    organizationId: settings.organizationId,
    asPartner: async <Data>(request: PartRequest, { signal }: CallOptions = {}) =>
      send<Data>({ ...request, headers: { ...request.headers, ...partnerHeaders } }, signal),
    asBearer,
    idempotencyHeader: ({ idempotencyKey = platform.createId() } = {}) => ({
      'idempotency-key': parseVisible(idempotencyKey, 'idempotencyKey'),
    }),
  };
}

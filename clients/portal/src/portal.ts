// createPortal: the one object that a portal makes, and what it can be asked. The middleware is in hono.ts, express.ts and
// fastify.ts, over guard.ts.

import { ask } from './ask.ts';
import { frameAncestors } from './framing.ts';
import { askHandoff, credentialsOf, isObject, parseJson, unexpected } from './handoff.ts';
import { createOffline } from './offline.ts';
import { type PortalRequest, type ReadRequest, readRequest } from './request.ts';
import { needed, type PortalOptions, parseSettings, type Settings } from './settings.ts';
import type { Identity } from './signed-in.ts';

export type Portal = {
  /** Who is signed in, or why nobody is. @throws HandoffAwayError when nobody can say */
  identify(request: PortalRequest): Promise<Identity>;
  /**
   * For an embedded document that is the same for everybody and served before anybody is signed in: a directive of a
   * Content-Security-Policy that says who may frame it. @throws HandoffAwayError
   */
  framing(request: PortalRequest): Promise<string>;
  readonly portalUrl: string | undefined;
  /** Base of the `type` of problems. */
  readonly problemBaseUrl: string;
};

async function framing(settings: Settings, request: ReadRequest): Promise<string> {
  const handoffUrl = needed(settings.handoffUrl, 'handoffUrl');
  const referer = request.header('referer');
  const { cookie } = credentialsOf(request);
  const headers = { ...(cookie !== undefined && { cookie }), ...(referer !== undefined && { referer }) };
  const { status, text } = await askHandoff(settings, `${handoffUrl}/auth/framing`, headers);
  const body = parseJson(text);
  const data = isObject(body) ? body['data'] : undefined;
  const origins = isObject(data) ? data['frame_ancestors'] : undefined;
  if (status !== 200 || !Array.isArray(origins)) throw unexpected(status);
  return frameAncestors(origins);
}

function createIdentify(options: PortalOptions, settings: Settings): (request: ReadRequest) => Promise<Identity> {
  switch (options.check) {
    case 'ask': {
      const handoffUrl = needed(settings.handoffUrl, 'handoffUrl');
      return (request) => ask(settings, handoffUrl, request);
    }
    case 'offline':
      return createOffline(options, settings);
    default:
      throw new TypeError("check must be 'ask' or 'offline'");
  }
}

/** Make one, and keep it: with `check: 'offline'` it keeps Handoff's keys. @throws TypeError naming the option that is wrong */
export function createPortal(options: PortalOptions): Portal {
  const settings = parseSettings(options);
  const identify = createIdentify(options, settings);
  return {
    identify: async (request) => identify(readRequest(request)),
    framing: async (request) => framing(settings, readRequest(request)),
    portalUrl: settings.portalUrl,
    problemBaseUrl: `${settings.issuer ?? settings.portalUrl ?? ''}/errors`,
  };
}

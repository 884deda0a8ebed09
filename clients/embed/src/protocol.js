// @ts-check
// The messages of handoff-embed/1, as they arrive from a frame and are believed only after they have been read here. The other
// direction, and who sends what when, is channel.js; the whole is docs/embed-protocol.md.

/**
 * @import { LinkTarget, Subject } from './link.js'
 * @import { LinkReason } from './options.js'
 *
 * @typedef {{ session: 'cookie' | 'bearer', expires_at: string, idle_expires_at: string }} SignedIn Times in RFC 3339
 *
 * @typedef {{ type: 'ready' } | { type: 'expired' } | { type: 'other' }
 *   | { type: 'link-needed', request_id: string, target: LinkTarget, reason: LinkReason }
 *   | { type: 'unclear-request', request_id: string }
 *   | { type: 'signed-in' } & SignedIn
 *   | { type: 'error', problem: string, message: string }
 *   | { type: 'resize', height: number }
 *   | { type: 'navigate', path: string }} FrameMessage `other`: of this protocol, and newer than this package
 *
 * @typedef {{ type: 'hello', subject: Subject }
 *   | { type: 'link', request_id: string, token: string, redirect_path: string }
 *   | { type: 'link', request_id: string, url: string }
 *   | { type: 'link-refused', request_id: string, reason: 'signed-out' | 'unavailable' }} PageMessage
 */

export const PROTOCOL = 'handoff-embed/1';

/** @type {LinkTarget[]} */
const TARGETS = ['frame', 'tab'];
/** @type {LinkReason[]} */
const REASONS = ['no-cookie', 'renewal', 'expired', 'other-user', 'asked'];

/** @param {unknown} value @param {number} longest @returns {value is string} */
const isText = (value, longest) => typeof value === 'string' && value !== '' && value.length <= longest;

/** @type {Record<string, (data: Record<string, unknown>) => FrameMessage | undefined>} */
const READERS = {
  ready: () => ({ type: 'ready' }),
  expired: () => ({ type: 'expired' }),
  'link-needed': ({ request_id, ...asked }) => {
    if (!isText(request_id, 200)) return undefined;
    const target = TARGETS.find((known) => known === asked['target']);
    const reason = REASONS.find((known) => known === asked['reason']);
    // A newer frame may ask for what this page does not know: it is told no, so that it does not wait.
    if (target === undefined || reason === undefined) return { type: 'unclear-request', request_id };
    return { type: 'link-needed', request_id, target, reason };
  },
  'signed-in': ({ session, expires_at, idle_expires_at }) =>
    (session === 'cookie' || session === 'bearer') && isText(expires_at, 40) && isText(idle_expires_at, 40)
      ? { type: 'signed-in', session, expires_at, idle_expires_at }
      : undefined,
  error: ({ problem, message }) =>
    typeof problem === 'string' && /^[a-z0-9-]{1,64}$/.test(problem)
      ? { type: 'error', problem, message: typeof message === 'string' ? message.slice(0, 300) : '' }
      : undefined,
  resize: ({ height }) =>
    typeof height === 'number' && height >= 0 && height <= 100_000 ? { type: 'resize', height } : undefined,
  navigate: ({ path }) => (isText(path, 2048) && path.startsWith('/') ? { type: 'navigate', path } : undefined),
};

/**
 * @param {unknown} data of a message event whose source and origin have been checked
 * @returns {FrameMessage | undefined} undefined: of another protocol, or not as the protocol has it
 */
export function parseFrameMessage(data) {
  if (typeof data !== 'object' || data === null || !('protocol' in data) || data.protocol !== PROTOCOL)
    return undefined;
  const type = 'type' in data ? String(data.type) : '';
  return Object.hasOwn(READERS, type) ? READERS[type]?.({ ...data }) : { type: 'other' };
}

// @ts-check
// Asking the partner's page for links: bounded in time, given up when nobody needs the answer any more, checked before use.

import { HandoffEmbedError } from './errors.js';
import { parseLink } from './link.js';
import { later, within } from './within.js';

/**
 * @import { Link, LinkTarget } from './link.js'
 * @import { GetLink, LinkReason, Settings } from './options.js'
 * @typedef {{ target: LinkTarget, reason: LinkReason }} LinkRequest
 * @typedef {(request: LinkRequest, signal: AbortSignal) => Promise<Link | HandoffEmbedError>} Links never rejects
 */

/** @param {unknown} cause what getLink rejected with */
function failureOf(cause) {
  const signed_out = typeof cause === 'object' && cause !== null && 'reason' in cause && cause.reason === 'signed-out';
  return signed_out
    ? new HandoffEmbedError('signed-out', 'getLink says that nobody is signed in to the page', cause)
    : new HandoffEmbedError('link-failed', 'getLink gave no link', cause);
}

/**
 * What getLink gives; waits no longer than it is wanted, whatever getLink does with its signal.
 *
 * @param {GetLink} getLink
 * @param {LinkRequest} request
 * @param {{ timeout: number, signal: AbortSignal }} limits
 * @returns {Promise<unknown>}
 */
async function ask(getLink, request, { timeout, signal }) {
  const asking = within(signal);
  try {
    return await new Promise((resolve, reject) => {
      asking.signal.addEventListener('abort', () =>
        reject(new HandoffEmbedError('link-failed', 'Not wanted any more')),
      );
      later(() => reject(new HandoffEmbedError('link-timed-out', `getLink gave no link in ${timeout} ms`)), {
        ms: timeout,
        signal: asking.signal,
      });
      // In a function of its own, so that what getLink throws at once is a rejection too.
      const answer = async () => getLink({ ...request, signal: asking.signal });
      answer().then(resolve, reject);
    });
  } finally {
    asking.abort();
  }
}

/** @param {Pick<Settings, 'getLink' | 'timeout'>} settings @returns {Links} */
export function createLinks({ getLink, timeout }) {
  /** @type {string | undefined} */
  let origin;
  return async (request, signal) => {
    try {
      const link = parseLink(await ask(getLink, request, { timeout, signal }), { target: request.target, origin });
      origin = link.origin;
      return link;
    } catch (error) {
      return error instanceof HandoffEmbedError ? error : failureOf(error);
    }
  };
}

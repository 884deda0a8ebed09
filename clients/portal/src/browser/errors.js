// @ts-check
// What can go wrong for a page, by one stable word each.

/**
 * `problem` is a problem of Handoff's (the last part of its type), or one of ours: `unavailable` (Handoff gives no usable answer),
 * `no-answer` (the page around the frame does not answer), `link-refused` (it has no link: `reason` says why), `tab-blocked` (the
 * browser opens no tab), `closed`.
 */
export class HandoffError extends Error {
  /**
   * @param {string} problem
   * @param {string} message A sentence for a developer or a log. It holds no address, token or name.
   * @param {string} [reason]
   */
  constructor(problem, message, reason) {
    super(message);
    this.name = 'HandoffError';
    this.problem = problem;
    this.reason = reason;
  }
}

/**
 * @param {unknown} error
 * @returns {HandoffError}
 */
export function toHandoffError(error) {
  return error instanceof HandoffError ? error : new HandoffError('unavailable', 'Something unforeseen went wrong');
}

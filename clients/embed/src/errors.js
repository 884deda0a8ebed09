// @ts-check
// What can go wrong, as the `error` event and as the reason of what rejects. Nothing in an error holds a link or a token.

/**
 * This package's own words, and the slugs of Handoff's problems as the frame tells them (`embedding-refused`, …). There may be newer
 * ones: `switch` needs a `default`.
 *
 * @typedef {'bad-link' | 'frame-blocked' | 'link-failed' | 'link-timed-out' | 'no-answer' | 'signed-out' | 'tab-blocked' | 'too-many-links' | (string & {})} HandoffEmbedErrorCode
 */

/** Decide by `code`, never by the wording of `message`, which is for developers. */
export class HandoffEmbedError extends Error {
  /**
   * @param {HandoffEmbedErrorCode} code
   * @param {string} message
   * @param {unknown} [cause] what `getLink` rejected with, where that is the reason
   */
  constructor(code, message, cause) {
    super(message);
    this.name = 'HandoffEmbedError';
    /** @readonly */
    this.code = code;
    /** @readonly @type {unknown} */
    this.cause = cause;
  }
}

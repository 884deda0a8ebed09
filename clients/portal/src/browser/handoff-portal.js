// @ts-check
// handoff-portal/browser: for the pages of a portal, above all those in another site's frame.

export { connect } from './connect.js';
export { HandoffError } from './errors.js';

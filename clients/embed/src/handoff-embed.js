// @ts-check
// A portal in an iframe of a partner's page: what the package offers. For React there is react.js, for pages without modules
// handoff-embed.global.ts.

/**
 * @import { HandoffEmbedErrorCode as ErrorCode } from './errors.js'
 * @import { HandoffEmbedEvents as EmbedEvents } from './events.js'
 * @import { HandoffEmbed as Embed } from './mount.js'
 * @import { GetLink as Get, LinkReason as Reason, MountOptions as Options, PanelTexts as Texts } from './options.js'
 *
 * @typedef {Embed} HandoffEmbed
 * @typedef {ErrorCode} HandoffEmbedErrorCode
 * @typedef {EmbedEvents} HandoffEmbedEvents
 * @typedef {Get} GetLink
 * @typedef {Reason} LinkReason
 * @typedef {Options} MountOptions
 * @typedef {Texts} PanelTexts
 */

export { HandoffEmbedError } from './errors.js';
export { mount } from './mount.js';

// @ts-check
'use client';
// The embed as a React component: mounted once for each element, whatever happens to the props meanwhile. Written without JSX.

import { createElement, forwardRef, useEffect, useImperativeHandle, useRef } from 'react';
import { mount } from './handoff-embed.js';

/**
 * @import { CSSProperties, ForwardedRef } from 'react'
 * @import { HandoffEmbed as Embed, HandoffEmbedEvents, MountOptions } from './handoff-embed.js'
 *
 * @typedef {object} EmbedHandlers
 * @property {((detail: HandoffEmbedEvents['ready']) => void) | undefined} [onReady]
 * @property {((detail: HandoffEmbedEvents['signed-in']) => void) | undefined} [onSignedIn]
 * @property {((detail: HandoffEmbedEvents['expired']) => void) | undefined} [onExpired]
 * @property {((error: HandoffEmbedEvents['error']) => void) | undefined} [onError]
 * @property {((detail: HandoffEmbedEvents['resize']) => void) | undefined} [onResize]
 * @property {((detail: HandoffEmbedEvents['navigate']) => void) | undefined} [onNavigate]
 *
 * @typedef {MountOptions & EmbedHandlers & { className?: string | undefined, style?: CSSProperties | undefined }} HandoffEmbedProps `title` may change while
 *   it is mounted, and functions are always the newest; the others are read once. A new `key` begins afresh, for another patient, say.
 *

 * @typedef {Pick<Embed, 'renew' | 'openInTab'> & { readonly iframe: HTMLIFrameElement | null }} HandoffEmbedHandle what a `ref` gets
 */

/** @param {{ readonly current: Embed | null }} embed @returns {HandoffEmbedHandle} */
const handleOf = (embed) => ({
  get iframe() {
    return embed.current?.iframe ?? null;
  },
  renew: () => embed.current?.renew(),
  openInTab: async () => embed.current?.openInTab() ?? false,
});

/** @param {HandoffEmbedProps} props @param {ForwardedRef<HandoffEmbedHandle>} ref */
function render(props, ref) {
  const { title, className, style } = props;
  const element = useRef(/** @type {HTMLDivElement | null} */ (null));
  const embed = useRef(/** @type {Embed | null} */ (null));
  const newest = useRef(props);

  useEffect(() => {
    newest.current = props;
  });
  useEffect(() => {
    // React has put the element there before it runs effects.
    if (element.current === null) return undefined;
    const { current } = newest;
    const mounted = mount(element.current, { ...current, getLink: (request) => newest.current.getLink(request) });
    mounted.on('ready', (detail) => newest.current.onReady?.(detail));
    mounted.on('signed-in', (detail) => newest.current.onSignedIn?.(detail));
    mounted.on('expired', (detail) => newest.current.onExpired?.(detail));
    mounted.on('error', (error) => newest.current.onError?.(error));
    mounted.on('resize', (detail) => newest.current.onResize?.(detail));
    mounted.on('navigate', (detail) => newest.current.onNavigate?.(detail));
    embed.current = mounted;
    return () => mounted.destroy();
  }, []);
  useEffect(() => {
    if (embed.current !== null && title !== undefined) embed.current.iframe.title = title;
  }, [title]);
  useImperativeHandle(ref, () => handleOf(embed), []);
  return createElement('div', { ref: element, className, style });
}

/** For React 18 too, where a function component gets no ref. */
export const HandoffEmbed = forwardRef(render);
HandoffEmbed.displayName = 'HandoffEmbed';

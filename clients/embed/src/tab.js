// @ts-check
// The way out: the portal in a tab of its own. A browser allows a new tab only while it answers a click, so the tab is opened empty at
// once, and the link comes after it.

import { HandoffEmbedError } from './errors.js';

/**
 * @import { Embed } from './visits.js'
 */

/** @param {Embed} embed @returns {Promise<HandoffEmbedError | undefined>} what went wrong; the tab is closed again */
async function openTab({ links, settings, signal }) {
  const tab = open('', '_blank');
  if (tab === null)
    return new HandoffEmbedError('tab-blocked', 'The browser opened no tab: call openInTab() in a click');
  // The portal's page gets no handle on this one.
  tab.opener = null;
  tab.document.title = settings.texts.opening;
  tab.document.body.textContent = settings.texts.opening;
  const link = await links({ target: 'tab', reason: 'asked' }, signal);
  if (link instanceof HandoffEmbedError) {
    tab.close();
    return link;
  }
  tab.location.replace(link.url);
  return undefined;
}

/** @param {Embed} embed @returns {() => Promise<boolean>} one tab at a time; whether it has been opened */
export function createTabs(embed) {
  const { stage, emit } = embed;
  /** @type {Promise<boolean> | undefined} */
  let opening;
  const tryOnce = async () => {
    stage.tell('opening');
    const failure = await openTab(embed);
    opening = undefined;
    stage.tell(failure ?? 'opened');
    if (failure !== undefined) emit('error', failure);
    return failure === undefined;
  };
  return () => (opening ??= tryOnce());
}

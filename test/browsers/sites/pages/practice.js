// The practice's page: a pane for each name in the query, and what happens in them written down for the test.

// oxlint-disable-next-line import/no-absolute-path -- an address of this site
import { mount } from '/handoff-embed/handoff-embed.js';

/** As the partner guide has it: the page's own server knows who is signed in to it. */
async function getLink(who, { target, reason, signal }) {
  const query = new URLSearchParams({ who, target, reason }).toString();
  const answer = await fetch(`/link?${query}`, { signal });
  if (answer.status === 401) throw Object.assign(new Error('signed out'), { reason: 'signed-out' });
  return (await answer.json()).url;
}

const EVENTS = ['ready', 'signed-in', 'expired', 'error', 'resize', 'navigate'];

globalThis.panes = (new URLSearchParams(location.search).get('who') ?? '').split(',').map((who) => {
  const element = document.createElement('div');
  element.id = who;
  element.style.height = '400px';
  document.querySelector('#panes').append(element);
  const events = [];
  const pane = mount(element, { getLink: (request) => getLink(who, request), title: `Prescribing for ${who}` });
  for (const type of EVENTS) pane.on(type, (detail) => events.push({ type, detail: { ...detail, code: detail.code } }));
  return { pane, events };
});

// The one script of Handoff's own pages, in a frame only: it answers the page around it (docs/embed-protocol.md), so that the
// partner's page learns what the clinician reads. It holds no secret; the one thing it does is to open a link in a new tab.

import { createHash } from 'node:crypto';

/** What the page tells the page around it: a problem, or that it waits for a person's decision. */
export type FrameAnswer = { type: 'error'; problem: string } | { type: 'asking' };

// Reads its words from data attributes, so that the script is one and the same on every page and its hash is known.
const FRAME_SCRIPT = `
(() => {
  const protocol = 'handoff-embed/1';
  const main = document.querySelector('main');
  const actions = document.getElementById('open-tab');
  const status = document.getElementById('open-tab-status');
  const waiting = new Map();
  let around;
  const post = (message) => parent.postMessage({ protocol, ...message }, around);
  const tellHeight = () => post({ type: 'resize', height: Math.ceil(main.getBoundingClientRect().height) });
  const answerHello = (origin) => {
    around = origin;
    const { answer, problem } = main.dataset;
    post(answer === 'error' ? { type: 'error', problem, message: document.title } : { type: 'asking' });
    if (actions) actions.hidden = false;
    tellHeight();
    new ResizeObserver(tellHeight).observe(main);
  };
  const settle = (request_id, failed) => {
    const tab = waiting.get(request_id);
    waiting.delete(request_id);
    actions.querySelector('button').disabled = false;
    status.textContent = failed ? status.dataset.failed : '';
    if (failed && tab) tab.close();
    return tab;
  };
  const openInTab = ({ request_id, url }) => {
    if (!waiting.has(request_id)) return;
    const link = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
    const good = link?.origin === location.origin && link.pathname === location.pathname;
    const tab = settle(request_id, !good);
    if (!good) return;
    tab.opener = null;
    tab.location.replace(link.href);
  };
  const askForTab = () => {
    const tab = open('', '_blank');
    if (!tab) {
      status.textContent = status.dataset.blocked;
      return;
    }
    const request_id = crypto.randomUUID();
    waiting.set(request_id, tab);
    actions.querySelector('button').disabled = true;
    post({ type: 'link-needed', request_id, target: 'tab', reason: 'asked' });
    setTimeout(() => waiting.has(request_id) && settle(request_id, true), 15000);
  };
  addEventListener('message', ({ source, origin, data }) => {
    if (source !== parent || source === window || origin === 'null' || data?.protocol !== protocol) return;
    if (around === undefined && data.type === 'hello') answerHello(origin);
    if (origin !== around || !actions) return;
    if (data.type === 'link') openInTab(data);
    if (data.type === 'link-refused' && waiting.has(data.request_id)) settle(data.request_id, true);
  });
  if (actions) actions.querySelector('button').addEventListener('click', askForTab);
})();
`;

const HASH = createHash('sha256').update(FRAME_SCRIPT).digest('base64');

/** A page's script and the source expression that allows it (CSP3, 2.3.1). */
export const frameScript = { text: FRAME_SCRIPT, source: `'sha256-${HASH}'` };

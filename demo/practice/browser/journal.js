// @ts-check
// The developer's panel: what this practice's server and Handoff said to each other, as the server wrote it down (masked), and
// what the pane said to this page.

/** @typedef {{ headers: [string, string][], body: unknown }} Message */
/** @typedef {{ exchange_id: number, started_at: string, duration_ms: number, method: string, path: string, request: Message, answer: Message & { status: number } | null, request_id: string | null }} Exchange */
/** @typedef {{ name: string, detail: object, at: number }} PaneEvent */

const REFRESH_MILLISECONDS = 2_000;
const MOST_EVENTS = 50;

/**
 * @param {string} name
 * @param {string} class_name
 * @param {...(Node | string)} children
 */
function element(name, class_name, ...children) {
  const made = document.createElement(name);
  made.className = class_name;
  made.append(...children);
  return made;
}

/** @param {number} at milliseconds since 1970 */
function clockTime(at) {
  return new Date(at).toLocaleTimeString(undefined, { hour12: false });
}

/** A patient's id in a path of the pane's is hidden here as the server hides it. @param {string} text */
function hideIds(text) {
  return text.replaceAll(/\b\d{4}(?:-\d{4}){3}\b/g, '••••••••');
}

/** @param {string} label @param {string} text */
function block(label, text) {
  const code = element('pre', '', text);
  // It scrolls, and has to be reached without a mouse for that.
  code.tabIndex = 0;
  code.setAttribute('role', 'group');
  code.setAttribute('aria-label', label);
  return element('div', 'block', element('p', 'label', label), code);
}

/** @param {Message} message */
function textOf({ headers, body }) {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  const json = body === null ? [] : ['', typeof body === 'string' ? body : JSON.stringify(body, null, 2)];
  return [...lines, ...json].join('\n');
}

/** @param {string} request_id @param {() => void} then */
function receiptButton(request_id, then) {
  const button = element('button', 'button line small', 'What became of this link?');
  button.setAttribute('type', 'button');
  button.addEventListener('click', () => {
    void fetch(`/api/receipts/${encodeURIComponent(request_id)}`, { method: 'POST' }).finally(then);
  });
  return button;
}

/** @param {Exchange} exchange @param {() => void} refresh */
function exchangeItem({ method, path, answer, duration_ms, request, request_id, started_at }, refresh) {
  const status = answer === null ? 'no answer' : String(answer.status);
  const is_good = answer !== null && answer.status < 400;
  const details = element('details', 'exchange');
  details.append(
    element(
      'summary',
      '',
      element('span', 'method', method),
      element('code', '', path),
      element('span', `status ${is_good ? 'good' : 'bad'}`, status),
      element('span', 'soft', `${duration_ms} ms`),
      element('time', 'soft', clockTime(Date.parse(started_at))),
    ),
    block('Request', textOf(request)),
    answer === null ? element('p', 'soft', 'No answer came.') : block('Answer', textOf(answer)),
  );
  const is_link = method === 'POST' && path.endsWith('/v1/sso') && request_id !== null;
  if (is_link) details.append(receiptButton(request_id, refresh));
  return element('li', '', details);
}

/** @param {PaneEvent} event */
function eventItem({ name, detail, at }) {
  const words = hideIds(
    Object.entries(detail)
      .map(([member, value]) => `${member}: ${value}`)
      .join(', '),
  );
  return element(
    'li',
    'event',
    element('span', 'method', 'event'),
    element('code', '', name),
    element('span', 'soft detail', words),
    element('time', 'soft', clockTime(at)),
  );
}

/**
 * Both kinds, newest first. What is there already stays, so that whoever reads in it keeps their place.
 * @param {HTMLElement} list
 * @param {Map<string, { at: number, make: () => HTMLElement }>} entries
 */
function update(list, entries) {
  const present = new Map([...list.children].map((item) => [item.getAttribute('data-key'), item]));
  const sorted = [...entries].toSorted(([, one], [, other]) => other.at - one.at);
  sorted.forEach(([key, { make }], index) => {
    const item = present.get(key) ?? make();
    item.setAttribute('data-key', key);
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
  while (list.children.length > sorted.length) list.lastElementChild?.remove();
}

/** @template {Element} T @param {ParentNode} within @param {string} selector @param {{ new (): T }} type @returns {T} */
function find(within, selector, type) {
  const found = within.querySelector(selector);
  if (!(found instanceof type)) throw new TypeError(`${selector} is not on this page`);
  return found;
}

/** @param {HTMLDetailsElement} panel */
export function createJournal(panel) {
  const list = find(panel, '[data-journal-list]', HTMLElement);
  const empty = find(panel, '[data-journal-empty]', HTMLElement);
  const count = find(panel, '[data-journal-count]', HTMLElement);
  /** @type {Map<string, { at: number, make: () => HTMLElement }>} */
  const entries = new Map();
  let events = 0;
  let last_event = '';

  const draw = () => {
    update(list, entries);
    empty.hidden = entries.size > 0;
    count.textContent = entries.size === 0 ? '' : String(entries.size);
  };
  const refresh = async () => {
    const response = await fetch('/api/exchanges').catch(() => undefined);
    if (response?.ok !== true) return;
    /** @type {{ exchanges: Exchange[] }} */
    const { exchanges } = await response.json();
    for (const exchange of exchanges) {
      const at = Date.parse(exchange.started_at);
      entries.set(`exchange-${exchange.exchange_id}`, { at, make: () => exchangeItem(exchange, () => void refresh()) });
    }
    draw();
  };
  const note = (/** @type {string} */ name, /** @type {object} */ detail) => {
    const at = Date.now();
    // A pane that changes its height does so in several steps; the last one says it all.
    if (name === 'resize' && last_event === 'resize') entries.delete(`event-${events}`);
    last_event = name;
    events += 1;
    entries.set(`event-${events}`, { at, make: () => eventItem({ name, detail, at }) });
    entries.delete(`event-${events - MOST_EVENTS}`);
    draw();
  };

  // Beside the chart where there is room for both.
  panel.open = matchMedia('(min-width: 80rem)').matches;
  // Requests of other tabs, such as that of "Prescribe", are seen when somebody looks.
  setInterval(() => panel.open && document.visibilityState === 'visible' && void refresh(), REFRESH_MILLISECONDS);
  document.addEventListener('visibilitychange', () => void refresh());
  void refresh();
  return { refresh: () => void refresh(), note };
}

// Style and script of the page for somebody who is not let in. They are allowed by their hashes, so that the page needs no
// 'unsafe-inline'; a test compares the hashes.

export const STYLE = `
:root{color-scheme:light dark;--ink:#17212b;--paper:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e7edf3;--paper:#18222c}}
body{margin:0;padding:2rem 1.5rem;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 system-ui,sans-serif}
main{max-width:34rem;margin:0 auto}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25}
p{margin:0}
`;

/** In a frame it answers the page around it (docs/embed-protocol.md), which then need not wait. It has no secret to tell. */
export const FRAME_SCRIPT = `
addEventListener('message', ({ source, origin, data }) => {
  if (source !== parent || source === window || origin === 'null') return;
  if (data?.protocol !== 'handoff-embed/1' || data.type !== 'hello') return;
  const { problem } = document.body.dataset;
  parent.postMessage({ protocol: 'handoff-embed/1', type: 'error', problem, message: document.title }, origin);
});
`;

export const STYLE_HASH = 'XmpBtzy5FFbfpT411N8o5yXME1XwA/gRj9FVC/l4ctU=';
export const FRAME_SCRIPT_HASH = 'aSrD5eARkIF15j8UwKNSs+24x74AeNn7Gg5+ENLLXmg=';

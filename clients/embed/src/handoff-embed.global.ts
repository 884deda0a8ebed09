// For pages without modules: a script that makes the one global HandoffEmbed.

import { HandoffEmbedError, mount } from './handoff-embed.js';

declare global {
  var HandoffEmbed: { readonly mount: typeof mount; readonly HandoffEmbedError: typeof HandoffEmbedError };
}

globalThis.HandoffEmbed = Object.freeze({ mount, HandoffEmbedError });

// docs/proxies/Caddyfile, as it stands but for ports and paths, in Debian's Caddy.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ProxyKind, replaceIn, spawnProxy } from '../clients/portal-proxy.ts';
import { describeProxy } from '../clients/portal-proxy-suite.ts';

const kind: ProxyKind = {
  recipe: new URL('../../docs/proxies/Caddyfile', import.meta.url),
  async start(folder, recipe, ports) {
    const changed = replaceIn(recipe, {
      // On this machine alone, and nothing of Caddy's own outside the folder.
      '\tadmin off\n': '\tadmin off\n\tdefault_bind 127.0.0.1\n',
      'http_port 80\n': `http_port ${ports.http}\n`,
      'https_port 443\n': `https_port ${ports.https}\n`,
      '127.0.0.1:8787': `127.0.0.1:${ports.handoff}`,
      '127.0.0.1:3000': `127.0.0.1:${ports.portal}`,
      '/etc/caddy/tls/': `${folder}/`,
      '/var/log/caddy/': `${folder}/`,
    });
    const file = join(folder, 'Caddyfile');
    await writeFile(file, changed);
    const environment = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    return spawnProxy('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], environment);
  },
};

const SHELLS = /^\t# begin: embedded pages that sign in by their script.*?^\t# end: [^\n]*\n/ms;

function withoutShells(recipe: string): string {
  if (!SHELLS.test(recipe)) throw new Error('the recipe does not mark what may be left out');
  return recipe.replace(SHELLS, '');
}

describeProxy('Caddy', { kind, withoutShells });

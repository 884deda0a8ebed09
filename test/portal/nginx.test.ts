// docs/proxies/nginx.conf, as it stands but for ports and paths, in Debian's nginx.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ProxyKind, replaceIn, spawnProxy } from '../clients/portal-proxy.ts';
import { describeProxy } from '../clients/portal-proxy-suite.ts';

const NGINX = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';

/** nginx with a prefix of its own, in the foreground, with nothing outside it. */
const main = (folder: string) => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/main-error.log crit;
events {}
http {
  client_body_temp_path ${folder}/tmp/body;
  proxy_temp_path ${folder}/tmp/proxy;
  fastcgi_temp_path ${folder}/tmp/fastcgi;
  uwsgi_temp_path ${folder}/tmp/uwsgi;
  scgi_temp_path ${folder}/tmp/scgi;
  access_log off;
  include ${folder}/portal.conf;
}
`;

const kind: ProxyKind = {
  recipe: new URL('../../docs/proxies/nginx.conf', import.meta.url),
  async start(folder, recipe, ports) {
    await mkdir(join(folder, 'tmp'));
    const portal = replaceIn(recipe, {
      'listen 443 ssl;': `listen 127.0.0.1:${ports.https} ssl;`,
      'listen 80;': `listen 127.0.0.1:${ports.http};`,
      'server 127.0.0.1:8787;': `server 127.0.0.1:${ports.handoff};`,
      'server 127.0.0.1:3000;': `server 127.0.0.1:${ports.portal};`,
      '/etc/nginx/tls/': `${folder}/`,
      '/var/log/nginx/': `${folder}/`,
    });
    await writeFile(join(folder, 'portal.conf'), portal);
    await writeFile(join(folder, 'nginx.conf'), main(folder));
    const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'start-error.log')];
    const { stderr } = await promisify(execFile)(NGINX, ['-t', ...args]);
    if (stderr.includes('[warn]')) throw new Error(`nginx has something to say: ${stderr}`);
    return spawnProxy(NGINX, args);
  },
};

const SHELLS = /^ {2}# begin: embedded pages that sign in by their script.*?^ {2}# end: [^\n]*\n/ms;

function withoutShells(recipe: string): string {
  if (!SHELLS.test(recipe)) throw new Error('the recipe does not mark what may be left out');
  return recipe.replace(SHELLS, '');
}

describeProxy('nginx', { kind, withoutShells });

// openapi.yaml as this deployment serves it: its two servers are placeholders in the file, and the operator's URLs here.

import { readFile } from 'node:fs/promises';
import type { Config } from '../config.ts';

const FILE = new URL('../../openapi.yaml', import.meta.url);

/** @throws Error when the file has no such server any more */
async function withServers(text: string, servers: Record<string, string>): Promise<string> {
  // Here: a server that nobody asks for its document does without.
  const { parseDocument, visit } = await import('yaml');
  const document = parseDocument(text);
  const unseen = new Set(Object.keys(servers));
  visit(document, {
    Map(_, map) {
      const url = map.get('url');
      const own_url = typeof url === 'string' ? servers[url] : undefined;
      if (typeof url !== 'string' || own_url === undefined) return;
      map.set('url', own_url);
      map.delete('variables');
      unseen.delete(url);
    },
  });
  if (unseen.size > 0) throw new Error(`openapi.yaml has no server ${[...unseen].join(', ')}`);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

export async function readDocument({ API_URL, PORTAL_URL }: Pick<Config, 'API_URL' | 'PORTAL_URL'>): Promise<string> {
  const text = await readFile(FILE, 'utf8');
  return withServers(text, { 'https://{api_host}/external': API_URL, 'https://{portal_host}': PORTAL_URL });
}

// The files that the page loads: a fixed list, read once. No path of a request leads to a file.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

// In the order in which the page loads them.
const FILES = [
  { url: import.meta.resolve('swagger-ui-dist/swagger-ui.css'), stem: 'swagger-ui', kind: 'css' },
  { url: new URL('browser/style.css', import.meta.url), stem: 'style', kind: 'css' },
  { url: import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js'), stem: 'swagger-ui', kind: 'js' },
  { url: new URL('browser/start.js', import.meta.url), stem: 'start', kind: 'js' },
] as const;

const MEDIA_TYPES = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' };

export type Asset = {
  /** Has a hash of the content in it, so that a browser may keep the file for good. */
  name: string;
  kind: keyof typeof MEDIA_TYPES;
  media_type: string;
  content: Uint8Array<ArrayBuffer>;
  gzipped: Uint8Array<ArrayBuffer>;
};

async function readAsset({ url, stem, kind }: (typeof FILES)[number]): Promise<Asset> {
  const content = await readFile(new URL(url));
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const gzipped = await promisify(gzip)(content, { level: 9 });
  return { name: `${stem}.${hash}.${kind}`, kind, media_type: MEDIA_TYPES[kind], content, gzipped };
}

export async function assets(): Promise<Asset[]> {
  return Promise.all(FILES.map(readAsset));
}

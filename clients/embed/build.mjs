// @ts-check
// Makes the files that others load: node build.mjs [folder, dist if left out]. Prints the size and the integrity of each script, and
// writes the latter to integrity.json.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { argv, execPath, exit, stderr, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const FOLDER = argv[2] ?? join(HERE, 'dist');
const { name, version, license } = JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8'));

/** @type {import('esbuild').BuildOptions[]} */
const SCRIPTS = [
  { entryPoints: ['src/handoff-embed.js'], format: 'esm' },
  { entryPoints: ['src/handoff-embed.global.ts'], format: 'iife' },
  // Beside the first and not with a copy of it in itself, so that an error is one class.
  { entryPoints: ['src/react.js'], format: 'esm', external: ['react', './handoff-embed.js'] },
];

function writeTypes() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status } = spawnSync(execPath, [tsc, '--project', HERE, '--outDir', FOLDER], { stdio: 'inherit' });
  if (status !== 0) {
    stderr.write('The sources are not right; see above.\n');
    exit(1);
  }
}

rmSync(FOLDER, { recursive: true, force: true });
writeTypes();
/** @type {Record<string, string>} */
const integrity = {};
for (const options of SCRIPTS) {
  const { outputFiles } = await build({
    ...options,
    absWorkingDir: HERE,
    outdir: FOLDER,
    bundle: true,
    minify: true,
    sourcemap: true,
    // The browsers that the README names.
    target: ['chrome109', 'firefox115', 'safari16.4'],
    banner: { js: `/*! ${name} ${version} | ${license} */` },
    logLevel: 'warning',
    write: false,
  });
  for (const { path, contents } of outputFiles) {
    writeFileSync(path, contents);
    if (!path.endsWith('.js')) continue;
    const file = path.slice(FOLDER.length).replace(/^[\\/]/, '');
    // Subresource Integrity, 3.1.
    integrity[file] = `sha384-${createHash('sha384').update(contents).digest('base64')}`;
    stdout.write(`${file}\n  ${contents.length} bytes, ${gzipSync(contents).length} with gzip\n  ${integrity[file]}\n`);
  }
}
writeFileSync(join(FOLDER, 'integrity.json'), `${JSON.stringify(integrity, null, 2)}\n`);

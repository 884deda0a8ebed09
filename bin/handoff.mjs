#!/usr/bin/env -S node --max-semi-space-size=4 --max-old-space-size=512 --concurrent-turbofan-max-threads=1 --preserve-symlinks
// @ts-check
// The `handoff` command as it is started: keeps what Node compiles beside the code, so that the next start finds it, and goes on in
// src/main.ts. JavaScript, because to strip the types of even one file Node loads what does that, and it keeps the stripped ones too.
//
// What Node is told cannot all be set from inside. Left alone, the youngest generation grows to many times what requests need, buffers
// that nobody needs wait for an old generation of gigabytes to fill up, and functions are optimized on several threads at once, in memory
// that stays taken. And Node would look into every folder above each of hundreds of files for symbolic links: npm lays out none to what
// the service needs.

import { lstatSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../node_modules', import.meta.url));

// What is laid out as links (by pnpm, say) finds its own packages only where they lead to.
const holdsLinks = () => lstatSync(`${packages}/hono`, { throwIfNoEntry: false })?.isSymbolicLink() === true;
if (process.execArgv.includes('--preserve-symlinks') && holdsLinks()) {
  process.stderr.write(
    'error: node_modules holds links, which Node was told not to follow; start with: node bin/handoff.mjs\n',
  );
  process.exit(1);
}

/** By then the first requests have been answered, and what they needed has been compiled. */
const SETTLED_MILLISECONDS = 5_000;

// What is kept here is run: only whoever starts the service may write it.
process.umask(0o077);
// NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE go first; where the folder cannot be written, there is no cache.
enableCompileCache(`${packages}/.cache/handoff`);
// Node does it when it exits, which a server that is killed does not come to.
setTimeout(flushCompileCache, SETTLED_MILLISECONDS).unref();

await import('../src/main.ts');

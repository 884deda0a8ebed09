// For `node --import`: when a process exits, writes what it has loaded to the file of LOADED_FILE: packages by name, files of src/ by
// path.

import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import process from 'node:process';

export type Loaded = { packages: string[]; sources: string[] };

const urls = new Set<string>();
registerHooks({
  load(url, context, nextLoad) {
    urls.add(url);
    return nextLoad(url, context);
  },
});

function captured(pattern: RegExp): string[] {
  return [...new Set([...urls].flatMap((url) => pattern.exec(url)?.[1] ?? []))].toSorted();
}

process.on('exit', () => {
  const loaded: Loaded = {
    packages: captured(/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//),
    sources: captured(/^(?!.*\/node_modules\/).*\/src\/(.+)$/),
  };
  writeFileSync(process.env['LOADED_FILE'] ?? '', JSON.stringify(loaded));
});

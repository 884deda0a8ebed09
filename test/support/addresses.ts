// A browser's errors, fit to be printed.

import type { TestContext } from 'vitest';

/** Takes the addresses out of a failed test's errors: a browser's say where it went, with tokens and patient ids. */
export function hideAddresses({ task }: TestContext): void {
  for (const error of task.result?.errors ?? []) {
    for (const [name, text] of Object.entries(error)) {
      if (typeof text === 'string') error[name] = text.replaceAll(/\bhttps?:\/\/[^\s"'<>]+/g, '[address]');
    }
  }
}

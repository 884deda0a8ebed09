// How a process of ours ends: it drains on the first signal, and a second one ends it at once.

import type { Log } from './log.ts';

/** On SIGTERM and SIGINT; the process ends by itself when nothing is open any more. */
export function stopOnSignal(log: Log, close: () => Promise<void>): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'draining');
    void close().then(
      () => log.info('stopped'),
      (err: unknown) => log.error({ err }, 'could not stop cleanly'),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

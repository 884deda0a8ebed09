// What every flow is given: built once in app.ts's caller, handed down, never imported as a value.

import type { Config } from './config.ts';
import type { Database } from './db/database.ts';
import type { Makers } from './foundation/ids.ts';
import type { Log } from './foundation/log.ts';
import type { FailureLimit } from './http/failure-limit.ts';
import type { Embedders } from './partners/embedders.ts';
import type { Keyring } from './signing-keys/keyring.ts';

export type Deps = Makers & {
  config: Config;
  log: Log;
  db: Database;
  keyring: Keyring;
  failures: FailureLimit;
  embedders: Embedders;
};

// PostgreSQL's connections: how long they may take, how their statements are kept, and what becomes of those that are lost.

import { Client, type ClientConfig, DatabaseError, Pool } from 'pg';
import { keptName } from './kept-statements.ts';

const CONNECTION_TIMEOUT_MILLISECONDS = 3_000;
const STATEMENT_TIMEOUT_MILLISECONDS = 5_000;

// Not there any more, changed meanwhile, there already: a connection whose statements are not what this process thinks.
const STATEMENTS_LOST = /^(26000|0A000|42P05)$/;

/** Runs the statements of prepared queries by their names. */
class KeepingClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    const query = this.query.bind(this);
    const queryKept = (asked: unknown, ...rest: unknown[]): unknown => {
      this.#writeOnce();
      const name = typeof asked === 'string' ? keptName(asked) : undefined;
      if (name === undefined) return Reflect.apply(query, this, [asked, ...rest]);
      return this.#queryByName(() => Reflect.apply(query, this, [{ name, text: asked }, ...rest]));
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- takes and gives what the original does, in all its forms
    this.query = queryKept as Client['query'];
  }

  /** Has what is asked at one go written to the socket at one go: a write takes longer than all that it writes. */
  #writeOnce(): void {
    const { stream } = this.connection;
    if (stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  async #queryByName(query: () => unknown): Promise<unknown> {
    try {
      return await query();
    } catch (error) {
      // The pool takes no connection back that has ended, and makes another.
      if (error instanceof DatabaseError && STATEMENTS_LOST.test(error.code ?? '')) void this.end();
      throw error;
    }
  }
}

/** `onIdleError` hears of connections that are lost while nobody uses them. */
export function openPool(connection_string: string, onIdleError: (error: unknown) => void): Pool {
  const pool = new Pool({
    connectionString: connection_string,
    max: 10,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MILLISECONDS,
    statement_timeout: STATEMENT_TIMEOUT_MILLISECONDS,
    query_timeout: STATEMENT_TIMEOUT_MILLISECONDS + 1_000,
    Client: KeepingClient,
    // What is granted together (group.ts) goes to the server together.
    pipeline: true,
  });
  // An idle connection that the server closes is an event without a listener otherwise, and ends the process.
  pool.on('error', onIdleError);
  // The same for one that is in use: the pool listens to idle connections only. Whoever uses it hears of it by its query.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

// SQLite as kysely uses it here: transactions that begin as writers, and DDL that rolls back.

import {
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { SqliteFile } from './sqlite-file.ts';

/** Hands out the connection that writes: kysely lets one caller at a time have it. */
class WriterDriver implements Driver {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#file.writer;
  }

  async beginTransaction(): Promise<void> {
    await this.#file.writer.begin();
  }

  async commitTransaction(): Promise<void> {
    this.#file.writer.commit();
  }

  async rollbackTransaction(): Promise<void> {
    this.#file.writer.rollback();
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#file.close();
  }
}

/** What a query finds on its database: the file, for what goes past kysely's turns. */
export class SqliteFileAdapter extends SqliteAdapter {
  readonly file: SqliteFile;

  constructor(file: SqliteFile) {
    super();
    this.file = file;
  }

  // SQLite does roll back DDL; kysely is told so, and then runs all migrations in one transaction: of two processes that start
  // at once one waits for the other, and one that dies half-way leaves nothing behind.
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

export class SqliteFileDialect implements Dialect {
  readonly #file: SqliteFile;

  /** Makes the file and its folder if they are missing. */
  constructor(path: string) {
    this.#file = new SqliteFile(path);
  }

  createAdapter(): SqliteFileAdapter {
    return new SqliteFileAdapter(this.#file);
  }

  createDriver(): Driver {
    return new WriterDriver(this.#file);
  }

  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }
}

// Statements that PostgreSQL keeps: it parses and plans each once for a connection, and not for every request.

import { hash } from 'node:crypto';
import type { CompiledQuery } from 'kysely';

const NAMES = new Map<string, string>();

/**
 * Has a query's statement kept under a name, which says what it is: behind a pooler that mixes up its clients' statements, it could only
 * be taken for itself. @throws for one that asks for every column: a statement that is kept refuses to run when
 * a migration has added one meanwhile
 */
export function keepStatement<R>(query: CompiledQuery<R>): CompiledQuery<R> {
  if (query.sql.includes('*')) throw new Error('name each column of a prepared query');
  if (!NAMES.has(query.sql)) NAMES.set(query.sql, `handoff_${hash('sha256', query.sql).slice(0, 32)}`);
  return query;
}

/** The name that a statement is kept under; undefined when it is not. */
export function keptName(sql: string): string | undefined {
  return NAMES.get(sql);
}

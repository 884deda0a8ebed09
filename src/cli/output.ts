// What a command prints: JSON for scripts, lines and tables for people. Secrets are printed by the commands that make them
// and by no other.

export type Row = Record<string, unknown>;

export type Output = { json?: boolean };

export const SHOWN_ONCE = 'The secret is shown once. Keep it now.';

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}

function cell(value: unknown): string {
  if (isEmpty(value)) return '-';
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The columns that have a value in at least one row, in the order of the first row. */
function filledColumns(rows: readonly Row[]): string[] {
  return Object.keys(rows[0] ?? {}).filter((column) => rows.some((row) => !isEmpty(row[column])));
}

/** `name  value` lines, without the empty ones. */
function formatLines(row: Row, columns: readonly string[]): string {
  const width = Math.max(...columns.map((name) => name.length));
  const filled = columns.filter((name) => !isEmpty(row[name]));
  return filled.map((name) => `${name.padEnd(width)}  ${cell(row[name])}`).join('\n');
}

/**
 * A table with its columns lined up, or, where that is wider than the terminal, a block of lines for each row. A value is
 * never cut, because it is there to be copied; a column without any value is left out.
 */
export function formatRows(rows: readonly Row[], terminal_width: number): string {
  const columns = filledColumns(rows);
  const lines = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  const table = lines.map((line) =>
    line
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  if (table.every((line) => line.length <= terminal_width)) return table.join('\n');
  return rows.map((row) => formatLines(row, columns)).join('\n\n');
}

/** One thing: JSON for scripts, `name  value` lines for people, with a remark below. */
export function printOne({ json }: Output, row: Row, remark?: string): void {
  if (json === true) {
    console.log(JSON.stringify(row));
    return;
  }
  const columns = filledColumns([row]);
  const parts = [columns.length === 0 ? undefined : formatLines(row, columns), remark];
  console.log(parts.filter((part) => part !== undefined).join('\n\n'));
}

export type Many = {
  /** What is listed, for a list that is empty. */
  things: string;
  /** The columns for people, in their order; all by default. JSON has all of them, always. */
  columns?: readonly string[];
  limit?: number;
  /** The columns that --after takes, joined by a slash. */
  cursor?: readonly string[];
};

function pick(row: Row, columns: readonly string[] | undefined): Row {
  return columns === undefined ? row : Object.fromEntries(columns.map((column) => [column, row[column]]));
}

/** Many: a JSON array for scripts, a table for people. */
export function printMany({ json }: Output, rows: readonly Row[], { things, columns, limit, cursor = [] }: Many): void {
  if (json === true) {
    console.log(JSON.stringify(rows));
    return;
  }
  const last = rows.at(-1);
  if (last === undefined) {
    console.log(`No ${things}.`);
    return;
  }
  // A pipe has no width: there a table is what grep and less -S can work with.
  const terminal_width = process.stdout.columns ?? Number.POSITIVE_INFINITY;
  console.log(
    formatRows(
      rows.map((row) => pick(row, columns)),
      terminal_width,
    ),
  );
  if (rows.length === limit)
    console.log(`\nThere may be more: --after ${cursor.map((column) => cell(last[column])).join('/')}`);
}

// Markdown tables, padded so that they can be read in a terminal too. Pure.

/** `left` for words, `right` for figures. */
export type Column = { title: string; align: 'left' | 'right' };

/** @throws when a row is not as wide as the columns */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const wrong = rows.find((row) => row.length !== columns.length);
  if (wrong !== undefined) throw new Error(`a row of ${wrong.length} in a table of ${columns.length} columns`);
  const widths = columns.map(({ title }, index) =>
    Math.max(3, title.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const pad = (cell: string, index: number) => {
    const width = widths[index] ?? 0;
    return columns[index]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width);
  };
  const rule = columns.map(({ align }, index) => {
    const dashes = '-'.repeat(widths[index] ?? 3);
    return align === 'right' ? `${dashes.slice(1)}:` : dashes;
  });
  return [
    line(columns.map(({ title }, index) => pad(title, index))),
    line(rule),
    ...rows.map((row) => line(row.map(pad))),
  ]
    .map((text) => `${text}\n`)
    .join('');
}

/** With thousands separators and as many digits after the point as are worth reading. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

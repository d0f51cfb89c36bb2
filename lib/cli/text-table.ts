/** A column: numbers are aligned to the right. */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** Rows in aligned columns, two spaces apart, each line indented by two. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const width = columns.map(({ title }, index) => Math.max(title.length, ...rows.map((row) => row[index].length)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (columns[i].right === true ? cell.padStart(width[i]) : cell.padEnd(width[i]))).join("  ")}`.trimEnd();
  return [columns.map(({ title }) => title), ...rows].map(line).join("\n");
}

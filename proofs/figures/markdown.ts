/** A Markdown table with aligned columns: the first to the left, all others to the right, as numbers are, or to the left, too. */
export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  others: "right" | "left" = "right",
): string {
  const toTheLeft = (column: number): boolean => column === 0 || others === "left";
  const widths = header.map((_title, column) => Math.max(3, ...[header, ...rows].map((row) => row[column].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (toTheLeft(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => (toTheLeft(i) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(header), rule, ...rows.map(line)].join("\n");
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

export function milliseconds(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}

/** A percentage with its sign. */
export function percent(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(1)} %`;
}

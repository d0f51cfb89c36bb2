import { median } from "../../figures/statistics";

/** Samples with one setting. */
export interface Row {
  readonly name: string;
  /** One list of samples per column. */
  readonly samples: readonly (readonly number[])[];
}

/** A comparison of settings. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

/** Collects samples by setting. */
export class Samples {
  private readonly byName = new Map<string, number[][]>();

  /** @param log gets each sample at once, so that the samples of an interrupted run are not lost */
  public constructor(
    private readonly columns: readonly string[],
    private readonly log: (line: string) => void,
  ) {}

  public add(name: string, column: string, ...values: readonly number[]): void {
    const lists = this.byName.get(name) ?? this.columns.map(() => []);
    lists[this.columns.indexOf(column)]?.push(...values);
    this.byName.set(name, lists);
    this.log(`${name}: ${column}: ${values.map(figure).join(" ")}`);
  }

  public table(title: string, notes: readonly string[] = []): Table {
    const rows = [...this.byName].map(([name, samples]) => ({ name, samples }));
    return { title, columns: this.columns, rows, notes };
  }
}

/** The table in Markdown: medians, with the least and the greatest sample in brackets. */
export function markdown(table: Table): string {
  const cell = (values: readonly number[]): string =>
    values.length === 0
      ? "–"
      : `${figure(median(values))} (${figure(Math.min(...values))}–${figure(Math.max(...values))})`;
  const lines = [
    ["setting", ...table.columns],
    ["---", ...table.columns.map(() => "---:")],
    ...table.rows.map(({ name, samples }) => [name, ...samples.map(cell)]),
  ].map((cells) => `| ${cells.join(" | ")} |`);
  return [`### ${table.title}`, "", ...lines, "", ...table.notes.map((note) => `- ${note}`), ""].join("\n");
}

function figure(value: number): string {
  return value.toFixed(value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2);
}

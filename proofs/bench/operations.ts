/**
 * `npm run bench:operations`: boots a lab, deploys, and carries out the operations of a cluster's whole life while
 * clients on three continents work. Prints the effects on these clients, and checks that no write was lost. See --help.
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { MEASURED, operationNamed } from "../operations/catalog";
import { IMPORT_STEPS, importUnderLoad } from "../operations/import";
import type { OperationRow } from "../operations/operation-row";
import { measure } from "../operations/measure";
import type { Bar, Operation } from "../operations/operation";
import { exitAfter, onStage } from "../operations/on-stage";
import type { Stage } from "../operations/stage";
import { missed, operationTable, verdicts } from "../operations/table";

const DOCUMENT = path.join(__dirname, "..", "..", "docs", "operations.md");
const BEGIN = "<!-- written by npm run bench:operations -->";
const END = "<!-- end -->";
/** Name of the import of a cluster, with all its steps, for --only. It uses a cluster of its own. */
const IMPORT = "import";

const HELP = `npm run bench:operations [-- options]

Does each operation of docs/operations.md to a cluster under load, on the lab's machines, and prints a row for each: what its
clients felt. Checks each history: nothing lost, watches whole, linearizable. Ends with status 1 if a limit is missed, after all
else. All take about an hour.

  --only LIST      of these operations only, comma separated and in their order; one that is not possible yet ends the run:
                   ${[...MEASURED.map(({ name }) => name), IMPORT].join("\n                   ")}
  --json FILE      also write the rows there, as they come, with what failed and how late the clients themselves were
  --write          put the table into docs/operations.md
  --from FILES     do nothing, take the rows of earlier runs' files, comma separated; of each operation the last one's
  --help

Needs root on Linux. Histories, journals and the output of every apply are left in the directory that is printed first. Ctrl-C
takes the lab down.`;

function writeTable(table: string): void {
  const text = readFileSync(DOCUMENT, "utf8");
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${DOCUMENT} has no "${BEGIN}" with "${END}" after it`);
  writeFileSync(DOCUMENT, `${text.slice(0, before)}${BEGIN}\n\n${table}\n\n${text.slice(after)}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      json: { type: "string" },
      from: { type: "string" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const misses: string[] = [];
  const rows =
    values.from === undefined ? await rowsOf(values.only, values.json, misses) : rowsIn(values.from.split(","));
  const table = operationTable(rows);
  console.log(table);
  if (values.write) writeTable(table);
  if (misses.length > 0) throw new Error(`limits that were missed:\n${misses.join("\n")}`);
}

/** The last row of each operation in these files, in the document's order. */
function rowsIn(files: readonly string[]): OperationRow[] {
  const rows = files.flatMap((file) => JSON.parse(readFileSync(file, "utf8")) as OperationRow[]);
  const names = [...MEASURED.map(({ name }) => name), ...IMPORT_STEPS];
  return names.flatMap((name) => rows.filter((row) => row.name === name).slice(-1));
}

/**
 * Carries out the operations and saves the rows after each.
 *
 * @param misses gets a sentence for each missed limit
 */
async function rowsOf(only: string | undefined, json: string | undefined, misses: string[]): Promise<OperationRow[]> {
  const wanted = only?.split(",").map((name) => name.trim()) ?? [...MEASURED.map(({ name }) => name), IMPORT];
  const operations = wanted.filter((name) => name !== IMPORT).map((name) => operationNamed(name));
  const rows: OperationRow[] = [];
  const onRow = (row: OperationRow, bars: readonly Bar[] = []): void => {
    rows.push(row);
    for (const failure of row.failures) console.error(`  ${failure}`);
    if (row.bootSeconds !== undefined) console.error(`  the new machine's boot: ${row.bootSeconds.toFixed(1)} s of it`);
    if (row.note !== undefined) console.error(`  ${row.note}`);
    for (const line of verdicts(row, bars)) console.error(line);
    misses.push(...missed(row, bars));
    if (json !== undefined) writeFileSync(json, JSON.stringify(rows, null, 2));
  };
  if (operations.length > 0) await onStage("operations", (stage) => doAll(stage, operations, onRow));
  if (wanted.includes(IMPORT)) {
    console.error(`${IMPORT} ...`);
    await onStage(IMPORT, (stage) => importUnderLoad(stage, onRow));
  }
  return rows;
}

async function doAll(
  stage: Stage,
  operations: readonly Operation[],
  onRow: (row: OperationRow, bars?: readonly Bar[]) => void,
): Promise<void> {
  await stage.deploy();
  for (const [index, operation] of operations.entries()) {
    if (operation.possible?.(stage) === false) throw new Error(`${operation.name} is not possible at this point`);
    await stage.settled();
    console.error(`${operation.name} ...`);
    onRow(await measure(stage, operation, index + 1), operation.bars);
  }
}

exitAfter(main);

/**
 * `npm run bench:operations [-- --only NAME,... --json FILE --write]`: boots a lab, deploys, and does everything to the cluster
 * that years of operation bring, while clients on three continents work on. Prints what they felt, and checks that nothing was
 * lost; --write puts the table into docs/operations.md.
 */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { LabHarness } from "../harness";
import { OPERATIONS, operationNamed } from "../operations/catalog";
import type { OperationRow } from "../operations/load";
import { measure } from "../operations/measure";
import { Stage } from "../operations/stage";
import { operationTable, verdicts } from "../operations/table";
import { ensureWorkload } from "../tools/workload";

const DOCUMENT = path.join(__dirname, "..", "..", "docs", "operations.md");
const BEGIN = "<!-- written by npm run bench:operations -->";
const END = "<!-- end -->";

function writeTable(table: string): void {
  const text = readFileSync(DOCUMENT, "utf8");
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${DOCUMENT} has no "${BEGIN}" with "${END}" after it`);
  writeFileSync(DOCUMENT, `${text.slice(0, before)}${BEGIN}\n\n${table}\n\n${text.slice(after)}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: "string" }, json: { type: "string" }, write: { type: "boolean", default: false } },
  });
  const operations = values.only?.split(",").map((name) => operationNamed(name.trim())) ?? OPERATIONS;
  const harness = new LabHarness(path.resolve(".lab-bench"));
  const directory = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-operations-"));
  console.error(`Histories: ${directory}`);
  const rows: OperationRow[] = [];
  const interrupted = new Promise<never>((_resolve, reject) => {
    process.once("SIGINT", () => {
      reject(new Error("interrupted"));
    });
  });
  const stage = new Stage(harness, directory);
  try {
    await ensureWorkload(console.error);
    await harness.up();
    await stage.deploy();
    for (const operation of operations) {
      if (operation.possible?.(stage) === false) throw new Error(`${operation.name} is not possible at this point`);
      await stage.settled();
      console.error(`${operation.name} ...`);
      const row = await Promise.race([measure(stage, operation), interrupted]);
      rows.push(row);
      for (const failure of row.failures) console.error(`  ${failure}`);
      for (const line of verdicts(row, operation.bars ?? [])) console.error(line);
      if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(rows, null, 2));
    }
  } finally {
    stage.abort();
    await harness.down();
  }
  const table = operationTable(rows);
  console.log(table);
  if (values.write) writeTable(table);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    // A deploy that was under way when it went wrong must not keep this process.
    process.exit(1);
  },
);

/**
 * `npm run test:campaign [-- --sequences 30 --seed N --minutes M]`: randomly chosen sequences of five operations on a cluster under
 * load, half of them with something in their way: Terraform killed or interrupted, the operator's network cut, SSH connections
 * killed. The next apply must complete what was interrupted; a quorum of voters must be in service all along; nothing that was
 * acknowledged may be lost. The same seed makes the same choices.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { LabHarness } from "../../harness";
import { Random } from "../../tools/random";
import { ensureWorkload } from "../../tools/workload";
import type { OperationRow } from "../load";
import { Stage } from "../stage";
import { operationTable } from "../table";
import { runSequence } from "./sequence";

function whole(flag: string, given: string): number {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${flag}: given ${given}, expected a whole number from 1 on`);
  return value;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sequences: { type: "string", default: "30" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      minutes: { type: "string", default: "300" },
    },
  });
  const sequences = whole("sequences", values.sequences);
  const seed = whole("seed", values.seed);
  const deadline = Date.now() + whole("minutes", values.minutes) * 60_000;
  const directory = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-campaign-"));
  console.log(`Seed ${seed}; logs and histories in ${directory}`);
  const harness = new LabHarness(path.resolve(".lab-bench"));
  const rows: OperationRow[] = [];
  const interrupted = new Promise<never>((_resolve, reject) => {
    process.once("SIGINT", () => {
      reject(new Error("interrupted"));
    });
  });
  const stage = new Stage(harness, directory);
  const campaign = async (): Promise<void> => {
    await ensureWorkload(console.error);
    await harness.up();
    await stage.deploy();
    const random = new Random(seed);
    for (let i = 1; i <= sequences && Date.now() < deadline; i += 1) {
      console.log(`sequence ${i} of ${sequences}`);
      rows.push(...(await runSequence(stage, random, path.join(directory, `sequence-${i}`), console.log)));
    }
  };
  try {
    await Promise.race([campaign(), interrupted]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`seed ${seed}: ${why}\nLogs and histories: ${directory}`, { cause: error });
  } finally {
    stage.abort();
    if (rows.length > 0) console.log(operationTable(rows));
    await harness.down();
  }
  console.log(`${rows.length} operations, nothing lost, a quorum in service all along.`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    // An apply that was under way when it went wrong must not keep this process.
    process.exit(1);
  },
);

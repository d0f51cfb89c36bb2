/**
 * `npm run test:campaign [-- --sequences 30 --seed N --minutes M --only OPERATION,... --interruptions NAME,... --disturbed SHARE]`:
 * randomly chosen sequences of five operations on a cluster under load, half of them (or SHARE, from 0 to 1) with something in
 * their way: Terraform killed or interrupted, the operator's network cut, SSH connections killed. The next apply must complete what was interrupted; a quorum of voters must be in service all along; nothing that was
 * acknowledged may be lost. The same seed makes the same choices.
 */
import * as path from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../../tools/random";
import { OPERATIONS, operationNamed } from "../catalog";
import { interruptionNamed, INTERRUPTIONS } from "../interruption";
import type { OperationRow } from "../load";
import { exitAfter, onStage } from "../on-stage";
import { operationTable } from "../table";
import { runSequence, type Draws } from "./sequence";

function whole(flag: string, given: string): number {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${flag}: given ${given}, expected a whole number from 1 on`);
  return value;
}

function share(flag: string, given: string): number {
  const value = Number(given);
  if (given.trim() === "" || !(value >= 0 && value <= 1))
    throw new Error(`--${flag}: given ${given}, expected a number from 0 to 1`);
  return value;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sequences: { type: "string", default: "30" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      minutes: { type: "string", default: "300" },
      only: { type: "string" },
      interruptions: { type: "string" },
      disturbed: { type: "string", default: "0.5" },
    },
  });
  const sequences = whole("sequences", values.sequences);
  const seed = whole("seed", values.seed);
  const deadline = Date.now() + whole("minutes", values.minutes) * 60_000;
  const draws: Draws = {
    operations: values.only?.split(",").map((name) => operationNamed(name.trim())) ?? OPERATIONS,
    interruptions: values.interruptions?.split(",").map((name) => interruptionNamed(name.trim())) ?? INTERRUPTIONS,
    disturbed: share("disturbed", values.disturbed),
  };
  const rows: OperationRow[] = [];
  console.log(`seed ${seed}`);
  try {
    await onStage("campaign", async (stage) => {
      const random = new Random(seed);
      for (let i = 1; i <= sequences && Date.now() < deadline; i += 1) {
        console.log(`sequence ${i} of ${sequences}`);
        rows.push(
          ...(await runSequence(stage, random, draws, path.join(stage.directory, `sequence-${i}`), console.log)),
        );
      }
    });
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    if (rows.length > 0) console.log(operationTable(rows));
  }
  console.log(`${rows.length} operations, nothing lost, a quorum in service all along.`);
}

exitAfter(main);

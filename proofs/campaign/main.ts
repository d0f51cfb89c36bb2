/**
 * `npm run test:campaign`: random sequences of operations on a cluster under load, some of them interrupted. The next
 * apply must complete an interrupted operation; a quorum of voters must be in service all the time; no acknowledged
 * write may be lost. See --help.
 */
import * as path from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../random";
import { DRAWN, operationNamed } from "../operations/catalog";
import { interruptionNamed, INTERRUPTIONS } from "../operations/interruption";
import { getReleases } from "../operations/operation";
import { exitAfter, onStage } from "../operations/on-stage";
import { operationTable } from "../operations/table";
import { runSequence, type Draws } from "./sequence";
import { Tally } from "./tally";

const HELP = `npm run test:campaign [-- options]

Sequences of five randomly chosen operations on a cluster under load, on the lab's machines. Some are disturbed: Terraform killed
or interrupted, the operator's network cut, SSH connections killed; the next deploy must complete them. After each sequence:
nothing lost, watches whole, the history linearizable, a quorum of voters in service all along; else it ends with status 1.
What fails for recommended clients is told at once, and how many of the disturbances hit an apply at the end.

  --sequences N          at most so many (default 30), of about eight minutes each
  --minutes M            none begins later than that (default 300)
  --seed N               the same number makes the same choices (default: from the clock; printed first)
  --disturbed SHARE      of the operations that can be disturbed, from 0 to 1 (default 0.5)
  --only LIST            of these operations only, comma separated:
                         ${DRAWN.map(({ name }) => name).join("\n                         ")}
  --interruptions LIST   of these only, comma separated:
                         ${INTERRUPTIONS.map(({ name }) => name).join("\n                         ")}
  --help

Needs root on Linux. Each sequence's table goes to stdout when it is through, progress to stderr. Histories, journals and the output
of every apply are left in the directory that is printed first. Ctrl-C takes the lab down.`;

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
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const sequences = whole("sequences", values.sequences);
  const seed = whole("seed", values.seed);
  const deadline = Date.now() + whole("minutes", values.minutes) * 60_000;
  const draws: Draws = {
    operations: values.only?.split(",").map((name) => operationNamed(name.trim(), DRAWN)) ?? DRAWN,
    interruptions: values.interruptions?.split(",").map((name) => interruptionNamed(name.trim())) ?? INTERRUPTIONS,
    disturbed: share("disturbed", values.disturbed),
  };
  const tally = new Tally();
  let done = 0;
  console.error(`seed ${seed}`);
  try {
    await onStage("campaign", async (stage) => {
      await getReleases(draws.operations, stage);
      await stage.deploy();
      const random = new Random(seed);
      for (; done < sequences && Date.now() < deadline; done += 1) {
        console.error(`sequence ${done + 1} of ${sequences}`);
        const directory = path.join(stage.directory, `sequence-${done + 1}`);
        console.log(operationTable(await runSequence(stage, random, draws, tally, directory, console.error)));
      }
    });
  } catch (error) {
    const after = done === 0 ? "" : `, after ${done} sequences in order`;
    throw new Error(`seed ${seed}${after}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    for (const line of tally.hits) console.log(line);
  }
  console.log(`${done} sequences: nothing lost, a quorum in service all along; ${tally.failures}.`);
}

exitAfter(main);

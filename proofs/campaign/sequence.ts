import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { saveJournals } from "../recording/evidence";
import type { Random } from "../random";
import { LEADER_LOST } from "../operations/catalog/machines";
import { ClientKind } from "../operations/load-client";
import { Load } from "../operations/load";
import type { OperationRow } from "../operations/operation-row";
import { carryOut, type Operation } from "../operations/operation";
import { CLIENT_LOCATIONS, type Stage } from "../operations/stage";
import { Disturbance, type DisturbanceDraws } from "./disturbance";
import type { Tally } from "./tally";

const OPERATIONS_PER_SEQUENCE = 5;
/** With fewer members there is no quorum while one is away. */
const ENOUGH_MEMBERS = 3;

/** What sequences are drawn from. */
export interface Draws extends DisturbanceDraws {
  /** Operations without a `prepare`. */
  readonly operations: readonly Operation[];
}

/** A sequence that went wrong. */
export class SequenceError extends Error {
  public constructor(
    public readonly steps: readonly string[],
    cause: unknown,
  ) {
    super(`after ${steps.join(", then ")}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "SequenceError";
  }
}

/** An operation of a sequence. */
interface Step {
  readonly operation: Operation;
  readonly disturbance?: Disturbance;
}

/** The step's name so far: whether it was disturbed is known only after its apply. */
function nameOf({ operation, disturbance }: Step): string {
  return disturbance === undefined ? operation.name : `${operation.name} (${disturbance.description})`;
}

/**
 * Carries out five possible operations one after the other, some of them disturbed, under one load. Checks the load's
 * histories, and that a quorum of voters was in service all the time.
 *
 * @throws SequenceError with the steps up to the failure
 */
export async function runSequence(
  stage: Stage,
  random: Random,
  draws: Draws,
  tally: Tally,
  directory: string,
  say: (line: string) => void,
): Promise<OperationRow[]> {
  const begun = Date.now();
  mkdirSync(directory, { recursive: true });
  const steps: Step[] = [];
  const rows: OperationRow[] = [];
  const load = await Load.start({
    lab: stage.harness.lab,
    locations: CLIENT_LOCATIONS,
    directory: path.join(directory, "load"),
  });
  try {
    for (let i = 0; i < OPERATIONS_PER_SEQUENCE; i += 1) {
      const operation = random.pick(draws.operations.filter(({ possible }) => possible?.(stage) ?? true));
      const before = stage.regions.length;
      const disturbance = Disturbance.draw(operation, before, random, draws);
      const step = { operation, disturbance };
      steps.push(step);
      say(`  ${nameOf(step)}`);
      if (disturbance !== undefined) {
        tally.addDisturbance(disturbance);
        disturbance.prepare(stage);
      }
      const row = await load.during(operation.name, async () => {
        // The expectations of an operation hold only if it is not disturbed.
        if (disturbance === undefined) await carryOut(operation, stage);
        else await operation.perform(stage);
      });
      rows.push({ ...row, name: nameOf(step) });
      if (disturbance?.hit === false) say(`    ${disturbance.description}`);
      if (operation === LEADER_LOST || Math.min(before, stage.regions.length) < ENOUGH_MEMBERS) continue;
      const failures = row.failures.filter((failure) => failure.includes(` of ${ClientKind.RECOMMENDED}-`));
      if (failures.length > 0) say(`    !!! ${failures.length} operations of recommended clients FAILED`);
      for (const failure of failures) say(`    !!! ${failure}`);
      tally.addFailures(failures.length);
    }
    await load.finish();
    return rows;
  } catch (error) {
    throw new SequenceError(steps.map(nameOf), error);
  } finally {
    await load.stop();
    await saveJournals(stage.harness.lab.driver(), directory, begun);
  }
}

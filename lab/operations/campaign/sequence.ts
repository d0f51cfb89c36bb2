import { setTimeout as sleep } from "node:timers/promises";
import { mkdirSync } from "node:fs";
import * as path from "node:path";
import type { Random } from "../../tools/random";
import { saveJournals } from "../evidence";
import type { Interruption } from "../interruption";
import { Load, type OperationRow } from "../load";
import { carryOut, type Operation } from "../operation";
import { CLIENT_LOCATIONS, type Stage } from "../stage";

const OPERATIONS_PER_SEQUENCE = 5;
/** From an apply's first step, for each member: nearly all of the longest applies lies within. */
const STRIKE_WITHIN_SECONDS = 25;

/** What is drawn from. */
export interface Draws {
  /** Operations with a `prepare` are left out. */
  readonly operations: readonly Operation[];
  readonly interruptions: readonly Interruption[];
  /** Share of the operations that are disturbed, of those that can be. */
  readonly disturbed: number;
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

/**
 * Does five operations that are possible one after the other, some of them disturbed, under one load, and checks its histories
 * and that a quorum of voters was in service all along.
 *
 * @throws SequenceError with what was done until it went wrong
 */
export async function runSequence(
  stage: Stage,
  random: Random,
  draws: Draws,
  directory: string,
  say: (line: string) => void,
): Promise<OperationRow[]> {
  const begun = Date.now();
  mkdirSync(directory, { recursive: true });
  const steps: string[] = [];
  const rows: OperationRow[] = [];
  const load = await Load.start({
    paths: stage.harness.paths,
    locations: CLIENT_LOCATIONS,
    directory: path.join(directory, "load"),
  });
  try {
    for (let i = 0; i < OPERATIONS_PER_SEQUENCE; i += 1) {
      const operation = random.pick(
        draws.operations.filter(({ possible, prepare }) => prepare === undefined && (possible?.(stage) ?? true)),
      );
      const disturbance = disturb(stage, operation, random, draws);
      steps.push(disturbance === undefined ? operation.name : `${operation.name} (${disturbance})`);
      say(`  ${steps[i]}`);
      rows.push(
        await load.during(steps[i], async () => {
          // Only what nothing got in the way of says what it always says.
          if (disturbance === undefined) await carryOut(operation, stage);
          else await operation.perform(stage);
        }),
      );
    }
    await load.finish();
    return rows;
  } catch (error) {
    throw new SequenceError(steps, error);
  } finally {
    await load.stop();
    await saveJournals(stage.harness, directory, begun);
  }
}

/** Draws what gets in the way of the operation's first apply, and when; undefined for nothing. */
function disturb(stage: Stage, operation: Operation, random: Random, draws: Draws): string | undefined {
  // Drawn in any case, so that the draws after it do not depend on it.
  const chosen = random.next() < draws.disturbed;
  const interruption = random.pick(draws.interruptions);
  const seconds = random.between(0, STRIKE_WITHIN_SECONDS * stage.regions.length);
  if (!chosen || operation.disturbed === false) return undefined;
  stage.disturbNext(async (pid) => {
    await sleep(seconds * 1000);
    await interruption.strike(stage.harness, pid, random);
  });
  return `${interruption.name} ${seconds.toFixed(1)} s into the apply`;
}

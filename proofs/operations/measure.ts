import * as path from "node:path";
import { saveJournals } from "../recording/evidence";
import { Load } from "./load";
import type { OperationRow } from "./operation-row";
import { carryOut, getReleases, type Operation } from "./operation";
import { CLIENT_LOCATIONS, type Stage } from "./stage";

/**
 * Carries out an operation under a load of its own, and checks its histories. These and the machines' journals are kept
 * in a directory named after the operation.
 *
 * @param position of the operation on this stage, for the directory's name: an operation may be measured twice
 */
export async function measure(stage: Stage, operation: Operation, position: number): Promise<OperationRow> {
  await getReleases([operation], stage);
  await operation.prepare?.(stage);
  const begun = Date.now();
  const directory = path.join(stage.directory, `${position}-${operation.name.replace(/\W+/g, "-")}`);
  const load = await Load.start({
    lab: stage.harness.lab,
    locations: CLIENT_LOCATIONS,
    directory,
    keptCertificates: operation.keptCertificates,
  });
  try {
    const row = await load.during(operation.name, () => carryOut(operation, stage));
    await load.finish(operation.losesQuorum);
    const booted = operation.boots?.(stage);
    const bootSeconds = booted === undefined ? undefined : stage.bootSeconds(booted);
    return { ...row, bootSeconds, note: await operation.note?.(stage) };
  } finally {
    await load.stop();
    await saveJournals(stage.harness.lab.driver(), directory, begun);
  }
}

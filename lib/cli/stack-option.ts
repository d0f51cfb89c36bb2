import { existsSync, readdirSync } from "node:fs";
import * as path from "node:path";
import { outputPrefix } from "../access/output-prefix";
import type { RecordedCluster } from "../report/recorded-cluster";
import { clustersIn } from "../report/recorded-cluster";
import { ValidationError } from "../validation-error";
import type { Typed } from "./usage";

/** Where cdktf synthesizes to. */
export const STACKS = path.join("cdktf.out", "stacks");

/**
 * `--stack`, or the only one that there is.
 *
 * @throws ValidationError where there is none or several; `otherwise` is an alternative to synthesizing one, for the
 * message
 */
export function stackOf(typed: Typed, otherwise?: string): string {
  const given = typed.value("stack");
  if (given !== undefined) return given;
  const stacks = existsSync(STACKS) ? readdirSync(STACKS).sort() : [];
  if (stacks.length === 1) return path.join(STACKS, stacks[0]);
  const none = ["run cdktf synth first", ...(otherwise === undefined ? [] : [otherwise])];
  throw new ValidationError({
    what: "--stack",
    given: stacks.length === 0 ? `nothing, and no stack in ${STACKS}` : `nothing, and ${stacks.length} stacks`,
    expected: "the folder of a synthesized stack",
    mend: stacks.length === 0 ? none.join(", or ") : `name one: --stack ${path.join(STACKS, stacks[0])}`,
  });
}

/**
 * The cluster of that name in a synthesized stack, or the only one.
 *
 * @throws ValidationError where there is none or several
 */
export function chosenCluster(stack: string, name: string | undefined): RecordedCluster {
  const clusters = clustersIn(stack);
  const found = name === undefined ? clusters : clusters.filter((cluster) => cluster.name === name);
  if (found.length === 1) return found[0];
  throw new ValidationError({
    what: "--cluster",
    given: name === undefined ? "nothing" : JSON.stringify(name),
    expected: `one of the stack's: ${clusters.map((cluster) => cluster.name).join(", ")}`,
    mend: `name one: --cluster ${clusters[0].name}`,
  });
}

/** First part of the names of a cluster's outputs. */
export function outputPrefixOf({ name, record }: RecordedCluster): string {
  return outputPrefix(name, record.outputPrefix);
}

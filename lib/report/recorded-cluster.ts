import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { ClusterRecord, RECORDS } from "../cluster-record";
import { ValidationError } from "../validation-error";
import { Region } from "../wan/regions";
import { RoundTripTimes } from "../wan/round-trip-times";

/** A cluster of a synthesized stack. */
export interface RecordedCluster {
  /** Its path in the app. */
  readonly name: string;
  readonly record: ClusterRecord;
}

/**
 * The clusters that a synthesized stack declares, read from the stack's folder.
 *
 * @throws ValidationError when there is no stack, or none with a cluster of this version
 */
export function clustersIn(stack: string): RecordedCluster[] {
  // `cdktf synth --hcl` has no place for comments in the configuration itself.
  const files = ["cdk.tf.json", "metadata.json"].map((name) => path.join(stack, name));
  const file = files.find((one) => existsSync(one));
  if (file === undefined) {
    throw new ValidationError({
      what: "--stack",
      given: stack,
      expected: "the folder of a synthesized stack, with cdk.tf.json in it",
      mend: "run cdktf synth first, and name cdktf.out/stacks/<stack>; or give --regions instead",
    });
  }
  const found = recordsIn(readFileSync(file, "utf8"));
  if (found.length === 0) {
    throw new ValidationError({
      what: "--stack",
      given: file,
      expected: "a stack with an EtcdCluster",
      mend: "synthesize it with this version of cdktf-etcd, or give --regions instead",
    });
  }
  return found;
}

function recordsIn(text: string): RecordedCluster[] {
  try {
    const { "//": comment } = JSON.parse(text) as {
      "//"?: { [RECORDS]?: Record<string, ClusterRecord | { readonly version: unknown }> };
    };
    return Object.entries(comment?.[RECORDS] ?? {}).flatMap(([name, record]) =>
      isCurrent(record) ? [{ name, record }] : [],
    );
  } catch {
    return [];
  }
}

function isCurrent(record: ClusterRecord | { readonly version: unknown }): record is ClusterRecord {
  return record.version === 1;
}

/** The cluster's round-trip times; and the built-in ones of other places, for advice. */
export function timesOf({ roundTripTimes }: ClusterRecord): RoundTripTimes {
  const { pairs, source, measuredAt } = roundTripTimes;
  const builtIn = RoundTripTimes.builtIn();
  if (pairs.length === 0) return builtIn;
  const regions = roundTripTimes.regions.map((region) => new Region(region));
  return builtIn.withPairs([...pairs], { source, measuredAt, regions });
}

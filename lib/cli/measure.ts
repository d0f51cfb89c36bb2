import type { ClusterRecord } from "../cluster-record";
import { machinesOf } from "../machines/machines";
import type { Pairs } from "../measure/directions";
import type { Drift } from "../measure/drift";
import { driftOf, memberPairs } from "../measure/drift";
import type { Measurement } from "../measure/measure-cluster";
import { measureCluster } from "../measure/measure-cluster";
import type { RecordedCluster } from "../report/recorded-cluster";
import { ValidationError } from "../validation-error";
import { Region } from "../wan/regions";
import { RoundTripTimes } from "../wan/round-trip-times";
import { writeAtomically } from "./atomic-file";
import { clientFilesOf } from "./client-files-option";
import { jsonText } from "./json-text";
import { driftText, howToUse, measurementText, progressText } from "./measure-text";
import {
  DEFAULT_OUT,
  DRIFTED,
  fileOf,
  INCOMPLETE,
  INTERRUPTED,
  MEASURE_HELP,
  MEASURE_OPTIONS,
  secondsOf,
  toleranceOf,
} from "./measure-usage";
import { chosenCluster, outputPrefixOf, stackOf } from "./stack-option";
import { untilInterrupted } from "./until-interrupted";
import type { Command, Console, Typed } from "./usage";

/** How often progress is reported, in seconds. */
const PROGRESS_SECONDS = 10;

/** `cdktf-etcd measure`: a running cluster's round-trip times, as a file or against its tuning. */
export const measureCommand: Command = {
  name: "measure",
  summary: "the round-trip times of a running cluster: written to a file, or checked against its tuning",
  help: MEASURE_HELP,
  options: MEASURE_OPTIONS,
  run: measure,
};

async function measure(typed: Typed, console: Console): Promise<number> {
  const file = fileOf(typed);
  const stack = stackOf(typed);
  const cluster = chosenCluster(stack, typed.value("cluster"));
  if (memberPairs(cluster.record).length === 0) throw nothingApart(cluster);
  const tolerance = toleranceOf(typed);
  if (file !== undefined) return checkFile(file, cluster, tolerance, typed, console);

  const measurement = await untilInterrupted((signal) => measureNow(typed, stack, cluster, signal, console));
  if (measurement === undefined) {
    console.error("interrupted; nothing was written\n");
    return INTERRUPTED;
  }
  requireThisCluster(cluster, measurement);
  for (const note of notesOn(measurement)) console.error(`${note}\n`);
  const complete = measurement.missing.length === 0;
  if (typed.flag("check")) {
    if (typed.value("out") !== undefined) write(typed, cluster, measurement, console);
    const drift = driftOf(cluster.record, measurement.pairs, tolerance);
    report(typed, console, cluster, drift);
    return drift.drifted ? DRIFTED : complete ? 0 : INCOMPLETE;
  }
  if (measurement.pairs.length > 0) {
    const { out, json } = write(typed, cluster, measurement, console);
    console.out(
      typed.flag("json") ? json : `${measurementText(measurement)}\n${out}\n\n${howToUse(cluster.record, out)}`,
    );
  }
  return complete ? 0 : INCOMPLETE;
}

async function measureNow(
  typed: Typed,
  stack: string,
  cluster: RecordedCluster,
  signal: AbortSignal,
  console: Console,
): Promise<Measurement> {
  const { record, name } = cluster;
  const ssh = typed.flag("ssh");
  const seconds = secondsOf(typed);
  const files = clientFilesOf(typed.value("env"), stack, cluster.name, !ssh);
  const machines = ssh ? machinesOf(stack, outputPrefixOf(cluster), "--ssh", process.env) : undefined;
  const begin = performance.now();
  let told = 0;
  const progress = (pairs: Pairs): void => {
    const passed = Math.floor((performance.now() - begin) / 1000);
    if (passed < told + PROGRESS_SECONDS || passed >= seconds) return;
    told = passed;
    console.error(`${passed} s of ${seconds} s: ${progressText(record, pairs)}\n`);
  };
  console.error(`measuring ${name} for ${seconds} s\n`);
  return measureCluster({ record, files, machines, seconds, signal, progress });
}

/** Judges a file that was measured before. */
function checkFile(file: string, cluster: RecordedCluster, tolerance: number, typed: Typed, console: Console): number {
  const { name, record } = cluster;
  const times = RoundTripTimes.fromFile(file);
  if (times.cluster !== undefined && times.cluster !== name) {
    throw new ValidationError({
      what: file,
      given: `a measurement of ${times.cluster}`,
      expected: `one of ${name}`,
      mend: `name the other cluster's stack with --stack, or measure this one: cdktf-etcd measure --out ${file}`,
    });
  }
  times.require(record.members.map((member) => member.location));
  for (const warning of times.warnings) console.error(`${warning}\n`);
  const drift = driftOf(record, times.pairs(), tolerance);
  report(typed, console, cluster, drift);
  return drift.drifted ? DRIFTED : 0;
}

function report(typed: Typed, console: Console, { name, record }: RecordedCluster, drift: Drift): void {
  console.out(typed.flag("json") ? jsonText({ cluster: name, ...drift }) : driftText(name, record, drift, DEFAULT_OUT));
}

function write(
  typed: Typed,
  { name, record }: RecordedCluster,
  { pairs, clusterId, measuredAt }: Measurement,
  console: Console,
): { out: string; json: string } {
  const out = typed.value("out") ?? DEFAULT_OUT;
  const methods = [...new Set(pairs.map((pair) => pair.method))].join(" and ");
  const times = RoundTripTimes.of([...pairs], {
    cluster: name,
    clusterId,
    measuredAt,
    source: `cdktf-etcd measure for ${secondsOf(typed)} s: ${methods}`,
    regions: record.roundTripTimes.regions.map((region) => new Region(region)),
  });
  for (const warning of times.warnings) console.error(`${warning}\n`);
  const json = times.toJson();
  writeAtomically("--out", out, json);
  return { out, json };
}

function notesOn({ notes, warnings, missing, strangers }: Measurement): string[] {
  return [
    ...notes,
    ...warnings,
    ...strangers.map((name) => `${name} answered, and is no member in the stack: synthesize again, and deploy`),
    ...(missing.length === 0 ? [] : [`not measured: ${missing.join(", ")}`]),
  ];
}

/** Refuses what was measured with the files of another cluster's client. */
function requireThisCluster({ name, record }: RecordedCluster, { pairs, strangers }: Measurement): void {
  if (pairs.length > 0 || strangers.length === 0) return;
  throw new ValidationError({
    what: "--env",
    given: `a cluster of ${strangers.join(", ")}`,
    expected: `${name}, with ${record.members.map((member) => member.name).join(", ")}`,
    mend: "name the etcd.env of a client of this cluster, or the stack of that one with --stack",
  });
}

function nothingApart({ name, record }: { name: string; record: ClusterRecord }): ValidationError {
  return new ValidationError({
    what: `cluster ${name}`,
    given: `members in ${[...new Set(record.members.map((member) => member.location))].join(", ")} alone`,
    expected: "at least two locations",
    mend: "there is no distance to measure; nothing has to be done",
  });
}

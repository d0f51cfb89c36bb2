import type { ClusterRecord } from "../cluster-record";
import type { Pairs } from "../measure/directions";
import type { Drift } from "../measure/drift";
import { DEFAULT_TOLERANCE_PERCENT, driftOf, memberPairs } from "../measure/drift";
import { machinesOf } from "../measure/machines";
import type { Measurement } from "../measure/measure-cluster";
import { measureCluster, seesProbes } from "../measure/measure-cluster";
import type { RecordedCluster } from "../report/recorded-cluster";
import { ValidationError } from "../validation-error";
import { Region } from "../wan/regions";
import { RoundTripTimes } from "../wan/round-trip-times";
import { writeAtomically } from "./atomic-file";
import { clientFilesOf } from "./client-files-option";
import { driftText, howToUse, measurementText, progressText } from "./measure-text";
import { chosenCluster, stackOf } from "./stack-option";
import type { Command, Console, Typed } from "./usage";
import { parse } from "./usage";

const OPTIONS = {
  values: ["stack", "cluster", "env", "for", "out", "tolerance"],
  flags: ["check", "ssh", "json", "help"],
};

const DEFAULT_OUT = "round-trip-times.json";
/** Two entries of etcd's in each direction, 30 s apart. */
const DEFAULT_SECONDS = 65;
/** 100 handshakes between the farthest places, which a 95th percentile needs: one in each direction takes about a second. */
const DEFAULT_SSH_SECONDS = 60;
const LONGEST_SECONDS = 86_400;
/** How often progress is reported, in seconds. */
const PROGRESS_SECONDS = 10;

/** Exit codes beside 0 and 2, which is what was typed. */
const INCOMPLETE = 1;
const DRIFTED = 3;
/** As shells report SIGINT. */
const INTERRUPTED = 130;

const HELP = `cdktf-etcd measure: the round-trip times of a running cluster

Usage:
  cdktf-etcd measure [options]                 measures, and writes the file that RoundTripTimes.fromFile reads
  cdktf-etcd measure --check [FILE] [options]  compares with what the cluster was tuned for: what is measured now, or FILE

Which cluster is read off the synthesized stack, so run it where cdktf runs.

Without --ssh it reads etcd's own metric, as a client, and disturbs nothing. etcd probes each peer every 4 s, and enters a smoothed
average every 30 s: medians are good to 2 %, a change shows after two minutes, and there is no 95th percentile.
With --ssh the machines time TCP handshakes with each other: 95th percentiles too, also where etcd does not run.

Options:
  --for <time>         how long: 65s (default; 60s with --ssh), 10m, 24h
  --ssh                log in to the machines, with the deploy's key out of Terraform's state, their host keys pinned
  --env <file>         a client's etcd.env (default: ETCDCTL_* of the environment, else the stack's first client's)
  --out <file>         what to write (default: ${DEFAULT_OUT}; with --check nothing)
  --check              exit code ${DRIFTED} if the cluster has drifted from its tuning
  --tolerance <percent>  with --check: how far a median, or the election timeout, may move (default: ${DEFAULT_TOLERANCE_PERCENT}; never less than 5 ms)
  --stack <folder>     the stack's folder, after cdktf synth (default: the only one)
  --cluster <path>     which cluster, where the stack has several
  --json               print data; times in milliseconds
  --help               this text

Exit codes: 0 done, 1 some pairs could not be measured, 2 something to mend in what was typed, ${DRIFTED} drifted, ${INTERRUPTED} interrupted.
`;

/** `cdktf-etcd measure`: a running cluster's round-trip times, as a file or against its tuning. */
export const measureCommand: Command = {
  name: "measure",
  summary: "the round-trip times of a running cluster: written to a file, or checked against its tuning",
  help: HELP,
  run(args, console) {
    const typed = parse("measure", args, OPTIONS);
    if (typed.flag("help")) {
      console.out(HELP);
      return undefined;
    }
    return measure(typed, console);
  },
};

async function measure(typed: Typed, console: Console): Promise<number> {
  const file = fileOf(typed);
  const stack = stackOf(typed);
  const cluster = chosenCluster(stack, typed.value("cluster"));
  if (memberPairs(cluster.record).length === 0) throw nothingApart(cluster);
  const tolerance = toleranceOf(typed.value("tolerance"));
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
  const seconds = secondsOf(typed.value("for"), ssh);
  const files = clientFilesOf(typed.value("env"), stack, cluster.name, !ssh);
  const machines = ssh ? machinesOf(stack, name, process.env) : undefined;
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

/** Runs it until it is done or Ctrl-C is typed; undefined in that case. */
async function untilInterrupted<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result | undefined> {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  process.once("SIGINT", abort).once("SIGTERM", abort);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) return undefined;
    throw error;
  } finally {
    process.off("SIGINT", abort).off("SIGTERM", abort);
  }
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
  console.out(typed.flag("json") ? toJson({ cluster: name, ...drift }) : driftText(name, record, drift, DEFAULT_OUT));
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
    source: `cdktf-etcd measure for ${secondsOf(typed.value("for"), typed.flag("ssh"))} s: ${methods}`,
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

/** The client's files may be another cluster's. */
function requireThisCluster({ name, record }: RecordedCluster, { pairs, strangers }: Measurement): void {
  if (pairs.length > 0 || strangers.length === 0) return;
  throw new ValidationError({
    what: "--env",
    given: `a cluster of ${strangers.join(", ")}`,
    expected: `${name}, with ${record.members.map((member) => member.name).join(", ")}`,
    mend: "name the etcd.env of a client of this cluster, or the stack of that one with --stack",
  });
}

function fileOf(typed: Typed): string | undefined {
  const { positionals } = typed;
  if (positionals.length === 0) return undefined;
  const [file] = positionals;
  const live =
    ["env", "for", "out"].find((option) => typed.value(option) !== undefined) ??
    (typed.flag("ssh") ? "ssh" : undefined);
  if (positionals.length === 1 && typed.flag("check") && live === undefined) return file;
  throw new ValidationError({
    what: "cdktf-etcd measure",
    given: `${positionals.join(" ")}${live === undefined ? "" : ` with --${live}`}`,
    expected: "options only, or with --check one file that was measured before",
    mend: `write --check ${file} to judge it, --out ${file} to write it`,
  });
}

/** `65s`, `10m` or `24h` in seconds. */
function secondsOf(text: string | undefined, ssh: boolean): number {
  if (text === undefined) return ssh ? DEFAULT_SSH_SECONDS : DEFAULT_SECONDS;
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  const seconds = Number(count) * (unit === "h" ? 3600 : unit === "m" ? 60 : 1);
  if (seconds >= 1 && seconds <= LONGEST_SECONDS && (ssh || seesProbes(seconds))) return seconds;
  throw new ValidationError({
    what: "--for",
    given: JSON.stringify(text),
    expected: ssh ? "1s to 24h" : "31s to 24h: etcd enters its probes every 30 s",
    mend: `write it as 65s, 10m or 24h${ssh || Number.isNaN(seconds) ? "" : ", or add --ssh, which needs less"}`,
  });
}

function toleranceOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_TOLERANCE_PERCENT;
  const percent = Number(text.replace(/ ?%$/, ""));
  if (text !== "" && percent >= 1 && percent <= 100) return percent;
  throw new ValidationError({
    what: "--tolerance",
    given: JSON.stringify(text),
    expected: "1 to 100 percent",
    mend: `write --tolerance ${DEFAULT_TOLERANCE_PERCENT}`,
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

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

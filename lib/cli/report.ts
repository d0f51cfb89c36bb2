import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { CertificatePlan } from "../report/certificates";
import { certificateRows } from "../report/certificates";
import type { ClusterPlan } from "../report/cluster-plan";
import { planCluster } from "../report/cluster-plan";
import { drawMap } from "../report/map";
import { drawPage } from "../report/page";
import { timesOf } from "../report/recorded-cluster";
import { ValidationError } from "../validation-error";
import type { RoundTripTimes } from "../wan/round-trip-times";
import { unwritable } from "./atomic-file";
import { jsonText } from "./json-text";
import { expiryFrom } from "./outputs-option";
import { chosenCluster, outputPrefixOf, stackOf, STACKS } from "./stack-option";
import type { Command, Typed } from "./usage";
import {
  clientsOf,
  CLOUDS_HELP,
  cloudsOption,
  list,
  membersIn,
  profileOf,
  REGIONS_HELP,
  requireRegions,
  roundTripTimesOf,
} from "./usage";

const OPTIONS = {
  values: ["stack", "cluster", "regions", "clients", "profile", "rtt", "clouds", "outputs", "out"],
  flags: ["json", "help"],
};

const HELP = `cdktf-etcd report: one page and one map about a cluster, from its code alone

Usage:
  cdktf-etcd report [--stack <folder>] [options]     the cluster of a synthesized stack
  cdktf-etcd report --regions <region,...> [options]  a cluster in these regions

Options:
  --stack <folder>               the stack's folder, after cdktf synth (default: the only one in ${STACKS})
  --cluster <path>               which cluster, where the stack has several
  --regions <region,...>         1 to 9 regions instead of a stack
  --clients <region=weight,...>  where the writes come from (default: as in the stack; else alike from each region)
  --profile <profile>            with --regions: balanced (default), conservative or fast
  --rtt <file>                   with --regions: round-trip times of your own; they replace the built-in ones
${CLOUDS_HELP}
                                 (default: the clouds of the members' regions)
  --outputs <file>               adds each certificate and the days that are left of it; the file is from cdktf deploy
                                 --outputs-file, or from terraform output -json <cluster>_certificate_expiry
  --out <folder>                 where to write cluster.html and cluster.svg (default: etcd-report)
  --json                         print the plan and the files' names as data
  --help                         this text

${REGIONS_HELP}
Examples:
  cdktf-etcd report --stack cdktf.out/stacks/etcd
  cdktf-etcd report --outputs outputs.json
  cdktf-etcd report --regions lon1,nyc3,sgp1 --clients nyc3=3,lon1=1 --out report
`;

/** What a report is about. */
interface Subject {
  readonly title: string;
  readonly plan: ClusterPlan;
  readonly times: RoundTripTimes;
  readonly certificates: CertificatePlan;
}

/** `cdktf-etcd report`: a page and a map for a synthesized stack or a set of regions. */
export const reportCommand: Command = {
  name: "report",
  summary: "a page and a map: members, round trips, latency, losses, tuning",
  help: HELP,
  options: OPTIONS,
  run(typed, console): undefined {
    requireNoPositionals(typed);
    const { title, plan, times, certificates } =
      typed.value("regions") === undefined ? fromStack(typed) : fromRegions(typed);
    const map = drawMap(plan, times);
    const folder = typed.value("out") ?? "etcd-report";
    const files = { page: path.join(folder, "cluster.html"), map: path.join(folder, "cluster.svg") };
    write(folder, [
      [files.page, drawPage(title, plan, map, certificates)],
      [files.map, map.svg],
    ]);
    console.out(typed.flag("json") ? jsonText({ files, plan, certificates }) : `${files.page}\n${files.map}\n`);
  },
};

function fromRegions(typed: Typed): Subject {
  for (const option of ["stack", "cluster", "outputs"]) {
    if (typed.value(option) !== undefined) throw contradiction(`--${option}`, "--regions");
  }
  const locations = list(typed.value("regions"));
  const times = roundTripTimesOf(typed.value("rtt"));
  const clients = clientsOf(typed.value("clients"));
  requireRegions(times, locations, clients, "name them: --regions lon1,nyc3,sgp1");
  const profile = profileOf(typed.value("profile"));
  const clouds = cloudsOption(typed);
  const plan = planCluster({ roundTripTimes: times, members: membersIn(locations), clients, profile, clouds });
  return { title: "a plan", plan, times, certificates: {} };
}

function fromStack(typed: Typed): Subject {
  for (const option of ["profile", "rtt"]) {
    if (typed.value(option) !== undefined) throw contradiction(`--${option}`, "a stack, which has its own");
  }
  const cluster = chosenCluster(stackOf(typed, "give --regions lon1,nyc3,sgp1"), typed.value("cluster"));
  const { name, record } = cluster;
  const times = timesOf(record);
  const { members, profile, preferredLeaders, heartbeatMs, electionMs } = record;
  const clients = clientsOf(typed.value("clients")) ?? record.clients;
  const plan = planCluster({
    roundTripTimes: times,
    members,
    clients,
    profile,
    preferredLeaders,
    heartbeatMs,
    electionMs,
    clouds: cloudsOption(typed),
  });
  const { source, measuredAt } = record.roundTripTimes;
  const outputs = typed.value("outputs");
  const certificates = {
    configured: record.certificates,
    rows: outputs === undefined ? undefined : certificateRows(expiryFrom(outputs, outputPrefixOf(cluster)), new Date()),
  };
  return { title: name, times, plan: { ...plan, source, measuredAt }, certificates };
}

function write(folder: string, files: readonly (readonly [string, string])[]): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of files) writeFileSync(file, text);
  } catch (error) {
    throw unwritable("--out", folder, "a folder that can be written to", error);
  }
}

function requireNoPositionals({ positionals }: Typed): void {
  if (positionals.length === 0) return;
  throw new ValidationError({
    what: "cdktf-etcd report",
    given: positionals.join(" "),
    expected: "options only",
    mend: `for regions write --regions ${positionals.join(",")}, for a stack --stack ${positionals[0]}`,
  });
}

function contradiction(option: string, other: string): ValidationError {
  return new ValidationError({
    what: option,
    given: `along with ${other}`,
    expected: "one of the two",
    mend: `drop ${option}`,
  });
}

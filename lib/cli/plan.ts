import { planCluster } from "../report/cluster-plan";
import { ValidationError } from "../validation-error";
import { cloudsOf, onePerMetro } from "../wan/candidates";
import { DIGITAL_OCEAN } from "../wan/cloud-regions";
import { FailureDomain } from "../wan/failure-domain";
import { Placement } from "../wan/placement";
import { jsonText } from "./json-text";
import { planText } from "./plan-text";
import type { Command, Console, Typed } from "./usage";
import {
  clientsOf,
  CLOUDS_HELP,
  cloudsOption,
  list,
  membersIn,
  oneOf,
  profileOf,
  REGIONS_HELP,
  requireKnown,
  requireRegions,
  roundTripTimesOf,
} from "./usage";

const OPTIONS = {
  values: ["clients", "profile", "rtt", "best", "survive", "include", "clouds"],
  flags: ["json", "help"],
};

const HELP = `cdktf-etcd plan: what distance does to a cluster, before it is built

Usage:
  cdktf-etcd plan <region>... [options]      members in these 1 to 9 regions
  cdktf-etcd plan --best <count> [options]   the best 3 to 7 of the clouds' regions

Options:
  --clients <region=weight,...>  where the writes come from (default: alike from each member's region;
                                 with --best from each city)
  --profile <profile>            balanced (default), conservative or fast: quick failover against mistaken elections
  --rtt <file>                   round-trip times of your own, as RoundTripTimes.fromFile reads them; they replace
                                 the built-in ones
  --survive <domain>             with --best: what may be lost: continent (default), metro, location or member
  --include <region,...>         with --best: regions that get a member in any case
${CLOUDS_HELP}
                                 (default: the clouds of the given regions; with --best and none given ${DIGITAL_OCEAN})
  --json                         the same as data; times in milliseconds
  --help                         this text

${REGIONS_HELP}
Examples:
  cdktf-etcd plan lon1 nyc3 sgp1 --clients nyc3=3,lon1=1
  cdktf-etcd plan aws:eu-west-2 nyc3 sgp
  cdktf-etcd plan --best 5 --survive continent --include lon1
`;

/** `cdktf-etcd plan`: the model's arithmetic for a set of regions, or a search for the best set. */
export const planCommand: Command = {
  name: "plan",
  summary: "quorum, latency, losses, tuning and advice for a set of regions, or the best set",
  help: HELP,
  options: OPTIONS,
  run(typed, console): undefined {
    if (typed.value("best") !== undefined) planBest(typed, console);
    else planRegions(typed, console);
  },
};

function planRegions(typed: Typed, console: Console): void {
  for (const option of ["survive", "include"]) {
    if (typed.value(option) !== undefined) throw onlyWithBest(option);
  }
  const locations = typed.positionals.flatMap(list);
  const roundTripTimes = roundTripTimesOf(typed.value("rtt"));
  const clients = clientsOf(typed.value("clients"));
  const search = "name them: cdktf-etcd plan lon1 nyc3 sgp1, or have them searched with --best 3";
  requireRegions(roundTripTimes, locations, clients, search);
  const profile = profileOf(typed.value("profile"));
  const clouds = cloudsOption(typed);
  const plan = planCluster({ roundTripTimes, members: membersIn(locations), clients, profile, clouds });
  console.out(typed.flag("json") ? jsonText(plan) : planText(plan));
}

function planBest(typed: Typed, console: Console): void {
  if (typed.positionals.length > 0) {
    throw new ValidationError({
      what: "cdktf-etcd plan",
      given: `--best with regions: ${typed.positionals.join(" ")}`,
      expected: "one or the other",
      mend: `drop --best, or write --include ${typed.positionals.join(",")}`,
    });
  }
  const roundTripTimes = roundTripTimesOf(typed.value("rtt"));
  const mustInclude = list(typed.value("include"));
  const given = clientsOf(typed.value("clients"));
  const named = cloudsOf(roundTripTimes, [...mustInclude, ...(given ?? []).map((client) => client.location)]);
  const clouds = cloudsOption(typed) ?? (named.length > 0 ? named : [DIGITAL_OCEAN]);
  const candidates = onePerMetro(roundTripTimes, mustInclude, clouds);
  const clients = given ?? candidates.map((location) => ({ location }));
  requireKnown(roundTripTimes, "--include", mustInclude);
  requireKnown(
    roundTripTimes,
    "--clients",
    clients.map((client) => client.location),
  );
  const placements = Placement.search({
    roundTripTimes,
    clientLocations: clients,
    candidates,
    memberCount: wholeNumber(typed.value("best") ?? ""),
    mustSurvive: oneOf("--survive", typed.value("survive"), Object.values(FailureDomain)),
    ...(mustInclude.length > 0 ? { mustInclude } : {}),
  });
  const plan = planCluster({
    roundTripTimes,
    clients,
    clouds,
    members: membersIn(placements[0].memberLocations),
    profile: profileOf(typed.value("profile")),
  });
  if (typed.flag("json")) {
    const rows = placements.map(({ memberLocations, leader, largestRoundTripMs, meanWriteAfterLossMs }) => ({
      memberLocations,
      leader,
      largestRoundTripMs,
      meanWriteAfterLossMs,
    }));
    console.out(jsonText({ placements: rows, plan }));
    return;
  }
  const found = placements.map(
    (placement, index) => `  ${index + 1}. ${placement.memberLocations.join(" ")}\n     ${placement.describe()}`,
  );
  console.out(`Best placements\n${found.join("\n")}\n\nThe first of them\n\n${planText(plan)}`);
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new ValidationError({
    what: "--best",
    given: JSON.stringify(text),
    expected: "how many members, 3 to 7",
    mend: "write --best 3 or --best 5",
  });
}

function onlyWithBest(option: string): ValidationError {
  return new ValidationError({
    what: `--${option}`,
    given: "without --best",
    expected: "a search",
    mend: `add --best 3, or drop --${option}`,
  });
}

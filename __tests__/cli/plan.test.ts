import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { FailureDomain, Placement, QuorumModel, Region, RoundTripTimes, Tuning, TuningProfile } from "../../lib";
import type { ClusterPlan } from "../../lib/report/cluster-plan";
import { scratchDirectory } from "../templates/render";
import { runCommand } from "../tools";
import { cli } from "./run-cli";

const scratch = scratchDirectory();
const roundTripTimes = RoundTripTimes.digitalOcean();

function planOf(...args: string[]): ClusterPlan {
  const { status, stdout, stderr } = cli("plan", ...args, "--json");
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as ClusterPlan;
}

describe("cdktf-etcd plan", () => {
  it("says the same as the model", () => {
    const memberLocations = ["lon1", "nyc3", "sgp1"];
    const clientLocations = [
      { location: "nyc3", weight: 3 },
      { location: "lon1", weight: 1 },
    ];
    const model = new QuorumModel({ roundTripTimes, memberLocations, clientLocations });
    const plan = planOf(...memberLocations, "--clients", "nyc3=3,lon1=1");
    expect(plan).toMatchObject({ quorumSize: 2, faultTolerance: 1, survivesAnyContinent: true });
    expect(plan.leaders).toMatchObject(model.leaders());
    expect(plan.leaders[0].location).toBe("nyc3");
    for (const client of plan.clients) {
      for (const write of client.writes) expect(write.ms).toBe(model.writeMs(client.location, write.leader));
    }
    expect(plan.losses.filter((loss) => loss.kind === "location")).toMatchObject(model.lossOfEachLocation());
    expect(plan.losses.filter((loss) => loss.kind === "continent")).toMatchObject(model.lossOfEachContinent());
    const advice = Placement.advise({ roundTripTimes, memberLocations, clientLocations });
    expect(plan.advice).toEqual(advice.map((one) => one.sentence));
  });

  it.each(Object.values(TuningProfile))("tunes by the profile %s, and says why", (profile) => {
    const plan = planOf("lon1", "nyc3", "sgp1", "--profile", profile);
    const tuning = Tuning.derive({ roundTripTimes, memberLocations: ["lon1", "nyc3", "sgp1"], profile });
    const values = new Map(plan.tuning.map((line) => [line.setting, line.ms]));
    expect(values.get("heartbeat interval")).toBe(tuning.heartbeatMs);
    expect(values.get("election timeout")).toBe(tuning.electionMs);
    expect(values.get("client: dial timeout")).toBe(tuning.clientDialTimeoutMs);
    for (const line of plan.tuning) expect(line.reason).not.toBe("");
  });

  it("marks the round trips that a commit waits for", () => {
    const { links } = planOf("lon1", "nyc3", "sgp1", "sfo3", "ams3");
    expect(links).toHaveLength(10);
    const waits = links.filter((link) => link.commits).map((link) => `${link.a}-${link.b}`);
    expect(waits).toEqual(["lon1-nyc3", "lon1-ams3"]);
  });

  it.each([
    [["lon1"]],
    [["lon1", "lon1", "nyc3"]],
    [
      Region.inCloud("aws")
        .slice(0, 9)
        .map(({ slug }) => slug),
    ],
  ])("takes %j", (regions) => {
    const { status, stdout } = cli("plan", ...regions);
    expect(status).toBe(0);
    for (const region of regions) expect(stdout).toContain(region);
  });

  it("names each leader, client and loss in the text", () => {
    const { stdout } = cli("plan", "lon1,nyc3,sgp1");
    expect(stdout).toContain("Quorum 2 of 3; any one may fail. Any one continent may be lost.");
    expect(stdout).toMatch(/^ {2}nyc3 +1 +nyc3 +0 ms +156 ms +78 ms +391 ms$/m);
    expect(stdout).toMatch(/^ {2}lon1 +left +0 +nyc3 +325 ms$/m);
    expect(stdout).toMatch(/^ {2}election timeout +580 ms +2\.5 × the largest p95 round trip, 229 ms/m);
  });

  it("says what stops the cluster", () => {
    expect(cli("plan", "lon1", "ams3", "nyc3").stdout).toContain(
      "Any one location may be lost. The loss of Europe stops it.",
    );
    expect(cli("plan", "lon1", "nyc3").stdout).toContain("The loss of London or New York stops it.");
  });

  it("lets a file's round-trip times replace the built-in ones", () => {
    const file = path.join(scratch, "rtt.json");
    const measured = RoundTripTimes.of([{ a: "lon1", b: "nyc3", p50: 70, p95: 71 }], { measuredAt: "2026-11-22" });
    writeFileSync(file, measured.toJson());
    const plan = planOf("lon1", "nyc3", "sgp1", "--rtt", file);
    expect(plan.links.map((link) => link.p50)).toEqual([70, 167, 224]);
  });
});

describe("cdktf-etcd plan of several clouds", () => {
  const times = RoundTripTimes.builtIn();

  /** Cities that the advice moves members to. */
  function advised(...args: string[]): string[] {
    const found = planOf(...args).advice.flatMap(
      (line) => /moving the .* member to ([^,(]+?)(?: \(|,| takes)/.exec(line)?.[1] ?? [],
    );
    expect(found.length).toBeGreaterThan(0);
    return [...new Set(found)];
  }
  const citiesOf = (...clouds: string[]): string[] =>
    clouds.flatMap((cloud) => Region.inCloud(cloud).map((region) => region.city));

  it("takes a mixed list, AWS's regions and bare metropolitan areas", () => {
    const plan = planOf("aws:eu-west-2", "nyc3", "tyo");
    expect(plan.links.map(({ a, b, p50, estimated }) => [a, b, p50, estimated])).toEqual([
      ["aws:eu-west-2", "nyc3", times.between("lon", "nyc"), false],
      ["aws:eu-west-2", "tyo", 211, false],
      ["nyc3", "tyo", times.between("nyc", "tyo"), true],
    ]);
    expect(plan.members.map(({ name, title }) => [name, title])).toEqual([
      ["etcd-aws-eu-west-2", "London"],
      ["etcd-nyc3", "New York"],
      ["etcd-tyo", "Tokyo"],
    ]);
    expect(plan.warnings.join()).toContain("nyc3-tyo (149 ms) are estimated from geography");
  });

  it("tells two clouds in one city apart, and counts them as one metropolitan area", () => {
    expect(planOf("lon1", "aws:eu-west-2", "lon").members.map(({ title }) => title)).toEqual([
      "London (lon1)",
      "London (aws:eu-west-2)",
      "London (lon)",
    ]);
  });

  it("names the sources of these regions' numbers alone", () => {
    const digitalOcean = RoundTripTimes.digitalOcean();
    expect(planOf("lon1", "nyc3", "sgp1")).toMatchObject({ source: digitalOcean.source, measuredAt: "2026-07-30" });
    const aws = planOf("aws:eu-west-2", "aws:us-east-1", "aws:ap-southeast-1");
    expect(aws.source).toMatch(/^cloudping's published/);
    expect(aws.source).not.toContain("Azure");
    expect(planOf("lon", "nyc", "aws:us-east-2").source).toMatch(/^by metropolitan area/);
  });

  it("advises within the clouds that the regions are of", () => {
    const ofAws = advised("aws:eu-west-2", "aws:ap-northeast-1", "aws:ap-southeast-2");
    expect(citiesOf("aws")).toEqual(expect.arrayContaining(ofAws));
    expect(citiesOf("digitalocean")).toEqual(expect.arrayContaining(advised("lon1", "sgp1", "syd1")));
    expect(citiesOf("digitalocean", "aws")).toEqual(
      expect.arrayContaining(advised("lon1", "aws:ap-northeast-1", "syd1")),
    );
  });

  it("advises others where it is asked to", () => {
    const wide = advised("lon1", "sgp1", "syd1", "--clouds", "aws");
    expect(citiesOf("aws")).toEqual(expect.arrayContaining(wide));
    expect(citiesOf("digitalocean")).not.toEqual(expect.arrayContaining(wide));
  });

  it("searches in one cloud, in several, or among all metropolitan areas", () => {
    const best = (...args: string[]): string[] => {
      const { stdout, stderr } = cli("plan", "--best", "3", ...args, "--json");
      expect(stderr).toBe("");
      return (JSON.parse(stdout) as { placements: { memberLocations: string[] }[] }).placements.flatMap(
        (placement) => placement.memberLocations,
      );
    };
    const clouds = (slugs: string[]): string[] =>
      [...new Set(slugs.map((slug) => Region.of(slug).cloud ?? "metros"))].sort();
    expect(clouds(best())).toEqual(["digitalocean"]);
    expect(clouds(best("--include", "aws:eu-west-2"))).toEqual(["aws"]);
    expect(clouds(best("--clients", "aws:eu-west-2,nyc3"))).toEqual(["aws", "digitalocean"]);
    expect(clouds(best("--clouds", "metros"))).toEqual(["metros"]);
  });
});

describe("cdktf-etcd plan --best", () => {
  it.each([3, 5, 7])("finds the same %i as the search", (memberCount) => {
    const { stdout } = cli("plan", "--best", String(memberCount), "--survive", "metro", "--clients", "lon1", "--json");
    const { placements } = JSON.parse(stdout) as { placements: { memberLocations: string[] }[] };
    const found = Placement.search({
      roundTripTimes,
      memberCount,
      clientLocations: [{ location: "lon1" }],
      mustSurvive: FailureDomain.METRO,
    });
    expect(placements.map((placement) => placement.memberLocations)).toEqual(
      found.map((placement) => placement.memberLocations),
    );
  });

  it("keeps what has to be in", () => {
    const { stdout } = cli("plan", "--best", "3", "--include", "syd1,lon1");
    expect(stdout).toMatch(/^ {2}1\. lon1 \w+ syd1$/m);
  });
});

describe("what cannot be done", () => {
  it.each([
    [["plan"], /^regions: given none, expected 1 to 9, one for each member; name them/],
    [["plan", ...Array<string>(10).fill("lon1")], /^regions: given 10, expected 1 to 9/],
    [["plan", "lon2"], /^region: given "lon2", expected a location with round-trip times; did you mean lon1\?/],
    [["plan", "lon1", "--clients", "nyc4=1"], /^--clients: given "nyc4".*did you mean nyc1 or nyc2 or nyc3\?/],
    [["plan", "lon1", "--clients", "nyc3=much"], /^--clients: given "nyc3=much", expected a location and its share/],
    [["plan", "lon1", "--profile", "quick"], /^--profile: given "quick", expected one of balanced, conservative, fast/],
    [["plan", "lon1", "--rtt", "/nowhere"], /^round-trip times file: given \/nowhere, expected a file/],
    [["plan", "lon1", "--bset", "3"], /given --bset, expected one of .*did you mean --best\?/],
    [["plan", "lon1", "--rtt"], /expected options as --help lists them.*see cdktf-etcd plan --help/],
    [["plan", "lon1", "--survive", "metro"], /^--survive: given without --best/],
    [["plan", "lon1", "--best", "3"], /given --best with regions: lon1.*--include lon1/],
    [["plan", "--best", "some"], /^--best: given "some", expected how many members, 3 to 7/],
    [["plan", "--best", "9"], /^placement: memberCount: given 9, expected a whole number from 3 to 7/],
    [["plan", "--best", "3", "--survive", "planet"], /^--survive: given "planet", expected one of member, location/],
    [
      ["plan", "eu-west-2"],
      /^region: given "eu-west-2".*did you mean aws:eu-west-2\? A place of your own is named by its/,
    ],
    [["plan", "lon1", "--clouds", "azure"], /^--clouds: given "azure", expected some of digitalocean, aws, metros/],
    [["plan", "lon1", "--clouds", ""], /^--clouds: given "", expected some of/],
    [["plna"], /^command: given "plna", expected one of plan.*did you mean plan\?/],
  ])("%j", (args, message) => {
    const { status, stdout, stderr } = cli(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });

  it("without a command lists them", () => {
    expect(cli()).toMatchObject({ status: 2, stderr: expect.stringContaining("Usage:") as string });
  });
});

describe("help", () => {
  it.each([[["--help"]], [["plan", "--help"]], [["plan", "-h"]]])("%j", (args) => {
    expect(cli(...args)).toMatchObject({ status: 0, stderr: "", stdout: expect.stringContaining("Usage:") as string });
  });

  it.each(["plan", "report"])("of %s says which regions there are", (command) => {
    expect(cli(command, "--help").stdout).toMatch(/lon1.*aws:eu-west-2[\s\S]*metropolitan area \(lon\)/);
  });
});

describe("the command itself", () => {
  const root = path.resolve(__dirname, "..", "..");
  const tsx = path.join(root, "node_modules", "tsx", "dist", "cli.mjs");
  const main = path.join(root, "lib", "cli", "main.ts");

  it("runs, and exits with 2 where there is something to mend", () => {
    const fine = runCommand(process.execPath, [tsx, main, "plan", "lon1", "nyc3", "sgp1"]);
    expect(fine).toMatchObject({ status: 0, stdout: expect.stringContaining("Best leader: London") as string });
    expect(runCommand(process.execPath, [tsx, main, "plan", "lon9"]).status).toBe(2);
  });
});

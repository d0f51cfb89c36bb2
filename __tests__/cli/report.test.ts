import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { App, TerraformStack } from "cdktf";
import { EtcdClusterProps, RoundTripTimes, TuningProfile } from "../../lib";
import type { CertificatePlan } from "../../lib/report/certificates";
import type { ClusterPlan } from "../../lib/report/cluster-plan";
import { cluster } from "../synth";
import { scratchDirectory } from "../templates/render";
import { cli } from "./run-cli";

const scratch = scratchDirectory();
let folders = 0;

function folder(): string {
  return path.join(scratch, `out-${folders++}`);
}

interface Report {
  readonly plan: ClusterPlan;
  readonly certificates: CertificatePlan;
  readonly page: string;
  readonly map: string;
}

/** Runs the command, and reads what it wrote. */
function report(...args: string[]): Report {
  const out = folder();
  const { status, stdout, stderr } = cli("report", ...args, "--out", out, "--json");
  expect([status, stderr]).toEqual([0, ""]);
  const { files, ...told } = JSON.parse(stdout) as Report & { files: { page: string; map: string } };
  expect(readdirSync(out).sort()).toEqual(["cluster.html", "cluster.svg"]);
  return { ...told, page: readFileSync(files.page, "utf8"), map: readFileSync(files.map, "utf8") };
}

/** A synthesized stack's folder. */
function stackWith(build: (stack: TerraformStack) => void): string {
  const stack = new TerraformStack(new App(), "store");
  build(stack);
  const directory = folder();
  mkdirSync(directory);
  stack.prepareStack();
  writeFileSync(path.join(directory, "cdk.tf.json"), JSON.stringify(stack.toTerraform()));
  return directory;
}

const stackOf = (regions?: string[], props?: Partial<EtcdClusterProps>): string =>
  stackWith((stack) => {
    cluster(stack, regions, props);
  });

describe("cdktf-etcd report of regions", () => {
  it("plans the same as cdktf-etcd plan", () => {
    const args = ["--clients", "nyc3=3,lon1=1", "--profile", "fast"];
    const { plan } = report("--regions", "lon1,nyc3,sgp1", ...args);
    const { stdout } = cli("plan", "lon1", "nyc3", "sgp1", ...args, "--json");
    expect(plan).toEqual(JSON.parse(stdout));
  });

  it("draws several clouds' regions and bare metropolitan areas", () => {
    const { plan, page, map } = report("--regions", "aws:eu-west-2,nyc3,tyo");
    expect(plan.leaders).toHaveLength(3);
    for (const city of ["London", "New York", "Tokyo"]) expect(map).toContain(city);
    expect(map.match(/class="rank"/g)).toHaveLength(3);
    expect(page).toContain("estimated");
    expect(page).toContain("by metropolitan area, from Azure");
  });

  it("writes both files without a word too many", () => {
    const out = folder();
    const { stdout } = cli("report", "--regions", "lon1,nyc3,sgp1", "--out", out);
    expect(stdout).toBe(`${path.join(out, "cluster.html")}\n${path.join(out, "cluster.svg")}\n`);
  });
});

describe("cdktf-etcd report of a stack", () => {
  it("finds all that the cluster's model was given", () => {
    const clientLocations = [{ location: "fra1", weight: 2 }, { location: "syd1" }];
    const roundTripTimes = RoundTripTimes.digitalOcean().withPairs([{ a: "lon1", b: "nyc3", p50: 70, p95: 75 }]);
    const props = {
      clientLocations,
      roundTripTimes,
      tuning: { profile: TuningProfile.CONSERVATIVE, heartbeatMs: 300 },
    };
    const { plan, page } = report("--stack", stackOf(["lon1", "nyc3", "sgp1"], props));
    expect(plan.members.map((member) => member.name)).toEqual(["etcd-lon1", "etcd-nyc3", "etcd-sgp1"]);
    expect(plan.clients).toMatchObject([
      { location: "fra1", weight: 2 },
      { location: "syd1", weight: 1 },
    ]);
    expect(plan.links[0]).toMatchObject({ a: "lon1", b: "nyc3", p50: 70, p95: 75 });
    expect(plan.profile).toBe("conservative");
    expect(plan.tuning[0]).toMatchObject({ setting: "heartbeat interval", ms: 300 });
    expect(plan.source).toBe(roundTripTimes.source);
    expect(plan.advice.length).toBeGreaterThan(0);
    expect(page).toContain("store/etcd");
  });

  it("agrees with the cluster itself", () => {
    const stack = new TerraformStack(new App(), "store");
    const { quorum, tuning } = cluster(stack);
    const { plan } = report("--stack", stackOf());
    expect(plan.leaders).toMatchObject(quorum.leaders());
    expect(plan.tuning.find((line) => line.setting === "election timeout")?.ms).toBe(tuning.electionMs);
  });

  it("knows the sources of what the cluster uses alone, also where it is given more", () => {
    const roundTripTimes = RoundTripTimes.builtIn().withPairs([{ a: "lon1", b: "nyc3", p50: 70 }]);
    const { source, measuredAt } = RoundTripTimes.digitalOcean();
    expect(report("--stack", stackOf()).plan).toMatchObject({ source, measuredAt });
    expect(report("--stack", stackOf(undefined, { roundTripTimes })).plan.source).toBe(
      `given in code; the rest: ${source}`,
    );
  });

  it("takes other clients than the stack's", () => {
    const { plan } = report("--stack", stackOf(), "--clients", "nyc3");
    expect(plan.leaders[0].location).toBe("nyc3");
  });

  it("asks which one, where there are several", () => {
    const directory = stackWith((stack) => {
      cluster(stack);
    });
    const file = path.join(directory, "cdk.tf.json");
    const tf = JSON.parse(readFileSync(file, "utf8")) as { "//": { "cdktf-etcd": Record<string, unknown> } };
    tf["//"]["cdktf-etcd"]["store/other"] = tf["//"]["cdktf-etcd"]["store/etcd"];
    writeFileSync(file, JSON.stringify(tf));
    expect(cli("report", "--stack", directory).stderr).toMatch(
      /^--cluster: given nothing, expected one of the stack's: store\/etcd, store\/other/,
    );
    expect(report("--stack", directory, "--cluster", "store/other").plan.members).toHaveLength(3);
  });
});

describe("cdktf-etcd report of certificates", () => {
  const inDays = (days: number): string => new Date(Date.now() + (days + 0.5) * 86_400_000).toISOString();
  const expiry = {
    members: { "etcd-lon1": { server: inDays(300), peer: inDays(300), admin: inDays(20) } },
    clients: { billing: inDays(-2) },
    authorities: { client: { "1": inDays(3000) }, peer: { "1": inDays(10), "2": inDays(3500) } },
  };
  const outputsFile = (content: unknown): string => {
    const file = path.join(scratch, `outputs-${folders++}.json`);
    writeFileSync(file, JSON.stringify(content));
    return file;
  };

  it.each([
    ["terraform output -json etcd_certificate_expiry", expiry],
    [
      "terraform output -json",
      { etcd_certificate_expiry: { sensitive: false, value: expiry }, etcd_ssh: { value: 1 } },
    ],
    ["cdktf deploy --outputs-file", { store: { etcd_certificate_expiry: expiry, etcd_endpoints: ["a"] } }],
  ])("tells how many days are left of each, from what %s writes", (_name, outputs) => {
    const { certificates, page } = report("--stack", stackOf(), "--outputs", outputsFile(outputs));
    expect(certificates.rows?.map((row) => [row.holder, row.kind, row.daysLeft])).toEqual([
      ["billing", "client", -2],
      ["authority for peers", "generation 1", 10],
      ["etcd-lon1", "admin", 20],
      ["etcd-lon1", "server", 300],
      ["etcd-lon1", "peer", 300],
      ["authority for clients", "generation 1", 3000],
      ["authority for peers", "generation 2", 3500],
    ]);
    expect(page).toMatch(/billing.*has expired: deploy/);
    expect(page).toMatch(/admin.*renew: deploy/);
    expect(page).toMatch(/server.*good/);
    expect(page).toMatch(/authority for peers<small>generation 1<.*rotate: three deploys/);
    expect(page).toMatch(/authority for clients<small>generation 1<.*good/);
    expect(page).toContain("and are rotated, from 365 days before their end on");
  });

  it("says how they are configured, where there are no outputs", () => {
    const { certificates, page } = report("--stack", stackOf(undefined, { pki: { leafValidityDays: 100 } }));
    expect(certificates).toEqual({
      configured: {
        leafValidityDays: 100,
        earlyRenewalDays: 25,
        authorityValidityDays: 3650,
        authorityWarningDays: 100,
      },
    });
    expect(page).toContain("last 100 days; a deploy within the last 25 days renews them");
  });

  it.each([
    ["/nowhere.json", /^--outputs: given \/nowhere\.json, expected a file with a stack's outputs as JSON.*ENOENT/],
    [outputsFile([]), /expected a file with a stack's outputs as JSON.*it is no object/],
    [
      outputsFile({ other_certificate_expiry: expiry }),
      /with etcd_certificate_expiry in them; deploy with this version/,
    ],
  ])("refuses %s", (file, message) => {
    expect(cli("report", "--stack", stackOf(), "--outputs", file).stderr).toMatch(message);
  });
});

describe("what cannot be done", () => {
  const empty = stackWith(() => undefined);

  it.each([
    [["--stack", "/nowhere"], /^--stack: given \/nowhere, expected the folder of a synthesized stack.*cdktf synth/],
    [["--stack", empty], /expected a stack with an EtcdCluster; synthesize it with this version/],
    [["--regions", ""], /^regions: given none/],
    [["--regions", "lon1", "--stack", "x"], /^--stack: given along with --regions/],
    [["--regions", "lon1", "--outputs", "x"], /^--outputs: given along with --regions/],
    [["--stack", "x", "--rtt", "y"], /^--rtt: given along with a stack/],
    [["lon1", "nyc3"], /given lon1 nyc3, expected options only; for regions write --regions lon1,nyc3/],
    [["--regions", "lon1", "--out", "/dev/null/x"], /^--out: given \/dev\/null\/x, expected a folder/],
  ])("%j", (args, message) => {
    const { status, stdout, stderr } = cli("report", ...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });

  it("has help", () => {
    expect(cli("report", "--help").stdout).toContain("--stack <folder>");
  });
});

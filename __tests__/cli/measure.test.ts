import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { App, TerraformStack } from "cdktf";
import { RoundTripTimePair, RoundTripTimes } from "../../lib";
import type { Drift } from "../../lib/measure/drift";
import { TestAuthority, TestMember } from "../measure/members";
import { cluster } from "../synth";
import { scratchDirectory } from "../templates/render";
import { cli, cliToEnd } from "./run-cli";

const scratch = scratchDirectory();
const MEASURED = [
  { a: "lon1", b: "nyc3", p50: 79, samples: 40 },
  { a: "lon1", b: "sgp1", p50: 168, samples: 40 },
  { a: "nyc3", b: "sgp1", p50: 225, samples: 40 },
];

/** A synthesized stack's folder, with a cluster `store/etcd` in these regions. */
function stackOf(name: string, regions?: string[]): string {
  const stack = new TerraformStack(new App(), "store");
  cluster(stack, regions, { accessDirectory: path.join(scratch, "access") }).addClient("operator");
  const folder = path.join(scratch, name);
  mkdirSync(folder);
  stack.prepareStack();
  writeFileSync(path.join(folder, "cdk.tf.json"), JSON.stringify(stack.toTerraform()));
  return folder;
}

/** A file as `measure` writes it, with some pairs as they are not. */
function fileOf(name: string, changed: readonly Partial<RoundTripTimePair>[] = [], options = {}): string {
  const pairs = MEASURED.map((pair) => ({ ...pair, ...changed.find(({ a, b }) => a === pair.a && b === pair.b) }));
  const file = path.join(scratch, name);
  const measuredAt = new Date().toISOString();
  writeFileSync(file, RoundTripTimes.of(pairs, { cluster: "store/etcd", measuredAt, ...options }).toJson());
  return file;
}

const stack = stackOf("stack");
const fresh = fileOf("fresh.json");

describe("cdktf-etcd measure --check of a file", () => {
  it("is content where nothing has moved", async () => {
    const { status, stdout, stderr } = await cliToEnd("measure", "--stack", stack, "--check", fresh);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^store\/etcd, tuned for: Azure's published inter-region round-trip times \(2026-07-30\)\n/);
    expect(stdout).toMatch(/^ {2}lon1-nyc3 +78\.0 ms +79\.0 ms +- +\+1\.0 ms +ok$/m);
    expect(stdout).toMatch(/^Election timeout: 580 ms in use; with these times 580 ms: ok$/m);
    expect(stdout).toMatch(/^Log to followers: by cubic, with up to 0 % lost: ok$/m);
  });

  it("ends with 3 where a pair has moved, names it, and says what to do", async () => {
    const moved = fileOf("moved.json", [{ a: "lon1", b: "nyc3", p50: 140 }]);
    const { status, stdout } = await cliToEnd("measure", "--stack", stack, "--check", moved);
    expect(status).toBe(3);
    expect(stdout).toMatch(/^ {2}lon1-nyc3 +78\.0 ms +140\.0 ms +- +\+62\.0 ms +DRIFTED$/m);
    expect(stdout.match(/DRIFTED/g)).toHaveLength(1);
    expect(stdout).toContain('roundTripTimes: RoundTripTimes.fromFile("round-trip-times.json")');
    const tolerated = await cliToEnd("measure", "--stack", stack, "--check", moved, "--tolerance", "80%");
    expect(tolerated.status).toBe(0);
  });

  it("ends with 3 where so much is lost that followers could fall behind", async () => {
    const lossy = fileOf("lossy.json", [{ a: "nyc3", b: "sgp1", lossPercent: 0.2 }]);
    const { status, stdout } = await cliToEnd("measure", "--stack", stack, "--check", lossy);
    expect(status).toBe(3);
    expect(stdout).toMatch(/^Log to followers: by cubic, with up to 0\.2 % lost: DRIFTED, by bbr it would keep up$/m);
    expect(stdout).toContain("Write the times down with cdktf-etcd measure --ssh.");
  });

  it("says the same as data", async () => {
    const { stdout } = await cliToEnd("measure", "--stack", stack, "--check", fresh, "--json");
    const { cluster: name, drifted, pairs } = JSON.parse(stdout) as Drift & { cluster: string };
    expect([name, drifted]).toEqual(["store/etcd", false]);
    expect(pairs[0]).toEqual({ a: "lon1", b: "nyc3", tunedForMs: 78, nowMs: 79, drifted: false });
  });

  it("warns of an old one", async () => {
    const old = fileOf("old.json", [], { measuredAt: "2024-01-01" });
    const { status, stderr } = await cliToEnd("measure", "--stack", stack, "--check", old);
    expect([status, stderr]).toEqual([0, expect.stringMatching(/old\.json: measured \d+ days ago/)]);
  });
});

describe("cdktf-etcd measure of a cluster", () => {
  const authority = new TestAuthority(path.join(scratch, "pki"));
  let members: TestMember[];
  let env: string;

  beforeAll(async () => {
    members = await Promise.all(
      (["lon1", "nyc3", "sgp1"] as const).map((location) => TestMember.start(authority, `etcd-${location}`, location)),
    );
    env = authority.writeEnv(
      "operator",
      members.map((member) => member.url),
    );
  });
  afterAll(() => {
    for (const member of members) member.stop();
  });

  it("writes nothing when it is interrupted", async () => {
    const folder = path.join(scratch, "interrupted");
    mkdirSync(folder);
    const root = path.resolve(__dirname, "..", "..");
    // One process, as the package's own tool is one.
    const tool = ["--require", "tsx/cjs", path.join(root, "lib", "cli", "main.ts")];
    const args = ["measure", "--stack", stack, "--env", env, "--out", path.join(folder, "rtt.json")];
    const child = spawn(process.execPath, [...tool, ...args], { cwd: root });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (text.includes("measuring store/etcd for 65 s")) child.kill("SIGINT");
    });
    const [status] = (await once(child, "close")) as [number];
    expect([status, said]).toEqual([130, expect.stringContaining("interrupted; nothing was written")]);
    expect(readdirSync(folder)).toEqual([]);
  }, 60_000);

  it("says of each member why it does not answer, and ends with 1", async () => {
    const unreachable = authority.writeEnv("nobody", ["https://127.0.0.1:1", "https://127.0.0.1:2"]);
    const out = path.join(scratch, "nothing.json");
    const { status, stderr, stdout } = await cliToEnd("measure", "--stack", stack, "--env", unreachable, "--out", out);
    expect([status, stdout, existsSync(out)]).toEqual([1, "", false]);
    expect(stderr).toContain("https://127.0.0.1:1: refused the connection; etcd does not run there\n");
    expect(stderr).toContain(
      "not measured: etcd-lon1 and etcd-nyc3, etcd-lon1 and etcd-sgp1, etcd-nyc3 and etcd-sgp1\n",
    );
  });
});

describe("what cannot be done", () => {
  const other = fileOf("other.json", [], { cluster: "staging/etcd" });
  const part = path.join(scratch, "part.json");
  writeFileSync(part, RoundTripTimes.of([MEASURED[0]], { measuredAt: "2026-11-22" }).toJson());
  const noPlugins = path.join(scratch, "etcd.env");
  writeFileSync(noPlugins, "export ETCDCTL_ENDPOINTS='http://x'\n");

  it.each<[string[], RegExp]>([
    [["--stack", "/nowhere"], /^--stack: given \/nowhere, expected the folder of a synthesized stack.*cdktf synth/],
    [["--cluster", "store/x"], /^--cluster: given "store\/x", expected one of the stack's: store\/etcd; name one/],
    [["--for", "soon"], /^--for: given "soon", expected 31s to 24h.*write it as 65s, 10m or 24h$/m],
    [["--for", "10s"], /^--for: given "10s", expected 31s to 24h: etcd enters its probes every 30 s; .*add --ssh/],
    [["--for", "25h", "--ssh"], /^--for: given "25h", expected 1s to 24h/],
    [["--check", "--tolerance", "0"], /^--tolerance: given "0", expected 1 to 100 percent/],
    [[], /^--env: given nothing, and no \S+access\/operator\/etcd\.env, expected the etcd.env of a client.*deploy/],
    [["--env", "/nowhere/etcd.env"], /^--env: given \/nowhere\/etcd\.env, expected a file that is there/],
    [["--env", noPlugins], /etcd\.env: given no ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY, expected/],
    [["--ssh"], /^--ssh: given no output etcd_ssh from terraform \(.+\), expected the stack's machines.*deploy first/],
    [[fresh], /^cdktf-etcd measure: given \S+fresh\.json, expected options only.*write --check \S+ to judge it/],
    [["--check", fresh, "--ssh"], /given \S+fresh\.json with --ssh, expected options only/],
    [["--check", other], /other\.json: given a measurement of staging\/etcd, expected one of store\/etcd/],
    [["--check", part], /^round-trip time: given nothing for lon1-sgp1, nyc3-sgp1/],
  ])("%j", async (args, message) => {
    const where = args.includes("--stack") ? [] : ["--stack", stack];
    const { status, stdout, stderr } = await cliToEnd("measure", ...where, ...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });

  it("is to measure where nothing is apart", async () => {
    const near = stackOf("near", ["lon1", "lon1", "lon1"]);
    const { status, stderr } = await cliToEnd("measure", "--stack", near);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/given members in lon1 alone.*no distance to measure/)]);
  });

  it("has help", () => {
    expect(cli("measure", "--help").stdout).toContain("--check [FILE]");
  });
});

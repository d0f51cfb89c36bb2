import * as path from "node:path";
import { TuningProfile } from "../../lib";
import type { ClusterRecord } from "../../lib/cluster-record";
import { readClientFiles } from "../../lib/measure/client-files";
import type { Measurement } from "../../lib/measure/measure-cluster";
import { measureCluster } from "../../lib/measure/measure-cluster";
import { scratchDirectory } from "../templates/render";
import { TestAuthority, TestMember } from "./members";

const LOCATIONS = ["lon1", "nyc3", "sgp1"] as const;
const scratch = scratchDirectory();
const authority = new TestAuthority(path.join(scratch, "ours"));
let members: TestMember[];

const record = (...names: string[]): ClusterRecord => ({
  version: 1,
  members: names.map((name, index) => ({ name, location: LOCATIONS[index] })),
  profile: TuningProfile.BALANCED,
  inUse: { heartbeatMs: 58, electionMs: 580 },
  roundTripTimes: { source: "a table", regions: [], pairs: [] },
});
const ours = record("etcd-lon1", "etcd-nyc3", "etcd-sgp1");

/** Measures for as long as two looks take. */
function measure(env: string, of = ours, signal = new AbortController().signal): Promise<Measurement> {
  return measureCluster({ record: of, files: readClientFiles(env), seconds: 3, signal, progress: () => undefined });
}

beforeEach(async () => {
  members = await Promise.all(LOCATIONS.map((location) => TestMember.start(authority, `etcd-${location}`, location)));
});
afterEach(() => {
  for (const member of members) member.stop();
});

const urls = (): string[] => members.map((member) => member.url);

describe("a running cluster, over mutual TLS", () => {
  it("is measured through its own metric, and tells its id", async () => {
    const measured = await measure(authority.writeEnv("operator", urls()));
    expect(measured).toMatchObject({
      missing: [],
      warnings: [],
      notes: [],
      strangers: [],
      clusterId: "983f0c0cc5cb5baf",
    });
    // The quicker direction of what was recorded: 0.32137, 0.69727 and 0.91981 s, by four.
    expect(measured.pairs).toEqual([
      { a: "lon1", b: "nyc3", p50: 80.3, samples: 2, method: "etcd's probes" },
      { a: "lon1", b: "sgp1", p50: 174.3, samples: 2, method: "etcd's probes" },
      { a: "nyc3", b: "sgp1", p50: 230, samples: 2, method: "etcd's probes" },
    ]);
  });

  it("is measured without a member that does not run, whose peers are then not taken at their word", async () => {
    members[2].stop();
    const { pairs, missing, notes } = await measure(authority.writeEnv("operator", urls()));
    expect(pairs).toMatchObject([{ a: "lon1", b: "nyc3" }]);
    expect(missing).toEqual(["etcd-lon1 and etcd-sgp1", "etcd-nyc3 and etcd-sgp1"]);
    expect(notes).toEqual([expect.stringMatching(/refused the connection; etcd does not run there$/)]);
  });

  it("refuses a certificate of another authority, and says what to do", async () => {
    const foreign = new TestAuthority(path.join(scratch, "theirs"));
    foreign.issue("operator");
    const { certificate, key } = readClientFiles(foreign.writeEnv("operator", urls()));
    const files = { ...readClientFiles(authority.writeEnv("operator", urls())), certificate, key };
    const signal = new AbortController().signal;
    const { pairs, notes } = await measureCluster({
      record: ours,
      files,
      seconds: 60,
      signal,
      progress: () => undefined,
    });
    expect(pairs).toEqual([]);
    expect(notes).toHaveLength(3);
    expect(notes[0]).toMatch(/refused the client certificate .*; is it this cluster's, and not expired\?/);
  });

  it("is not trusted where its certificate is not of the client's authority", async () => {
    const foreign = new TestAuthority(path.join(scratch, "others"));
    const { notes } = await measure(foreign.writeEnv("operator", urls()));
    expect(notes[0]).toMatch(/did not sign for it .*; is --env that of this cluster\?/);
  });

  it("is recognized by its members' names", async () => {
    const { strangers, pairs } = await measure(
      authority.writeEnv("operator", urls()),
      record("etcd-lon1", "etcd-fra1"),
    );
    expect([strangers, pairs]).toEqual([["etcd-nyc3", "etcd-sgp1"], []]);
  });

  it("is left alone at once when that is asked for", async () => {
    const controller = new AbortController();
    const measured = measure(authority.writeEnv("operator", urls()), ours, controller.signal);
    setTimeout(() => {
      controller.abort();
    }, 300);
    await expect(measured).rejects.toThrow(/abort/);
  });
});

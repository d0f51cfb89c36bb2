import { App, TerraformStack } from "cdktf";
import { EtcdClientAccess, EtcdClusterProps, RoundTripTimes, ValidationError } from "../../lib";
import { cluster } from "../synth";

/** The access to a cluster, from there. */
function access(from?: string, regions?: string[], props?: Partial<EtcdClusterProps>): EtcdClientAccess {
  return cluster(new TerraformStack(new App(), "test"), regions, props).clientAccess({ from });
}

describe("the order of the endpoints", () => {
  it.each([
    ["nyc3", ["etcd-nyc3", "etcd-lon1", "etcd-sgp1"]],
    ["sgp1", ["etcd-sgp1", "etcd-lon1", "etcd-nyc3"]],
    // No member there: 17, 94 and 166 ms
    ["fra1", ["etcd-lon1", "etcd-nyc3", "etcd-sgp1"]],
    // 95, 201 and 261 ms
    ["syd1", ["etcd-sgp1", "etcd-nyc3", "etcd-lon1"]],
  ])("from %s is by distance: %j", (from, names) => {
    expect(access(from).memberNames).toEqual(names);
  });

  it("is the order of leaders for clients that are nowhere in particular", () => {
    const { memberNames, location } = access(undefined, undefined, { clientLocations: [{ location: "sgp1" }] });
    expect(location).toBeUndefined();
    // The write of a client in Singapore takes 167 ms with the leader there, 245 in London, 302 in New York.
    expect(memberNames).toEqual(["etcd-sgp1", "etcd-lon1", "etcd-nyc3"]);
  });

  it("takes equally near members in the order of leaders", () => {
    expect(access("lon1", ["lon1", "lon1", "nyc3"]).memberNames).toEqual(["etcd-lon1", "etcd-lon1-2", "etcd-nyc3"]);
  });

  it("is that of the URLs too", () => {
    const { endpoints } = access("nyc3");
    expect(endpoints).toHaveLength(3);
    for (const endpoint of endpoints) expect(endpoint).toMatch(/^https:\/\/\$\{.*\}:2379$/);
    const made = cluster(new TerraformStack(new App(), "test"));
    expect(made.clientAccess().endpoints).toEqual(made.endpoints);
    expect(made.clientAccess({ from: "sgp1" }).endpoints[0]).toBe(made.endpoints[2]);
  });
});

describe("the latency to expect, with the leader in London", () => {
  it.each([
    ["lon1", 78], // commit to New York
    ["nyc3", 156], // 78 to London, and the commit
    ["sgp1", 245], // 167 to London, and the commit
    ["fra1", 95], // 17 to London, and the commit
    ["syd1", 340], // 95 to Singapore, 167 from there to London, and the commit
  ])("of a client in %s is %d ms for a write and for a linearizable read", (from, ms) => {
    expect(access(from)).toMatchObject({ writeMs: ms, linearizableReadMs: ms });
  });

  it("is the mean over the clients where no place is said", () => {
    expect(access().writeMs).toBeCloseTo((78 + 156 + 245) / 3);
  });
});

describe("the recommended settings", () => {
  it.each([[undefined], ["lon1"], ["nyc3"], ["sgp1"]])("from %s are those of the cluster's tuning", (from) => {
    expect(access(from)).toMatchObject({
      dialTimeoutMs: 4000,
      keepaliveTimeMs: 10_000,
      keepaliveTimeoutMs: 2700,
      attemptTimeoutMs: 750,
      totalTimeoutMs: 5700,
      commandTimeoutMs: 7000,
    });
  });

  it("from farther away have room for the way from there", () => {
    // p95: 287.1 to London, 104.5 to Singapore. To dial 4 x 287.1 + 3000 = 4148. One attempt: 104.5 to Singapore, 229 from
    // there to a leader in New York, its commit 80, and 300 = 713.5; to a leader in London 367.5, to one in Singapore 587.5.
    expect(access("syd1")).toMatchObject({ dialTimeoutMs: 4200, keepaliveTimeoutMs: 2900, attemptTimeoutMs: 750 });
    // 261 x 1.1 to London, 18.7 to a leader in Frankfurt, its commit 12.1, and 300 = 617.9
    expect(access("syd1", ["lon1", "ams3", "fra1"]).attemptTimeoutMs).toBe(650);
    expect(access("lon1", ["lon1", "ams3", "fra1"]).attemptTimeoutMs).toBe(350);
  });

  it("leave what the members go by as it is", () => {
    const { tuning } = cluster(new TerraformStack(new App(), "test"));
    const far = tuning.withClientsAt("syd1");
    expect([far.heartbeatMs, far.electionMs, far.failoverMs]).toEqual([58, 580, 4200]);
    expect(far.clientDialTimeoutMs).toBeGreaterThan(tuning.clientDialTimeoutMs);
  });
});

describe("a place that the round-trip times do not know", () => {
  it.each([
    ["lon9", "did you mean lon1"],
    ["london", "did you mean lon1"],
    ["atlantis", "A location of your own needs its times"],
  ])("is refused: %s", (from, mend) => {
    expect(() => access(from)).toThrow(ValidationError);
    expect(() => access(from)).toThrow(mend);
  });

  it("is refused where only some of its times are missing, with their names", () => {
    const roundTripTimes = RoundTripTimes.digitalOcean().withPairs([{ a: "office", b: "lon1", p50: 8 }]);
    expect(() => access("office", undefined, { roundTripTimes })).toThrow("nothing for office-nyc3, office-sgp1");
  });

  it("takes no client's name away", () => {
    const made = cluster(new TerraformStack(new App(), "test"));
    expect(() => made.addClient("billing", { from: "lon9" })).toThrow(ValidationError);
    expect(made.addClient("billing", { from: "lon1" }).access.memberNames[0]).toBe("etcd-lon1");
  });
});

import { TerraformVariable } from "cdktf";
import { QuorumModel, RoundTripTimes, TuningProfile, ValidationError } from "../../lib";
import { cluster, OLD_CLUSTER, refusalOf, synth } from "../synth";

const KEY = "-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----\n";
/** What is said of a cluster whose props are those of an earlier version. */
const refusal = (props: object): ValidationError => refusalOf((stack) => void cluster(stack, undefined, props));

describe("a prop of an earlier version", () => {
  // What was given, what is to be written, and in place of what.
  it.each<[object, string, string]>([
    [{ genesis: 1 }, "origin: ClusterOrigin.empty()", "genesis"],
    [{ genesis: 3 }, "origin: ClusterOrigin.empty({ founding: 3 })", "genesis"],
    [{ restore: { snapshot: "a.db" } }, 'origin: ClusterOrigin.fromBackup({ snapshot: "a.db" })', "restore"],
    [
      { genesis: 2, restore: { snapshot: "a.db" } },
      'origin: ClusterOrigin.fromBackup({ snapshot: "a.db", founding: 2 })',
      "genesis and restore",
    ],
    [
      { recoverFrom: "etcd-lon1", genesis: 2 },
      'origin: ClusterOrigin.fromSurvivor({ member: "etcd-lon1", founding: 2 })',
      "recoverFrom and genesis",
    ],
    [
      { adopt: { ...OLD_CLUSTER, peerCaPem: KEY, retire: true } },
      'origin: ClusterOrigin.takeOver({ clientUrls: ["https://192.0.2.7:2379"], peerUrls: ["https://192.0.2.7:2380"], ' +
        "clientCaPem: ..., peerCaPem: ..., retire: true })",
      "adopt",
    ],
    [{ tuningProfile: TuningProfile.FAST }, "tuning: { profile: TuningProfile.FAST }", "tuningProfile"],
    [
      { heartbeatMs: 60, electionMs: 700 },
      "tuning: { heartbeatMs: 60, electionMs: 700 }",
      "heartbeatMs and electionMs",
    ],
    [
      { clients: [{ location: "nyc3", weight: 3 }, { location: "lon1" }] },
      'clientLocations: [{ location: "nyc3", weight: 3 }, { location: "lon1" }]',
      "clients",
    ],
  ])("is refused with what to write instead: %j", (props, written, replaced) => {
    const error = refusal(props);
    expect(error.mend).toBe(`write ${written} in place of ${replaced}, which changes nothing in a cluster that runs`);
    expect(error).toMatchObject({
      what: Object.keys(props)[0],
      given: "a prop of earlier versions",
      expected: `${written.split(":")[0]}, which took its place`,
      construct: "test/etcd",
    });
  });

  it("is no prop where it is undefined, as an app may pass what it was not given itself", () => {
    expect(() => synth((stack) => void cluster(stack, undefined, { genesis: undefined } as object))).not.toThrow();
  });

  it("has dots for what can't be written: what only Terraform will know, what is long, and values of other kinds", () => {
    const mend = (restore: unknown): string => refusal({ restore }).mend;
    synth((stack) => {
      const late = new TerraformVariable(stack, "v", { type: "string" }).stringValue;
      expect(mend({ snapshot: late })).toContain("write origin: ClusterOrigin.fromBackup({ snapshot: ... }) in");
    });
    for (const restore of [{ snapshot: "a".repeat(100) }, {}, null, "a.db"])
      expect(mend(restore)).toContain("write origin: ClusterOrigin.fromBackup({ snapshot: ... }) in");
  });

  it("shows no key that was given for a certificate", () => {
    expect(refusal({ adopt: { ...OLD_CLUSTER, peerCaPem: KEY } }).message).not.toContain("MIIB");
  });

  it("is refused by the model that had it, too", () => {
    const props = { roundTripTimes: RoundTripTimes.digitalOcean(), memberLocations: ["lon1"] };
    expect(() => new QuorumModel({ ...props, clients: [{ location: "nyc3" }] } as typeof props)).toThrow(
      'clients: given a prop of earlier versions, expected clientLocations, which took its place; write clientLocations: [{ location: "nyc3" }]',
    );
  });
});

import {
  DigitalOceanHost,
  EtcdCluster,
  EtcdLogLevel,
  EtcdVersion,
  KeyAlgorithm,
  RoundTripTimes,
  TuningProfile,
} from "../lib";
import { cluster, synth, Synthesized } from "./synth";

/** The stack as text that is the same on every machine and for every edit of a template. */
function stable(synthesized: Synthesized): unknown {
  const text = JSON.stringify({
    resource: synthesized.resource,
    locals: synthesized.locals,
    output: synthesized.output,
    record: synthesized["//"]["cdktf-etcd"],
  });
  return JSON.parse(text.replace(/(assets\/[\w-]+\/)[0-9A-F]{32}/g, "$1<hash>"));
}

// A snapshot is for the reviewer of a change: what else did it touch? Each promise has a test of its own elsewhere.
describe("whole stacks", () => {
  it("three members, nothing said", () => {
    expect(
      stable(
        synth((stack) => {
          cluster(stack);
        }),
      ),
    ).toMatchSnapshot();
  });

  it("five members, everything said", () => {
    expect(
      stable(
        synth((stack) => {
          const made = new EtcdCluster(stack, "store", {
            hosts: DigitalOceanHost.inRegions(stack, ["lon1", "nyc3", "sgp1", "sfo3", "ams3"], {
              sshFrom: ["198.51.100.7/32", "2001:db8::/64"],
              clientsFrom: ["203.0.113.0/24"],
              namePrefix: "store",
              image: "debian-12-x64",
              size: "s-4vcpu-8gb",
              monitoring: false,
              tags: ["team-a"],
              generation: 2,
              bootTimeoutSeconds: 600,
            }),
            version: EtcdVersion.V3_5_33,
            download: { mirror: "https://mirror.example/etcd/" },
            settings: {
              quotaGiB: 4,
              retentionHours: 24,
              maxRequestKiB: 4096,
              logLevel: EtcdLogLevel.WARN,
              extra: { ETCD_SNAPSHOT_COUNT: "20000" },
            },
            pki: {
              keyAlgorithm: KeyAlgorithm.RSA_2048,
              caValidityDays: 1825,
              leafValidityDays: 90,
              earlyRenewalDays: 30,
            },
            roundTripTimes: RoundTripTimes.digitalOcean().withPairs([{ a: "lon1", b: "nyc3", p50: 76 }]),
            tuningProfile: TuningProfile.CONSERVATIVE,
            clients: [{ location: "nyc3", weight: 3 }, { location: "lon1" }],
            accessDirectory: "keys",
            genesis: 2,
          });
          made.addClient("billing");
          made.addClient("audit-log");
        }),
      ),
    ).toMatchSnapshot();
  });
});

/**
 * Five members that survive the loss of any two: with clients mostly in Europe, short-lived certificates, a larger
 * database, and a round-trip time of your own in place of a built-in one.
 *
 *     export DIGITALOCEAN_TOKEN=... ETCD_SSH_FROM=198.51.100.7/32
 *     npx cdktf deploy --app "npx tsx examples/five-regions.ts"
 *
 * In a project of your own, import from "cdktf-etcd" instead of "../lib".
 */
import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { LocalProvider } from "@cdktf/provider-local/lib/provider";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import { App, TerraformOutput, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { DigitalOceanHost, EtcdCluster, KeyAlgorithm, RoundTripTimes, TuningProfile } from "../lib";

const REGIONS = ["lon1", "nyc3", "sgp1", "sfo3", "ams3"];

class FiveRegions extends TerraformStack {
  public constructor(scope: Construct, id: string) {
    super(scope, id);
    new DigitaloceanProvider(this, "digitalocean");
    new TlsProvider(this, "tls");
    new LocalProvider(this, "local");

    const cluster = new EtcdCluster(this, "config-store", {
      hosts: DigitalOceanHost.inRegions(this, REGIONS, {
        namePrefix: "config-store",
        sshFrom: [process.env.ETCD_SSH_FROM ?? "198.51.100.7/32"],
        clientsFrom: ["203.0.113.0/24"],
        size: "s-2vcpu-4gb",
      }),
      settings: { quotaGiB: 4, retentionHours: 24 },
      pki: { keyAlgorithm: KeyAlgorithm.ECDSA_P256, leafValidityDays: 90, earlyRenewalDays: 30 },
      // Measured between these two; all other pairs keep the built-in numbers.
      roundTripTimes: RoundTripTimes.digitalOcean().withPairs(
        [{ a: "lon1", b: "nyc3", p50: 76, p95: 79, samples: 8640 }],
        {
          source: "ping over a day",
          measuredAt: "2026-11-20",
        },
      ),
      tuning: { profile: TuningProfile.BALANCED },
      // Four of five writes come from Frankfurt, which has no member: the leader is placed for them.
      clientLocations: [
        { location: "fra1", weight: 4 },
        { location: "nyc3", weight: 1 },
      ],
      accessDirectory: "config-store-access",
    });
    cluster.addClient("billing", { from: "fra1" });
    cluster.addClient("service-discovery");
    cluster.writeAlertRules();

    // The model's answers are plain numbers at synthesis.
    const leader = cluster.quorum.bestLeader();
    new TerraformOutput(this, "expected_write_ms", { value: leader.meanWriteMs, staticId: true });
    new TerraformOutput(this, "election_timeout_ms", { value: cluster.tuning.electionMs, staticId: true });
  }
}

const app = new App();
new FiveRegions(app, "five-regions");
app.synth();

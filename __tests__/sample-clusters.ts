import { TerraformStack } from "cdktf";
import {
  ClusterOrigin,
  AuthorityGeneration,
  DigitalOceanHost,
  EtcdCluster,
  EtcdLogLevel,
  EtcdVersion,
  KeyAlgorithm,
  PeerNetwork,
  RoundTripTimes,
  TuningProfile,
  Weekday,
} from "../lib";
import { BACKUP, cluster, SAMPLE_HOSTS } from "./synth";

/** A self-signed certificate of nobody, for what only has to look like one. */
const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

/** Clusters that together say everything that a user can, each a stack of its own. */
export const SAMPLE_CLUSTERS: Readonly<Record<string, (stack: TerraformStack) => void>> = {
  "three members, nothing said": (stack) => {
    cluster(stack);
  },
  "five members, everything said": (stack) => {
    const made = new EtcdCluster(stack, "store", {
      hosts: DigitalOceanHost.inRegions(stack, ["lon1", "nyc3", "sgp1", "sfo3", "ams3"], {
        ...SAMPLE_HOSTS,
        sshFrom: ["198.51.100.7/32", "2001:db8::/64"],
        namePrefix: "store",
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
      tuning: { profile: TuningProfile.CONSERVATIVE },
      clientLocations: [{ location: "nyc3", weight: 3 }, { location: "lon1" }],
      accessDirectory: "keys",
      origin: ClusterOrigin.empty({ founding: 2 }),
    });
    made.addClient("billing");
    made.addClient("audit-log");
  },
  "restored from a backup, its authorities in rotation": (stack) => {
    cluster(stack, undefined, {
      backup: { ...BACKUP, intervalHours: 6 },
      origin: ClusterOrigin.fromBackup({ snapshot: "etcd-20261122T180000Z-4711.db" }),
      upkeep: { weekday: Weekday.SUNDAY, hour: 3 },
      pki: { clientAuthority: AuthorityGeneration.introducing(2), peerAuthority: AuthorityGeneration.signing(2) },
      leader: { preferred: ["etcd-nyc3"], automatic: false },
    });
  },
  "founded anew from a survivor's data": (stack) => {
    cluster(stack, undefined, {
      origin: ClusterOrigin.fromSurvivor({ member: "etcd-nyc3", founding: 2 }),
      tuning: { heartbeatMs: 60, electionMs: 700 },
    });
  },
  "taken over from a cluster made by hand": (stack) => {
    cluster(stack, undefined, {
      peerNetwork: PeerNetwork.PUBLIC,
      origin: ClusterOrigin.takeOver({
        clientUrls: ["https://192.0.2.7:2379"],
        peerUrls: ["https://192.0.2.7:2380"],
        clientCaPem: CERTIFICATE,
        peerCaPem: CERTIFICATE,
      }),
    });
  },
};

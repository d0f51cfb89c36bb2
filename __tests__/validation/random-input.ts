import { App, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import * as fc from "fast-check";
import * as lib from "../../lib";
import { BACKUP, FOREIGN_HOST, SSH_FROM } from "../synth";
import { EVERY_PROP, LOCATIONS } from "./every-prop";
import { Made, oddValue } from "./odd-values";

/** From which inputs are drawn; another one by the environment. */
export const SEED = Number(process.env.CDKTF_ETCD_RANDOM_SEED ?? 20261130);

type Interface = keyof typeof EVERY_PROP;
type Bag = Record<string, unknown>;

/** Something that can be made or called with props of the user's. */
interface Target {
  /** Where props of which interface go: a path in the input. */
  readonly at: Readonly<Record<string, Interface>>;
  /** What is right without them. */
  readonly base: () => Bag;
  readonly run: (stack: TerraformStack, input: Bag) => void;
}

const HOST_KEY = "ssh-ed25519 AAAA";
const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

/** What a path begins with, where a part of it is not there yet. */
const PARENTS: Readonly<Record<string, () => unknown>> = {
  "cluster.backup": () => ({ ...BACKUP, storage: { ...BACKUP.storage } }),
  "cluster.clientLocations": () => [{ location: "lon1" }],
  "host.cloudInitParts": () => [{ contentType: "text/x-shellscript", content: "#!/bin/sh\n" }],
};

const bag = (value: unknown): Bag => value as Bag;

/** A machine of somebody else's making. */
class ForeignHost extends Construct {
  public constructor(scope: Construct, id: string, props: Bag) {
    super(scope, id);
    Object.assign(this, props);
  }
}

/** What is wrong in types is what is tried. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- of whatever type is called for
const call = <Props>(props: unknown): Props => props as Props;

const times = { roundTripTimes: lib.RoundTripTimes.digitalOcean() };

/** A cluster that begins as a function of ClusterOrigin says. */
function begunBy(name: Interface, base: () => Bag, originOf: (props: unknown) => lib.ClusterOrigin): Target {
  return {
    at: { props: name },
    base: () => ({ props: base() }),
    run: (stack, { props }) => {
      const hosts = lib.DigitalOceanHost.inRegions(stack, LOCATIONS, { sshFrom: SSH_FROM });
      new lib.EtcdCluster(stack, "etcd", { hosts, origin: originOf(props) });
    },
  };
}

const TARGETS: Readonly<Record<string, Target>> = {
  cluster: {
    at: {
      hosts: "DigitalOceanHostsProps",
      cluster: "EtcdClusterProps",
      "cluster.download": "EtcdDownloadProps",
      "cluster.settings": "EtcdSettingsProps",
      "cluster.pki": "PkiProps",
      "cluster.pki.ownClientAuthorities.0": "OwnAuthorityProps",
      "cluster.leader": "LeaderPlacementProps",
      "cluster.tuning": "EtcdTuningProps",
      "cluster.clientLocations.0": "ClientLocation",
      "cluster.backup": "EtcdBackupProps",
      "cluster.backup.storage": "EtcdBackupStorageProps",
      "cluster.upkeep": "EtcdUpkeepProps",
      client: "EtcdClientProps",
      "client ": "EtcdClientPermissionProps",
      role: "EtcdPermissionProps",
      access: "EtcdClientAccessProps",
      alerts: "EtcdAlertRulesProps",
      kube: "KubeApiserverFlagsProps",
    },
    base: () => ({ hosts: { sshFrom: SSH_FROM }, cluster: {}, client: {}, role: {}, access: {}, alerts: {}, kube: {} }),
    run: (stack, { hosts, cluster, client, role, access, alerts, kube }) => {
      const made = lib.DigitalOceanHost.inRegions(stack, LOCATIONS, call(hosts));
      const etcd = new lib.EtcdCluster(stack, "etcd", call({ hosts: made, ...bag(cluster) }));
      etcd.addClient("billing", call(client)).writeKubeApiserverFlags(call(kube));
      etcd.clientAccess(call(access));
      if (Object.keys(bag(role)).length > 0) etcd.addRole("readers", call(role));
      etcd.writeAlertRules(call(alerts));
    },
  },
  emptyOrigin: begunBy(
    "EmptyOriginProps",
    () => ({}),
    (props) => lib.ClusterOrigin.empty(call(props)),
  ),
  backupOrigin: begunBy(
    "BackupOriginProps",
    () => ({ snapshot: "a.db" }),
    (props) => lib.ClusterOrigin.fromBackup(call(props)),
  ),
  survivorOrigin: begunBy(
    "SurvivorOriginProps",
    () => ({ member: "etcd-lon1", founding: 2 }),
    (props) => lib.ClusterOrigin.fromSurvivor(call(props)),
  ),
  takeoverOrigin: begunBy(
    "TakeoverOriginProps",
    () => ({
      clientUrls: ["https://192.0.2.7:2379"],
      peerUrls: ["https://192.0.2.7:2380"],
      clientCaPem: PEM,
      peerCaPem: PEM,
    }),
    (props) => lib.ClusterOrigin.takeOver(call(props)),
  ),
  group: {
    at: {
      group: "DigitalOceanHostGroupProps",
      "group.clientSources": "DigitalOceanSourcesProps",
      host: "DigitalOceanHostProps",
      "host ": "DigitalOceanMachineProps",
      "host.cloudInitParts.0": "CloudInitPart",
      download: "BootDownload",
    },
    base: () => ({
      group: { sshFrom: SSH_FROM },
      host: { region: "lon1" },
      download: { version: "3.6.14", url: "https://a.example", sha256: "0".repeat(64) },
    }),
    run: (stack, { group, host, download }) => {
      const made = new lib.DigitalOceanHostGroup(stack, "group", call(group));
      new lib.DigitalOceanHost(stack, "host", call({ group: made, ...bag(host) })).downloadAtBoot(call(download));
    },
  },
  reference: {
    at: {
      attributes: "EtcdClusterAttributes",
      files: "EtcdClientFilesProps",
      "files.timeLimits": "EtcdClientTimeLimits",
    },
    base: () => ({
      attributes: { endpoints: ["https://192.0.2.7:2379"], caCertificatePem: PEM },
      files: { clientName: "billing", certificatePem: PEM, privateKeyPem: "k" },
    }),
    run: (stack, { attributes, files }) => {
      lib.EtcdCluster.fromAttributes(stack, "other", call(attributes)).writeClientFiles(call(files));
    },
  },
  foreign: {
    at: { host: "IEtcdHost", "host.connection": "SshConnection", "host.connection.bastion": "SshBastion" },
    // Copies: draws are written into them.
    base: () => ({ host: { ...FOREIGN_HOST, connection: { ...FOREIGN_HOST.connection } } }),
    run: (stack, { host }) => {
      new lib.EtcdCluster(stack, "etcd", call({ hosts: [new ForeignHost(stack, "vm", bag(host))] }));
    },
  },
  existing: {
    at: { host: "ExistingHostProps", "host ": "SshLogin" },
    base: () => ({
      host: { location: "lon1", publicAddress: "198.51.100.7", user: "root", agent: true, hostKeys: [HOST_KEY] },
    }),
    run: (stack, { host }) => {
      const made = new lib.ExistingHost(stack, "vm", call(host));
      new lib.EtcdCluster(stack, "etcd", call({ hosts: [made] }));
    },
  },
  checksums: {
    at: { props: "EtcdChecksums" },
    base: () => ({ props: { amd64: "0".repeat(64) } }),
    run: (_stack, { props }) => {
      lib.EtcdVersion.of("3.6.99", call(props));
    },
  },
  region: {
    at: { props: "RegionProps" },
    base: () => ({
      props: { slug: "home", city: "Home", country: "Here", continent: "Europe", latitude: 1, longitude: 2 },
    }),
    run: (_stack, { props }) => {
      new lib.Region(call(props)).distanceKmTo(lib.Region.of("lon1"));
    },
  },
  times: {
    at: { pair: "RoundTripTimePair", options: "RoundTripTimesOptions" },
    base: () => ({ pair: { a: "lon1", b: "nyc3", p50: 78 }, options: {} }),
    run: (_stack, { pair, options }) => {
      lib.RoundTripTimes.of(call([pair]), call(options));
      lib.RoundTripTimes.digitalOcean().withPairs(call([pair]), call(options));
    },
  },
  tuning: {
    at: { props: "TuningProps" },
    base: () => ({ props: { ...times, memberLocations: LOCATIONS } }),
    run: (_stack, { props }) => lib.Tuning.derive(call(props)),
  },
  quorum: {
    at: { props: "QuorumModelProps" },
    base: () => ({ props: { ...times, memberLocations: LOCATIONS } }),
    run: (_stack, { props }) => {
      new lib.QuorumModel(call(props)).leaders();
    },
  },
  search: {
    at: { props: "PlacementSearchProps" },
    base: () => ({ props: { ...times, clientLocations: [{ location: "lon1" }] } }),
    run: (_stack, { props }) => lib.Placement.search(call(props)),
  },
  advice: {
    at: { props: "PlacementAdviceProps" },
    base: () => ({ props: { ...times, memberLocations: LOCATIONS } }),
    run: (_stack, { props }) => lib.Placement.advise(call(props)),
  },
};

/** One prop that is given: where, and what. A prop that is not there (a typing error) is one, too. */
interface Draw {
  readonly path: readonly string[];
  readonly value: Made;
}

/** An input: a target, and what is given to it beside what it needs. */
export interface RandomInput {
  readonly target: string;
  readonly draws: readonly Draw[];
}

/** The interfaces whose props are drawn. */
export const DRAWN_INTERFACES: ReadonlySet<Interface> = new Set(
  Object.values(TARGETS).flatMap(({ at }) => Object.values(at)),
);

function drawsOf({ at }: Target): fc.Arbitrary<Draw> {
  const props = Object.entries(at).flatMap(([path, name]) =>
    Object.entries<fc.Arbitrary<Made>>(EVERY_PROP[name]).map(([prop, right]) => ({
      path: [...path.trim().split("."), prop],
      right,
    })),
  );
  return fc.constantFrom(...props).chain(({ path, right }) =>
    fc.oneof(
      { weight: 10, arbitrary: fc.record({ path: fc.constant(path), value: fc.oneof(right, oddValue) }) },
      // Typed wrong: one letter too many.
      {
        weight: 1,
        arbitrary: fc.record({ path: fc.constant([...path.slice(0, -1), `${path.at(-1) ?? ""}s`]), value: right }),
      },
    ),
  );
}

/** Clusters and their machines most of the time, as most props are theirs. */
export const randomInput: fc.Arbitrary<RandomInput> = fc.oneof(
  ...Object.entries(TARGETS).map(([target, one]) => ({
    weight: target === "cluster" ? 10 : 1,
    arbitrary: fc.record({
      target: fc.constant(target),
      draws: fc.array(drawsOf(one), { minLength: 1, maxLength: 3 }),
    }),
  })),
);

/** Makes or calls what was drawn. */
export function runInput(stack: TerraformStack, { target, draws }: RandomInput): void {
  const { base, run } = TARGETS[target];
  const input = base();
  for (const { path, value } of draws) {
    let here = input;
    for (const [index, part] of path.slice(0, -1).entries()) {
      const missing = PARENTS[path.slice(0, index + 1).join(".")] as (() => unknown) | undefined;
      if (typeof here[part] !== "object" || here[part] === null) here[part] = missing?.() ?? {};
      here = bag(here[part]);
    }
    if (Object.isFrozen(here)) continue;
    here[path[path.length - 1]] = value(stack);
  }
  run(stack, input);
}

/** An input as a failure shows it: values that need a stack are made in one of their own. */
export function shownInput({ target, draws }: RandomInput): string {
  const stack = new TerraformStack(new App({ skipValidation: true }), "shown");
  const given = draws.map(({ path, value }) => `${path.join(".")}: ${fc.stringify(value(stack))}`);
  return `${target} with ${given.join(", ")}`;
}

/** A message may speak of a prop by what it stands for. */
const MEANT: Readonly<Record<string, readonly RegExp[]>> = {
  location: [/round-trip time/, /clientLocations: weight/],
  from: [/round-trip time/],
  roundTripTimes: [/round-trip time/],
  memberLocations: [/round-trip time/, /member/],
  clientLocations: [/round-trip time/],
  candidates: [/round-trip time/, /placement/],
  mustInclude: [/round-trip time/, /placement/],
  version: [/etcd version/, /etcd \d/],
  hostName: [/name of a host/],
  memoryMiB: [/MiB of memory/],
  diskGiB: [/GiB of disk/],
  mustSurvive: [/placement/],
  memberCount: [/placement/],
  mostPerLocation: [/placement/],
  outboundPorts: [/given port \d+/],
  amd64: [/checksum/],
  arm64: [/checksum/],
};

/** Whether a message names one of the props that were given. */
export function names(message: string, { draws }: RandomInput): boolean {
  // The first part of a path is the target's, not the user's.
  return draws
    .flatMap(({ path }) => path.slice(1))
    .some((prop) => message.includes(prop) || (MEANT[prop] ?? []).some((meant) => meant.test(message)));
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import * as lib from "../../lib";
import { CERTIFICATE, cluster, OLD_CLUSTER, PEM, SSH_FROM } from "../synth";
import { LOCATIONS } from "./every-prop";

/** A function as JavaScript has it: of whatever arguments. */
type Untyped = (...args: readonly unknown[]) => unknown;

/** What can be called, with arguments that are right. */
interface Callable {
  readonly args: readonly unknown[];
  /** Makes what it is called on. */
  readonly on: (stack: TerraformStack) => Untyped;
}

const TIMES = lib.RoundTripTimes.digitalOcean();
const PAIRS = [{ a: "lon1", b: "nyc3", p50: 78 }];

const model = new lib.QuorumModel({ roundTripTimes: TIMES, memberLocations: LOCATIONS });
const tuning = lib.Tuning.derive({ roundTripTimes: TIMES, memberLocations: LOCATIONS });

/** A file with round-trip times, for as long as the tests run. */
function timesFile(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-unit-"));
  process.on("exit", () => {
    rmSync(directory, { recursive: true, force: true });
  });
  const file = path.join(directory, "times.json");
  writeFileSync(file, TIMES.toJson());
  return file;
}

/** A method of whatever object; it may be made for the test. */
function method<Owner extends object>(
  owner: Owner | ((stack: TerraformStack) => Owner),
  name: keyof Owner,
  ...args: readonly unknown[]
): Callable {
  return {
    args,
    on: (stack) => {
      const made = typeof owner === "function" && !(name in owner) ? owner(stack) : (owner as Owner);
      const called = made[name] as Untyped;
      return (...given) => called.apply(made, [...given]);
    },
  };
}

/** A constructor, or what makes one: each time in a scope of its own. */
function inScopes(call: (scope: Construct, ...args: never[]) => unknown, ...args: readonly unknown[]): Callable {
  return {
    args,
    on: (stack) => {
      let count = 0;
      return (...given) => call(new Construct(stack, `scope-${count++}`), ...(given as never[]));
    },
  };
}

const QUORUM = {
  commitMs: ["lon1"],
  commitP95Ms: ["lon1"],
  nearestMember: ["syd1"],
  writeMs: ["syd1", "lon1"],
  writeViaMs: ["syd1", "nyc3", "lon1"],
  linearizableReadMs: ["syd1", "lon1"],
  serializableReadMs: ["syd1"],
  leaderAt: ["lon1"],
  afterLossOf: ["lon1"],
  afterLossOfMember: ["lon1"],
  afterLossOfContinent: [lib.Continent.ASIA],
} as const;

const ROUND_TRIPS = {
  withPairs: [PAIRS, {}],
  completedBy: [TIMES],
  region: ["lon1"],
  has: ["lon1", "nyc3"],
  between: ["lon1", "nyc3"],
  p95Between: ["lon1", "nyc3"],
  jitterBetween: ["lon1", "nyc3"],
  lossPercentBetween: ["lon1", "nyc3"],
  isEstimated: ["lon1", "nyc3"],
  estimatedAmong: [LOCATIONS],
  require: [LOCATIONS],
  largestAmong: [LOCATIONS],
  largestP95Among: [LOCATIONS],
  largestLossPercentAmong: [LOCATIONS],
  withRegions: [[lib.Region.of("lon")]],
  sourceAmong: [LOCATIONS],
  measuredAtAmong: [LOCATIONS],
} as const;

/** The methods of an object, by `Class.method`. */
function methodsOf<Owner extends object>(
  className: string,
  owner: Owner,
  methods: { readonly [Name in keyof Owner]?: readonly unknown[] },
): Record<string, Callable> {
  return Object.fromEntries(
    Object.entries<readonly unknown[] | undefined>(methods).map(([name, args = []]) => [
      `${className}.${name}`,
      method(owner, name as keyof Owner, ...args),
    ]),
  );
}

const reference = (stack: TerraformStack): lib.EtcdClusterReference =>
  lib.EtcdCluster.fromAttributes(stack, "other", { endpoints: ["https://192.0.2.7:2379"], caCertificatePem: PEM });

const HOSTS = new WeakMap<TerraformStack, lib.DigitalOceanHost[]>();

/** The hosts of a stack, of which each has its own. */
function hosts(scope: Construct): lib.DigitalOceanHost[] {
  const stack = TerraformStack.of(scope);
  const made = HOSTS.get(stack) ?? lib.DigitalOceanHost.inRegions(stack, ["lon1"], { sshFrom: SSH_FROM });
  HOSTS.set(stack, made);
  return made;
}

/** The group of those. */
const groupOf = (scope: Construct): lib.DigitalOceanHostGroup =>
  hosts(scope)[0].node.scope as lib.DigitalOceanHostGroup;

const EXISTING: lib.ExistingHostProps = {
  location: "lon1",
  publicAddress: "198.51.100.7",
  user: "debian",
  agent: true,
  hostKeys: ["ssh-ed25519 AAAA"],
};

/** Stands for the props that need the scope. */
const RIGHT = "right";

/** All that the library's classes have to be called, by how the public API calls it. */
export const EVERY_METHOD: Readonly<Record<string, Callable>> = {
  "EtcdClientAccess.kubeApiserverFlags": method((stack) => cluster(stack).clientAccess(), "kubeApiserverFlags", {}),
  "EtcdClient.writeKubeApiserverFlags": method(
    (stack) => cluster(stack).addClient("billing"),
    "writeKubeApiserverFlags",
    {},
  ),
  "ClusterOrigin.empty": method(lib.ClusterOrigin, "empty", { founding: 2 }),
  "ClusterOrigin.fromBackup": method(lib.ClusterOrigin, "fromBackup", { snapshot: "a.db" }),
  "ClusterOrigin.fromSurvivor": method(lib.ClusterOrigin, "fromSurvivor", { member: "etcd-lon1", founding: 2 }),
  "ClusterOrigin.takeOver": method(lib.ClusterOrigin, "takeOver", OLD_CLUSTER),
  "EtcdCluster.addRole": method((stack) => cluster(stack, undefined, { authorization: true }), "addRole", "readers", {
    read: ["/app/"],
  }),
  "EtcdClusterReference.writeClientFiles": method(reference, "writeClientFiles", {
    clientName: "billing",
    certificatePem: PEM,
    privateKeyPem: "k",
  }),
  "EtcdCluster.fromAttributes": inScopes(
    (scope, id: string, attributes: lib.EtcdClusterAttributes) => lib.EtcdCluster.fromAttributes(scope, id, attributes),
    "other",
    { endpoints: ["https://192.0.2.7:2379"], caCertificatePem: PEM },
  ),
  "new EtcdCluster": inScopes(
    (scope, id: string, props: lib.EtcdClusterProps | typeof RIGHT) =>
      new lib.EtcdCluster(
        scope,
        id,
        props === RIGHT ? { hosts: hosts(scope), outputPrefix: scope.node.id, accessDirectory: scope.node.id } : props,
      ),
    "etcd",
    RIGHT,
  ),
  "EtcdCluster.clientAccess": method((stack) => cluster(stack), "clientAccess", {}),
  "EtcdCluster.addClient": method((stack) => cluster(stack), "addClient", "billing", {}),
  "EtcdCluster.alertRules": method((stack) => cluster(stack), "alertRules", {}),
  "EtcdCluster.writeAlertRules": method((stack) => cluster(stack), "writeAlertRules", {}),
  "EtcdVersion.of": method(lib.EtcdVersion, "of", "3.6.14", {}),
  ...methodsOf("EtcdVersion", lib.EtcdVersion.V3_6_14, {
    sha256: [lib.Architecture.AMD64],
    tarball: [lib.Architecture.AMD64],
    canFollow: [lib.EtcdVersion.V3_6_14],
    slowRequestLogSettings: [100],
  }),
  "DigitalOceanHost.inRegions": inScopes(
    (scope, regions: string[], props: lib.DigitalOceanHostsProps) =>
      lib.DigitalOceanHost.inRegions(scope, regions, props),
    ["lon1"],
    { sshFrom: SSH_FROM },
  ),
  "new DigitalOceanHost": inScopes(
    (scope, id: string, props: lib.DigitalOceanHostProps | typeof RIGHT) => {
      const right = { group: groupOf(scope), region: "lon1" };
      return new lib.DigitalOceanHost(scope, id, props === RIGHT ? right : props);
    },
    "host",
    RIGHT,
  ),
  "DigitalOceanHost.downloadAtBoot": method((stack) => hosts(stack)[0], "downloadAtBoot", {
    version: "3.6.14",
    url: "https://a.example",
    sha256: "0".repeat(64),
  }),
  "new ExistingHost": inScopes(
    (scope, id: string, props: lib.ExistingHostProps) => new lib.ExistingHost(scope, id, props),
    "vm",
    EXISTING,
  ),
  "ExistingHost.downloadAtBoot": method((stack) => new lib.ExistingHost(stack, "vm", EXISTING), "downloadAtBoot", {
    version: "3.6.14",
    url: "https://a.example",
    sha256: "0".repeat(64),
  }),
  "new DigitalOceanHostGroup": inScopes(
    (scope, id: string, props: lib.DigitalOceanHostGroupProps) => new lib.DigitalOceanHostGroup(scope, id, props),
    "group",
    { sshFrom: SSH_FROM },
  ),
  ...methodsOf("AuthorityGeneration", lib.AuthorityGeneration, { of: [1], introducing: [2], signing: [2] }),
  ...methodsOf("RevokedCertificate", lib.RevokedCertificate, { bySerial: ["0x3FA9"], byCertificate: [CERTIFICATE] }),
  ...methodsOf("Placement", lib.Placement, {
    search: [{ roundTripTimes: TIMES, clientLocations: [{ location: "lon1" }] }],
    advise: [{ roundTripTimes: TIMES, memberLocations: LOCATIONS }],
  }),
  "QuorumModel.quorumOf": method(lib.QuorumModel, "quorumOf", 3),
  "new QuorumModel": inScopes((_scope, props: lib.QuorumModelProps) => new lib.QuorumModel(props).leaders(), {
    roundTripTimes: TIMES,
    memberLocations: LOCATIONS,
  }),
  ...methodsOf("QuorumModel", model, QUORUM),
  ...methodsOf("Region", lib.Region, { find: ["lon1"], of: ["lon1"], near: ["London"], inCloud: ["aws"] }),
  "new Region": inScopes((_scope, props: lib.RegionProps) => new lib.Region(props), {
    slug: "home",
    city: "Home",
    country: "Here",
    continent: lib.Continent.EUROPE,
    latitude: 1,
    longitude: 2,
  }),
  ...methodsOf("Region", lib.Region.of("lon1"), {
    distanceKmTo: [lib.Region.of("nyc3")],
    lightRoundTripMsTo: [lib.Region.of("nyc3")],
  }),
  ...methodsOf("RoundTripTimes", lib.RoundTripTimes, { of: [PAIRS, {}], fromJson: [TIMES.toJson()] }),
  "RoundTripTimes.fromFile": inScopes((_scope, file: string) => lib.RoundTripTimes.fromFile(file), timesFile()),
  ...methodsOf("RoundTripTimes", TIMES, ROUND_TRIPS),
  ...methodsOf("Tuning", lib.Tuning, { derive: [{ roundTripTimes: TIMES, memberLocations: LOCATIONS }] }),
  ...methodsOf("Tuning", tuning, { withClientsAt: ["syd1"], peerRoundTripAlertBetweenMs: ["lon1", "nyc3"] }),
};

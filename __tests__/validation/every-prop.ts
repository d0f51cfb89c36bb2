import * as fc from "fast-check";
import * as lib from "../../lib";
import { BACKUP, CERTIFICATE } from "../synth";
import { any, Made, whole } from "./odd-values";

/** Values of a prop that are right, at least somewhere. */
type Values<Props> = { readonly [Prop in keyof Props]-?: fc.Arbitrary<Made> };

const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const REQUEST = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n";
export const LOCATIONS = ["lon1", "nyc3", "sgp1"];
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII/GUM3I/1yfBBsee/pmIj5sWmKeImPyQd37ICXBDiB3 jo@laptop";
const VPC = "5a4981aa-9653-4bd1-bef5-d6bff52042e4";
const TIMES = lib.RoundTripTimes.digitalOcean();

const flags = any(true, false);
const networks = any(
  ...[
    ["198.51.100.7/32"],
    ["2001:db8::/64"],
    ["0.0.0.0/1", "128.0.0.0/1"],
    ["::/0"],
    ["10.0.0.1/8"],
    ["10.0.0.0/8", "::1/128"],
  ],
);
const places = any(["lon1"], ["lon1", "nyc3", "sgp1"], ["atlantis"], ["lon1", "lon1"]);
const names = any("etcd", "store-2", "1etcd", "Etcd", "-", "a".repeat(63), "root");
const clients = any(
  [{ location: "lon1" }],
  [{ location: "ams3", weight: 3 }, { location: "nyc3" }],
  [{ location: "x" }],
);
const urls = any(
  "https://a.example",
  "https://a.example:9000/x",
  "http://a.example",
  "https://[2001:db8::1]:443",
  "a.example",
);
const memberUrls = any(["https://192.0.2.7:2379"], ["https://192.0.2.7:2380"], ["https://[2001:db8::1]:2380"], []);

const group: Values<lib.DigitalOceanHostGroupProps> = {
  sshFrom: networks,
  clientsFrom: networks,
  peersFrom: networks,
  allowSshFromAnywhere: flags,
  loginKeyGeneration: whole(0, 101),
  authorizedKeys: any([KEY], [KEY, KEY], ["ssh-rsa x"]),
  clientSources: any({}, { tags: ["web"] }),
  sshSources: any({}, { dropletIds: [4711] }),
  provider: any(undefined),
  projectId: any("4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679", "a b"),
  namePrefix: names,
};
const machine: Values<lib.DigitalOceanMachineProps> = {
  image: any("debian-13-x64", "ubuntu-24-04-x64", "centos-7-x64"),
  imageFamily: any("debian-13-x64", "x"),
  size: any("s-2vcpu-2gb", "s-1vcpu-1gb", "s-8vcpu-16gb", "gpu-h100x1-80gb", ""),
  monitoring: flags,
  tags: any(["team-a"], ["team a"], ["x", "X"], ["a:b_c"]),
  cloudInitParts: any([{ contentType: "text/cloud-config", content: "#cloud-config\npackages: [jq]\n" }], []),
  generation: whole(-1, 5),
  bootTimeoutSeconds: whole(29, 3601),
  allowRestrictedRegions: flags,
};
const leader: Values<lib.LeaderPlacementProps> = {
  preferred: any(["etcd-lon1"], ["etcd-sgp1", "etcd-lon1"], ["etcd-mars1"]),
  automatic: flags,
  settleSeconds: whole(4, 3601),
};
const founding = whole(0, 3);
const tuning: Values<lib.EtcdTuningProps> = {
  profile: any(...Object.values(lib.TuningProfile)),
  heartbeatMs: whole(1, 1000),
  electionMs: whole(1, 60_000),
};

const permission: Values<lib.EtcdPermissionProps> = {
  read: any(["/app/"], ["/app"], [""], []),
  readWrite: any(["/app/", "été/"], ["a".repeat(2000)]),
  withoutSeparator: any(["/app"], ["/other"]),
};
const clientPermission: Values<lib.EtcdClientPermissionProps> = {
  ...permission,
  roles: any([], [{ roleName: "readers" }]),
  everything: flags,
  administrator: flags,
};

/** Values for every prop that a user can give, by interface. A prop that is forgotten here does not compile. */
export const EVERY_PROP = {
  DigitalOceanHostGroupProps: group,
  DigitalOceanMachineProps: machine,
  DigitalOceanHostsProps: { ...group, ...machine, vpcIds: any({ lon1: VPC }, { lon2: VPC }, { lon1: "x" }) },
  DigitalOceanHostProps: {
    ...machine,
    group: any(undefined),
    region: any("lon1", "nyc2", "ams2", "lon2"),
    hostName: names,
    vpcId: any(VPC, ""),
  } satisfies Values<lib.DigitalOceanHostProps>,
  EtcdClusterProps: {
    hosts: any([], undefined),
    version: any(lib.EtcdVersion.V3_5_33, lib.EtcdVersion.V3_6_14, lib.EtcdVersion.V3_7_1, "3.6.14"),
    download: any({}),
    authorization: flags,
    settings: any({}),
    pki: any({}),
    roundTripTimes: any(TIMES, lib.RoundTripTimes.of([{ a: "lon1", b: "nyc3", p50: 78 }])),
    tuning: any({}),
    clientLocations: clients,
    leader: any({}),
    survives: any(lib.SurvivalGoal.location(), lib.SurvivalGoal.continent(), lib.SurvivalGoal.twoLocations()),
    peerNetwork: any(...Object.values(lib.PeerNetwork)),
    clientNetwork: any(...Object.values(lib.ClientNetwork)),
    accessDirectory: any("keys", "/tmp/keys", "~/keys", "a b"),
    clientFiles: flags,
    outputPrefix: any("events", "Events", ""),
    origin: any(
      lib.ClusterOrigin.empty({ founding: 2 }),
      lib.ClusterOrigin.fromBackup({ snapshot: "etcd-20261122T180000Z-4711.db" }),
      lib.ClusterOrigin.fromSurvivor({ member: "etcd-mars1", founding: 2 }),
      { founding: 2 },
    ),
    backup: any({}, BACKUP),
    upkeep: any({}),
  } satisfies Values<lib.EtcdClusterProps>,
  CloudInitPart: {
    contentType: any(...Object.values(lib.CloudInitPartType)),
    content: any("#cloud-config\npackages: [jq]\n", "#!/bin/sh\nexit 0\n", "x", "#cloud-config\nssh_pwauth: true\n"),
  } satisfies Values<lib.CloudInitPart>,
  DigitalOceanSourcesProps: {
    tags: any(["web"], ["a b"]),
    dropletIds: any([4711], [-1]),
    loadBalancerIds: any(["4de7ac8b-495b-4884-9a69-1050c6793cd6"], ["x", "x"]),
    kubernetesIds: any(["bd5f5959-5e1e-4205-a714-a914373942af"]),
  } satisfies Values<lib.DigitalOceanSourcesProps>,
  EtcdClusterAttributes: {
    endpoints: any(["https://192.0.2.7:2379"], ["http://192.0.2.7:2379"], []),
    caCertificatePem: any("-----BEGIN CERTIFICATE-----"),
  } satisfies Values<lib.EtcdClusterAttributes>,
  EtcdClientFilesProps: {
    clientName: names,
    certificatePem: any("-----BEGIN CERTIFICATE-----"),
    privateKeyPem: any("k"),
    directory: any("keys", "~/keys"),
    timeLimits: any({}),
  } satisfies Values<lib.EtcdClientFilesProps>,
  EtcdClientTimeLimits: {
    dialTimeoutMs: whole(-1, 5000),
    keepaliveTimeMs: whole(-1, 5000),
    keepaliveTimeoutMs: whole(-1, 5000),
    attemptTimeoutMs: whole(-1, 5000),
    totalTimeoutMs: whole(-1, 5000),
    commandTimeoutMs: whole(-1, 5000),
  } satisfies Values<lib.EtcdClientTimeLimits>,
  EtcdDownloadProps: { mirror: urls, allowInsecureMirror: flags } satisfies Values<lib.EtcdDownloadProps>,
  EtcdSettingsProps: {
    quotaGiB: whole(0, 9),
    retentionHours: whole(0, 9000),
    maxRequestKiB: whole(0, 10241),
    logLevel: any(...Object.values(lib.EtcdLogLevel)),
    grpcGateway: flags,
    featureGates: any({ StopGRPCServiceOnDefrag: true }, { CompactHashCheck: false }, { X: true }),
    extra: any({ ETCD_SNAPSHOT_COUNT: "2" }, { ETCD_UNSAFE_NO_FSYNC: "true" }, { ETCD_CORS: "${x}" }, { x: "y" }),
  } satisfies Values<lib.EtcdSettingsProps>,
  PkiProps: {
    keyAlgorithm: any(...Object.values(lib.KeyAlgorithm)),
    caValidityDays: whole(0, 4000),
    leafValidityDays: whole(0, 4000),
    earlyRenewalDays: whole(0, 400),
    serverNames: any(["etcd.example.com", "*.example.com"], ["198.51.100.7"], ["localhost"]),
    clientAuthority: any(lib.AuthorityGeneration.of(2), lib.AuthorityGeneration.introducing(2), { signer: 1 }),
    ownClientAuthorities: any([], [{}]),
    peerAuthority: any(lib.AuthorityGeneration.signing(3)),
    revoked: any([], [lib.RevokedCertificate.bySerial("0x3FA9")], ["0x3FA9"]),
    revokedPeers: any([lib.RevokedCertificate.bySerial("1"), lib.RevokedCertificate.bySerial("0x1")]),
  } satisfies Values<lib.PkiProps>,
  OwnAuthorityProps: {
    generation: whole(0, 3),
    certificatePem: any(CERTIFICATE, PEM, "x"),
    privateKeyPem: any("x"),
    chainPem: any(CERTIFICATE, PEM),
  } satisfies Values<lib.OwnAuthorityProps>,
  LeaderPlacementProps: leader,
  EtcdTuningProps: tuning,
  ClientLocation: {
    location: any("lon1", "syd1", "x"),
    weight: any(0, 0.5, 3, -1),
  } satisfies Values<lib.ClientLocation>,
  EtcdBackupProps: {
    intervalHours: whole(0, 25),
    keepLocal: whole(0, 101),
    storage: any({}),
  } satisfies Values<lib.EtcdBackupProps>,
  EtcdBackupStorageProps: {
    endpoint: urls,
    allowInsecureEndpoint: flags,
    region: any("ams3", "us-east-1", "a b"),
    bucket: any("backups", "B"),
    prefix: any("a/b", "a/../b", "/a"),
    accessKeyId: any("KEY", "K K"),
    secretAccessKey: any("secret", "se cret"),
    passphrase: any("correct horse battery staple", "hunter2"),
    keepDays: whole(0, 40),
    keepAtLeast: whole(0, 40),
  } satisfies Values<lib.EtcdBackupStorageProps>,
  EmptyOriginProps: { founding } satisfies Values<lib.EmptyOriginProps>,
  BackupOriginProps: {
    snapshot: any("a.db", "../a.db", "a.db.bin"),
    founding,
  } satisfies Values<lib.BackupOriginProps>,
  SurvivorOriginProps: {
    member: any("etcd-lon1", "etcd-mars1"),
    founding,
  } satisfies Values<lib.SurvivorOriginProps>,
  TakeoverOriginProps: {
    clientUrls: memberUrls,
    peerUrls: memberUrls,
    clientCaPem: any(PEM, "x"),
    peerCaPem: any(PEM, `${PEM}-----BEGIN EC PRIVATE KEY-----`),
    retire: flags,
    founding,
  } satisfies Values<lib.TakeoverOriginProps>,
  EtcdUpkeepProps: {
    defragment: flags,
    weekday: any(...Object.values(lib.Weekday)),
    hour: whole(-1, 24),
    minimumFreeMiB: whole(0, 9000),
  } satisfies Values<lib.EtcdUpkeepProps>,
  IEtcdHost: {
    hostName: names,
    location: any("lon1", "x"),
    publicAddress: any("198.51.100.7", "2001:db8::1", "[2001:db8::1]", "a.example"),
    privateAddress: any("10.0.0.1", "x"),
    privateNetwork: any("a", "b"),
    outboundPorts: any([], [443], [80]),
    machineId: any("1"),
    architecture: any(...Object.values(lib.Architecture)),
    memoryMiB: whole(0, 9000),
    diskGiB: whole(0, 90),
    connection: any({}),
    metadataReaders: any([], ["do-agent"], ["a b"]),
    addressesAtStart: any(["198.51.100.7"]),
    madeWhenReady: any([]),
    downloadAtBoot: any(() => undefined),
  } satisfies Values<Omit<lib.IEtcdHost, "node" | "with">>,
  SshConnection: {
    host: any("198.51.100.7", "a.example"),
    port: whole(1, 65_535),
    user: any("root"),
    privateKey: any("k"),
    privateKeyFile: any("~/.ssh/id_ed25519"),
    agent: flags,
    hostKeys: any([KEY], [], [`192.0.2.7 ${KEY}`, "# 192.0.2.7:22 SSH-2.0"]),
    acceptAnyHostKey: flags,
    bastion: any({}),
    authorizedKeys: any([KEY]),
    configureSshd: flags,
    timeoutSeconds: whole(30, 600),
  } satisfies Values<lib.SshConnection>,
  ExistingHostProps: {
    hostName: any("etcd-a", "A b"),
    location: any("lon1", "x"),
    publicAddress: any("198.51.100.7", "a.example"),
    privateAddress: any("10.0.0.7", "::1"),
    privateNetwork: any("rack", ""),
    user: any("root", "debian", "a b"),
    sshHost: any("a.example", "a b"),
    sshPort: whole(1, 65_535),
    privateKey: any("k"),
    privateKeyFile: any("~/.ssh/id_ed25519"),
    agent: flags,
    hostKeys: any([KEY], []),
    acceptAnyHostKey: flags,
    bastion: any({}),
    authorizedKeys: any([KEY]),
    configureSshd: flags,
    timeoutSeconds: whole(30, 600),
    machineId: any("serial-7", ""),
    architecture: any(...Object.values(lib.Architecture)),
    memoryMiB: whole(0, 4096),
    diskGiB: whole(0, 99),
  } satisfies Values<lib.ExistingHostProps>,
  SshLogin: {
    privateKey: any("k"),
    privateKeyFile: any("~/.ssh/id_ed25519"),
    agent: flags,
  } satisfies Values<lib.SshLogin>,
  SshBastion: {
    host: any("198.51.100.9", "bastion.example"),
    port: whole(1, 65_535),
    user: any("jump"),
    privateKey: any("k"),
    privateKeyFile: any("/root/.ssh/id_ed25519"),
    agent: flags,
    hostKeys: any([KEY], []),
  } satisfies Values<lib.SshBastion>,
  BootDownload: {
    version: any("3.6.14", ""),
    url: any("https://a.example/x", "$(id)"),
    sha256: any("0".repeat(64), "x"),
  } satisfies Values<lib.BootDownload>,
  EtcdClientAccessProps: { from: any("lon1", "ams3", "x") } satisfies Values<lib.EtcdClientAccessProps>,
  EtcdPermissionProps: permission,
  EtcdClientPermissionProps: clientPermission,
  EtcdClientProps: {
    ...clientPermission,
    from: any("lon1", "x"),
    renew: whole(-1, 1001),
    certificateRequestPem: any(REQUEST, "x"),
    ownCertificate: flags,
  } satisfies Values<lib.EtcdClientProps>,
  EtcdAlertRulesProps: { job: any("etcd", 'a"b') } satisfies Values<lib.EtcdAlertRulesProps>,
  KubeApiserverFlagsProps: {
    directory: any("/x", "x"),
    nearestOnly: flags,
  } satisfies Values<lib.KubeApiserverFlagsProps>,
  EtcdChecksums: { amd64: any("0".repeat(64), "x"), arm64: any("0".repeat(64)) } satisfies Values<lib.EtcdChecksums>,
  RegionProps: {
    slug: any("home", ""),
    city: any("Home"),
    country: any("Here"),
    continent: any(...Object.values(lib.Continent), "Atlantis"),
    latitude: whole(-91, 91),
    longitude: whole(-181, 181),
    metro: any("home"),
    cloud: any("here"),
  } satisfies Values<lib.RegionProps>,
  RoundTripTimePair: {
    a: any("lon1", "x"),
    b: any("nyc3", "y"),
    p50: any(76, 0, -1, 3000),
    p95: any(80, 1),
    samples: whole(-1, 9),
    lossPercent: whole(-1, 51),
    estimated: flags,
    method: any("ping"),
  } satisfies Values<lib.RoundTripTimePair>,
  RoundTripTimesOptions: {
    regions: any([], [lib.Region.of("lon1")], ["lon1"]),
    source: any("ping"),
    measuredAt: any("2026-11-22", "today"),
    cluster: any("etcd/etcd"),
    clusterId: any("abc", "xyz"),
  } satisfies Values<lib.RoundTripTimesOptions>,
  TuningProps: {
    roundTripTimes: any(TIMES),
    memberLocations: places,
    clientLocations: places,
    ...tuning,
  } satisfies Values<lib.TuningProps>,
  QuorumModelProps: {
    roundTripTimes: any(TIMES),
    memberLocations: places,
    clientLocations: clients,
    lostMembers: whole(-1, 3),
  } satisfies Values<lib.QuorumModelProps>,
  PlacementSearchProps: {
    roundTripTimes: any(TIMES),
    clientLocations: clients,
    memberCount: whole(2, 8),
    candidates: places,
    mustInclude: places,
    mustSurvive: any(...Object.values(lib.FailureDomain)),
    mostPerLocation: whole(0, 3),
    results: whole(0, 6),
  } satisfies Values<lib.PlacementSearchProps>,
  PlacementAdviceProps: {
    roundTripTimes: any(TIMES),
    memberLocations: places,
    clientLocations: clients,
    candidates: places,
    results: whole(0, 6),
  } satisfies Values<lib.PlacementAdviceProps>,
} as const satisfies Record<string, Record<string, fc.Arbitrary<Made>>>;

import { TerraformStack, TerraformVariable } from "cdktf";
import { Construct } from "constructs";
import {
  ClusterOrigin,
  AuthorityGeneration,
  DigitalOceanHost,
  DigitalOceanHostGroup,
  EtcdBackupStorageProps,
  EtcdCluster,
  EtcdVersion,
  PeerNetwork,
  RevokedCertificate,
  RoundTripTimes,
} from "../lib";
import { BACKUP, cluster, FOREIGN_HOST, OLD_CLUSTER, PEM, refusalOf, SSH_FROM } from "./synth";

const BASTION = { host: "bastion.example", user: "jump", agent: true, hostKeys: ["ssh-ed25519 AAAA"] };
const REQUEST = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n";
const OPERATOR_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII/GUM3I/1yfBBsee/pmIj5sWmKeImPyQd37ICXBDiB3 jo@laptop";

/** A number that is known only when Terraform runs. */
const later = (stack: TerraformStack): number => new TerraformVariable(stack, "later", { type: "number" }).numberValue;

/** A text or a list that is known only then. */
const late = (stack: TerraformStack): TerraformVariable => new TerraformVariable(stack, "late", { type: "any" });

/** What no compiler would let pass. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- of whatever type is called for
const typed = <Type>(value: unknown): Type => value as Type;

const VPC = "5a4981aa-9653-4bd1-bef5-d6bff52042e4";

const hosts = (stack: TerraformStack, props: object): DigitalOceanHost[] =>
  DigitalOceanHost.inRegions(stack, ["lon1", "nyc3", "sgp1"], { sshFrom: SSH_FROM, ...props });

const storage =
  (wrong: Partial<EtcdBackupStorageProps>) =>
  (stack: TerraformStack): EtcdCluster => {
    if (BACKUP.storage === undefined) throw new Error("the sample has a storage");
    return cluster(stack, undefined, { backup: { storage: { ...BACKUP.storage, ...wrong } } });
  };

/** A cluster on a machine of somebody else's making, with something wrong in it. */
const foreign =
  (wrong: object) =>
  (stack: TerraformStack): EtcdCluster => {
    const host = Object.assign(new Construct(stack, "vm"), FOREIGN_HOST, wrong);
    return new EtcdCluster(stack, "etcd", typed({ hosts: [host] }));
  };

/** A client's files of a cluster that is declared elsewhere, written to each of these directories. */
function writeClientFiles(stack: TerraformStack, directories: readonly (string | undefined)[]): void {
  const other = EtcdCluster.fromAttributes(stack, "other", {
    endpoints: OLD_CLUSTER.clientUrls,
    caCertificatePem: PEM,
  });
  for (const directory of directories) {
    other.writeClientFiles({ clientName: "billing", certificatePem: PEM, privateKeyPem: "k", directory });
  }
}

const CASES: [string, (stack: TerraformStack) => void, RegExp][] = [
  [
    "no hosts",
    (s) => new EtcdCluster(s, "etcd", { hosts: [] }),
    /^hosts: given none, expected 1 to 9 hosts; give some/,
  ],
  [
    "ten hosts",
    (s) => cluster(s, Array<string>(10).fill("lon1")),
    /^hosts: given 10, expected 1 to 9 hosts; take fewer/,
  ],
  [
    "duplicate names",
    (s) => {
      const group = new DigitalOceanHostGroup(s, "group", { sshFrom: SSH_FROM });
      const make = (id: string): DigitalOceanHost =>
        new DigitalOceanHost(s, id, { group, region: "lon1", hostName: "same" });
      new EtcdCluster(s, "etcd", { hosts: [make("a"), make("b")] });
    },
    /^names of the hosts: given "same" twice, expected each only once; give every host a name of its own/,
  ],
  [
    "unknown region",
    (s) => cluster(s, ["lon2"]),
    /^region: given "lon2", expected the slug of a DigitalOcean region; .*lon1/,
  ],
  [
    "another cloud's region",
    (s) => cluster(s, ["aws:eu-west-2"]),
    /expected the slug of a DigitalOcean region; use one of ams2/,
  ],
  [
    "no data centre but a city",
    (s) => cluster(s, ["nyc"]),
    /^region: given "nyc", expected.*mean nyc1 or nyc2 or nyc3\?/,
  ],
  ["malformed CIDR", (s) => hosts(s, { sshFrom: ["10.0.0.300/8"] }), /^sshFrom: given "10.0.0.300\/8".*no IP address/],
  ["CIDR without length", (s) => hosts(s, { sshFrom: ["10.0.0.1"] }), /add the prefix length: 10\.0\.0\.1\/32/],
  ["CIDR with host bits", (s) => hosts(s, { sshFrom: ["10.0.0.1/8"] }), /write 10\.0\.0\.0\/8/],
  ["CIDR too long", (s) => hosts(s, { clientsFrom: ["10.0.0.0/33"] }), /^clientsFrom: .*must be 0 to 32/],
  [
    "a tag that is none",
    (s) => hosts(s, { clientSources: { tags: ["two words"] } }),
    /^clientSources\.tags: given "two words", expected tags as DigitalOcean has them/,
  ],
  [
    "a droplet's name for its id",
    (s) => hosts(s, { sshSources: { dropletIds: ["bastion"] } }),
    /^sshSources\.dropletIds\[0\]: given "bastion", expected a number/,
  ],
  [
    "a load balancer twice",
    (s) => hosts(s, { clientSources: { loadBalancerIds: ["a", "a"] } }),
    /^clientSources\.loadBalancerIds: given "a" twice/,
  ],
  [
    "a part for cloud-init of a type in words",
    (s) => hosts(s, { cloudInitParts: [{ contentType: "text/plain", content: "x" }] }),
    /^cloudInitParts\[0\]\.contentType: given "text\/plain", expected one of CloudInitPartType\.CLOUD_CONFIG, CloudInitPartType\.SHELL_SCRIPT/,
  ],
  [
    "settings that do not say so",
    (s) => hosts(s, { cloudInitParts: [{ contentType: "text/cloud-config", content: "packages: [jq]\n" }] }),
    /^cloudInitParts\[0\]\.content: given "packages: \[jq\]" as its first line, expected the line "#cloud-config" first/,
  ],
  [
    "a script without an interpreter",
    (s) => hosts(s, { cloudInitParts: [{ contentType: "text/x-shellscript", content: "echo 1\n" }] }),
    /^cloudInitParts\[0\]\.content: given "echo 1" as its first line, expected a line such as "#!\/bin\/sh"/,
  ],
  [
    "a part for cloud-init with NUL",
    (s) => hosts(s, { cloudInitParts: [{ contentType: "text/x-shellscript", content: "#!/bin/sh\n\0" }] }),
    /^cloudInitParts\[0\]\.content: given the character U\+0000, expected text/,
  ],
  [
    "a setting of the library's own",
    (s) =>
      hosts(s, {
        cloudInitParts: [{ contentType: "text/cloud-config", content: "#cloud-config\nssh_pwauth: true\n" }],
      }),
    /^cloudInitParts\[0\]\.content: given the setting ssh_pwauth, expected settings beside disable_root/,
  ],
  [
    "another way to merge",
    (s) =>
      hosts(s, {
        cloudInitParts: [{ contentType: "text/cloud-config", content: "#cloud-config\n'merge_how': dict(replace)\n" }],
      }),
    /^cloudInitParts\[0\]\.content: given the setting merge_how/,
  ],
  [
    "settings in braces",
    (s) => hosts(s, { cloudInitParts: [{ contentType: "text/cloud-config", content: '#cloud-config\n{"a": 1}\n' }] }),
    /^cloudInitParts\[0\]\.content: given "\{\\"a\\": 1\}", expected settings below "#cloud-config"/,
  ],
  [
    "more for cloud-init than DigitalOcean takes",
    (s) =>
      hosts(s, {
        cloudInitParts: Array(2).fill({
          contentType: "text/x-shellscript",
          content: `#!/bin/sh\n#${"<".repeat(4096)}\n`,
        }),
      }),
    /^cloudInitParts: given 49\d\d\d bytes, as they stand in user data, expected at most 49152: the cloud takes 65536/,
  ],
  ["no project", (s) => hosts(s, { projectId: "" }), /^projectId: given "", expected a name or an id/],
  [
    "a snapshot of no family",
    (s) => hosts(s, { image: "12345678" }),
    /^image: given "12345678", .*a snapshot's id needs imageFamily/,
  ],
  [
    "a slug for a snapshot's id",
    (s) => hosts(s, { image: "debian-13-x64", imageFamily: "debian-13-x64" }),
    /^image: given "debian-13-x64" along with imageFamily, expected the numeric id/,
  ],
  [
    "a family that is none",
    (s) => hosts(s, { image: "12345678", imageFamily: "debian" }),
    /^imageFamily: given "debian", expected one of debian-13-x64/,
  ],
  [
    "client files by a word",
    (s) => cluster(s, undefined, { clientFiles: "no" as unknown as boolean }),
    /^clientFiles: given "no", expected true or false/,
  ],
  ["no one may log in", (s) => hosts(s, { sshFrom: [] }), /^sshFrom: given no network, expected at least one CIDR/],
  ["SSH open to the world", (s) => hosts(s, { sshFrom: ["0.0.0.0/0"] }), /^sshFrom: .*allowSshFromAnywhere: true/],
  ["SSH open to the IPv6 world", (s) => hosts(s, { sshFrom: ["::/0"] }), /allowSshFromAnywhere: true/],
  [
    "a login key of generation zero",
    (s) => hosts(s, { loginKeyGeneration: 0 }),
    /^loginKeyGeneration: given 0, expected a whole number from 1 to 100;/,
  ],
  [
    "a login key of a generation that only Terraform will know",
    (s) => hosts(s, { loginKeyGeneration: later(s) }),
    /^loginKeyGeneration: given a value that is known only when Terraform runs/,
  ],
  [
    "an operator's key with options",
    (s) => hosts(s, { authorizedKeys: [`from="192.0.2.1" ${OPERATOR_KEY}`] }),
    /^authorizedKeys: given "from=.*, expected one line of an OpenSSH public key, .*options before it are not supported/,
  ],
  [
    "an operator's key on two lines",
    (s) => hosts(s, { authorizedKeys: [`${OPERATOR_KEY}\ncommand="x"`] }),
    /^authorizedKeys: given "ssh-ed25519 .*; make it one line/,
  ],
  [
    "an operator's key that lost its end",
    (s) => hosts(s, { authorizedKeys: [OPERATOR_KEY.slice(0, 76)] }),
    /^authorizedKeys: given .*; copy it again: what follows ssh-ed25519 is no key of that type/,
  ],
  [
    "an operator's key of another type than it says",
    (s) => hosts(s, { authorizedKeys: [OPERATOR_KEY.replace("ssh-ed25519", "ssh-rsa")] }),
    /^authorizedKeys: given .*; copy it again: what follows ssh-rsa is no key of that type/,
  ],
  [
    "an operator's private key, without showing it",
    (s) => hosts(s, { authorizedKeys: ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n"] }),
    /^authorizedKeys: given a private key, expected .*; give its public half/,
  ],
  [
    "an operator's key twice, with other comments",
    (s) => hosts(s, { authorizedKeys: [OPERATOR_KEY, `${OPERATOR_KEY}-2`] }),
    /^authorizedKeys: given "ssh-ed25519 AAAA.*" twice, .*whatever its comment/,
  ],
  ["a name that is no DNS label", (s) => hosts(s, { namePrefix: "Etcd_1" }), /^namePrefix: given "Etcd_1".*DNS label/],
  [
    "a prefix that leaves no room for a machine's name",
    (s) => {
      const group = new DigitalOceanHostGroup(s, "group", { sshFrom: SSH_FROM, namePrefix: "a".repeat(59) });
      new DigitalOceanHost(s, "host", { group, region: "lon1" });
    },
    /^namePrefix: given 59 characters, expected at most 58: machines are called <namePrefix>-lon1/,
  ],
  [
    "an id that is no DNS label",
    (s) => new EtcdCluster(s, "My Cluster", { hosts: hosts(s, {}) }),
    /^id of EtcdCluster: given "My Cluster", expected a DNS label: 1 to 63/,
  ],
  [
    "unknown image",
    (s) => hosts(s, { image: "centos-7-x64" }),
    /^image: given "centos-7-x64", expected one of debian-13-x64/,
  ],
  [
    "boot timeout",
    (s) => hosts(s, { bootTimeoutSeconds: 5 }),
    /^bootTimeoutSeconds: given 5 seconds, expected .* 30 to 3600/,
  ],
  [
    "leaf validity zero",
    (s) => cluster(s, undefined, { pki: { leafValidityDays: 0 } }),
    /^pki.leafValidityDays: given 0 days/,
  ],
  [
    "CA validity zero",
    (s) => cluster(s, undefined, { pki: { caValidityDays: 0 } }),
    /^pki.caValidityDays: given 0 days/,
  ],
  [
    "leaf validity beyond the CA's",
    (s) => cluster(s, undefined, { pki: { caValidityDays: 100, leafValidityDays: 101 } }),
    /^pki.leafValidityDays: given 101 days, expected at most the authority's 100 days/,
  ],
  [
    "renewal window as long as the validity",
    (s) => cluster(s, undefined, { pki: { leafValidityDays: 30, earlyRenewalDays: 30 } }),
    /^pki.earlyRenewalDays: given 30 days/,
  ],
  [
    "renewal at the end of the validity",
    (s) => cluster(s, undefined, { pki: { leafValidityDays: 2, earlyRenewalDays: 0 } }),
    /^pki.earlyRenewalDays: given 0 days, expected a whole number of days from 1 on, .*once they have expired/,
  ],
  [
    "a renewal window that only Terraform will know",
    (s) => cluster(s, undefined, { pki: { earlyRenewalDays: later(s) } }),
    /^pki.earlyRenewalDays: given a value that is known only when Terraform runs, expected a number in the code/,
  ],
  [
    "a validity that only Terraform will know",
    (s) => cluster(s, undefined, { pki: { leafValidityDays: later(s) } }),
    /^pki.leafValidityDays: given a value that is known only when Terraform runs/,
  ],
  [
    "a server name that is an address",
    (s) => cluster(s, undefined, { pki: { serverNames: ["198.51.100.7"] } }),
    /^pki.serverNames: given "198.51.100.7", expected a DNS name: .*; leave addresses out/,
  ],
  [
    "a server name with a port",
    (s) => cluster(s, undefined, { pki: { serverNames: ["etcd.example.com:2379"] } }),
    /^pki.serverNames: given "etcd.example.com:2379", .*without scheme, port or final dot/,
  ],
  [
    "a server name twice",
    (s) => cluster(s, undefined, { pki: { serverNames: ["localhost"] } }),
    /^pki.serverNames: given "localhost" twice/,
  ],
  [
    "half a renewal of a client's key",
    (s) => cluster(s).addClient("app", { renew: 0.5 }),
    /^addClient\("app"\).renew: given 0.5, expected a whole number/,
  ],
  [
    "a renewal before the first key",
    (s) => cluster(s).addClient("app", { renew: -1 }),
    /^addClient\("app"\).renew: given -1/,
  ],
  [
    "a renewal that only Terraform will know",
    (s) => cluster(s).addClient("app", { renew: later(s) }),
    /^addClient\("app"\).renew: given a value that is known only when Terraform runs/,
  ],
  [
    "a renewal of a key that is the client's own",
    (s) => cluster(s).addClient("app", { renew: 1, certificateRequestPem: REQUEST }),
    /^addClient\("app"\).renew: given 1, along with certificateRequestPem, .*; leave renew out/,
  ],
  [
    "a certificate of its own where every authority is made by deploys",
    (s) => cluster(s).addClient("app", { ownCertificate: true }),
    /^addClient\("app"\).ownCertificate: given true, in a cluster all of whose .*; leave it out, .* or give certificateRequestPem/,
  ],
  [
    "a certificate of its own and a request for one",
    (s) => cluster(s).addClient("app", { ownCertificate: true, certificateRequestPem: REQUEST }),
    /^addClient\("app"\).ownCertificate: given true, along with certificateRequestPem, .*; leave certificateRequestPem out/,
  ],
  [
    "a certificate in place of a request",
    (s) => cluster(s).addClient("app", { certificateRequestPem: PEM }),
    /^addClient\("app"\).certificateRequestPem: given "-----BEGIN CERTIFICATE-----.*expected a certificate request in PEM/,
  ],
  [
    "the key of a client that has it itself",
    (s) => cluster(s).addClient("app", { certificateRequestPem: REQUEST }).privateKeyPem,
    /^privateKeyPem of app: given a client with a certificateRequestPem, .*; take the key from where/,
  ],
  [
    "a certificate revoked twice",
    (s) => {
      const revoked = ["0xA", "10"].map((serial) => RevokedCertificate.bySerial(serial));
      cluster(s, undefined, { pki: { revoked } });
    },
    /^pki.revoked: given "serial A" twice, expected each only once; name each certificate once/,
  ],
  [
    "a peer's certificate revoked twice",
    (s) => {
      const revokedPeers = ["0xA", "10"].map((serial) => RevokedCertificate.bySerial(serial));
      cluster(s, undefined, { pki: { revokedPeers } });
    },
    /^pki.revokedPeers: given "serial A" twice/,
  ],
  [
    "a serial number that is none",
    () => RevokedCertificate.bySerial("3FA9"),
    /^RevokedCertificate.bySerial: given "3FA9", expected a serial number: positive, of at most 20 octets, .*; put 0x in front of it: "0x3FA9"$/,
  ],
  [
    "a revoked certificate that is none",
    () => RevokedCertificate.byCertificate(PEM),
    /^RevokedCertificate.byCertificate: given "-----BEGIN CERTIFICATE-----.*expected a certificate in PEM; give the text of the file/,
  ],
  [
    "a list of revoked certificates as another setting",
    (s) => cluster(s, undefined, { settings: { extra: { ETCD_CLIENT_CRL_FILE: "/x" } } }),
    /ETCD_CLIENT_CRL_FILE.*use the prop that stands for it: pki.revoked \(in test\/etcd\)$/,
  ],
  [
    "an authority of generation zero",
    () => AuthorityGeneration.of(0),
    /^generation of an authority: given 0, expected a whole number from 1 to 1000/,
  ],
  [
    "a rotation to the first generation",
    () => AuthorityGeneration.introducing(1),
    /^generation of an authority: given 1, expected a whole number from 2 to 1000/,
  ],
  [
    "an authority of a generation that only Terraform will know",
    (s) => AuthorityGeneration.of(later(s)),
    /^generation of an authority: given a value that is known only when Terraform runs/,
  ],
  [
    "etcd below the floor",
    () => EtcdVersion.of("3.6.13"),
    /^etcd version: given 3.6.13, expected at least 3.6.14; .*GHSA/,
  ],
  [
    "etcd of an unknown minor",
    () => EtcdVersion.of("3.4.23"),
    /^etcd version: given 3.4.23, expected one of the minors 3.5/,
  ],
  ["no etcd version", () => EtcdVersion.of("latest"), /^etcd version: given "latest", expected MAJOR.MINOR.PATCH/],
  ["unknown etcd without a checksum", () => EtcdVersion.of("3.6.99"), /^etcd version: given 3.6.99 without a checksum/],
  [
    "checksum of wrong shape",
    () => EtcdVersion.of("3.6.99", { amd64: "abc" }),
    /^checksum of etcd 3.6.99: given "abc" \(3 characters\), expected a SHA-256: 64 lower-case hexadecimal digits/,
  ],
  [
    "a mirror that is no URL",
    (s) => cluster(s, undefined, { download: { mirror: "mirror" } }),
    /^download.mirror: given "mirror"/,
  ],
  [
    "a mirror without TLS",
    (s) => cluster(s, undefined, { download: { mirror: "http://mirror.example/etcd" } }),
    /^download.mirror: .*allowInsecureMirror: true/,
  ],
  ["heartbeat out of etcd's range", (s) => cluster(s, undefined, { tuning: { heartbeatMs: 0 } }), /heartbeat.*given 0/],
  [
    "election below 5 heartbeats",
    (s) => cluster(s, undefined, { tuning: { heartbeatMs: 200, electionMs: 900 } }),
    /election.*900/,
  ],
  ["election above 50 s", (s) => cluster(s, undefined, { tuning: { electionMs: 60_000 } }), /election.*given 60000/],
  [
    "election below what the distances allow",
    (s) => cluster(s, undefined, { tuning: { heartbeatMs: 40, electionMs: 400 } }),
    /election.*400/,
  ],
  [
    "quota out of range",
    (s) => cluster(s, undefined, { settings: { quotaGiB: 9 } }),
    /^settings.quotaGiB: given 9 GiB, expected .* 1 to 8/,
  ],
  [
    "a quota that only Terraform will know",
    (s) => cluster(s, undefined, { settings: { quotaGiB: later(s) } }),
    /^settings.quotaGiB: given a value that is known only when Terraform runs, expected a number in the code; write/,
  ],
  [
    "retention out of range",
    (s) => cluster(s, undefined, { settings: { retentionHours: 0 } }),
    /^settings.retentionHours/,
  ],
  [
    "request size out of range",
    (s) => cluster(s, undefined, { settings: { maxRequestKiB: 20_000 } }),
    /^settings.maxRequestKiB/,
  ],
  [
    "a setting that is derived",
    (s) => cluster(s, undefined, { settings: { extra: { ETCD_ELECTION_TIMEOUT: "1" } } }),
    /^settings.extra: given ETCD_ELECTION_TIMEOUT/,
  ],
  [
    "a setting that contradicts its prop",
    (s) => cluster(s, undefined, { settings: { grpcGateway: true, extra: { ETCD_ENABLE_GRPC_GATEWAY: "false" } } }),
    /^settings.extra: given ETCD_ENABLE_GRPC_GATEWAY, .*; use the prop that stands for it: settings.grpcGateway \(in test\/etcd\)$/,
  ],
  [
    "a setting that is none",
    (s) => cluster(s, undefined, { settings: { extra: { "snapshot-count": "1" } } }),
    /^settings.extra: given "snapshot-count"/,
  ],
  [
    "a setting that the version does not know",
    (s) => cluster(s, undefined, { settings: { extra: { ETCD_EXPERIMENTAL_CORS: "*" } } }),
    /^settings.extra: given ETCD_EXPERIMENTAL_CORS, .* etcd 3.6 knows; etcd 3.6 has it as ETCD_CORS/,
  ],
  [
    "a feature gate that the version does not know",
    (s) => cluster(s, undefined, { settings: { featureGates: { PriorityRequest: true } } }),
    /^settings.featureGates: given PriorityRequest, expected a feature gate of etcd 3.6/,
  ],
  [
    "a droplet too small for the quota",
    (s) => new EtcdCluster(s, "etcd", { hosts: hosts(s, { size: "s-1vcpu-1gb" }) }),
    /^size of etcd-lon1: given 1024 MiB of memory for a quota of 2 GiB, expected at least 2048 MiB/,
  ],
  [
    "a client name used twice",
    (s) => {
      const made = cluster(s);
      made.addClient("billing");
      made.addClient("billing");
    },
    /^client name: given "billing" twice/,
  ],
  [
    "a client name that is no DNS label",
    (s) => {
      cluster(s).addClient("Billing App");
    },
    /^client name: given "Billing App"/,
  ],
  [
    "a location without round-trip times",
    (s) => cluster(s, undefined, { roundTripTimes: RoundTripTimes.of([{ a: "lon1", b: "nyc3", p50: 78 }]) }),
    /sgp1/,
  ],
  [
    "backups that would wander through the day",
    (s) => cluster(s, undefined, { backup: { intervalHours: 5 } }),
    /^backup.intervalHours: given 5 hours, expected 1, 2, 3, 4, 6, 8, 12 or 24 hours/,
  ],
  ["no backup kept", (s) => cluster(s, undefined, { backup: { keepLocal: 0 } }), /^backup.keepLocal: given 0 backups/],
  [
    "more backups than the disk holds",
    (s) => cluster(s, undefined, { backup: { keepLocal: 30 } }),
    /^backup.keepLocal: given 30 backups of up to 2 GiB each on 60 GiB of disk of etcd-lon1, expected at least 70 GiB/,
  ],
  [
    "a storage without TLS",
    storage({ endpoint: "http://s3.example" }),
    /^backup.storage.endpoint: .*allowInsecureEndpoint/,
  ],
  ["a storage that is no URL", storage({ endpoint: "ams3" }), /^backup.storage.endpoint: given "ams3"/],
  ["a bucket that is none", storage({ bucket: "My Bucket" }), /^backup.storage.bucket: given "My Bucket"/],
  ["a prefix with slashes at its ends", storage({ prefix: "/etcd/" }), /^backup.storage.prefix: given "\/etcd\/"/],
  ["a region with a line break", storage({ region: "ams3\nacl = public" }), /^backup.storage.region: given "ams3\\n/],
  [
    "an access key id that rclone would read as another option",
    storage({ accessKeyId: "A%(B)s" }),
    /^backup.storage.accessKeyId: given a text of 6 characters, expected one line of text without "%\("/,
  ],
  [
    "a secret access key with a line break, without showing it",
    storage({ secretAccessKey: "a\nb" }),
    /^backup.storage.secretAccessKey: given a text of 3 characters/,
  ],
  [
    "a passphrase that can be guessed, without showing it",
    storage({ passphrase: "hunter2" }),
    /^backup.storage.passphrase: given a text of 7 characters, expected one line of at least 16/,
  ],
  ["backups kept for no day", storage({ keepDays: 0 }), /^backup.storage.keepDays: given 0 days/],
  ["no backup kept in the storage", storage({ keepAtLeast: 0 }), /^backup.storage.keepAtLeast: given 0 backups/],
  [
    "a snapshot by its path",
    () => ClusterOrigin.fromBackup({ snapshot: "../etcd.db" }),
    /^origin.snapshot: given "..\/etcd.db", expected a file name that ends in .db, as the storage or \/var\/lib\/etcd-backup/,
  ],
  [
    "a snapshot by its object's name",
    () => ClusterOrigin.fromBackup({ snapshot: "etcd-20261122T180000Z-1.db.bin" }),
    /^origin.snapshot: .*; leave out \.bin/,
  ],
  ["an hour that no day has", (s) => cluster(s, undefined, { upkeep: { hour: 24 } }), /^upkeep.hour: given 24/],
  [
    "a defragmentation for nothing",
    (s) => cluster(s, undefined, { upkeep: { minimumFreeMiB: 0 } }),
    /^upkeep.minimumFreeMiB: given 0 MiB/,
  ],
  [
    "a cluster to take over without TLS",
    () => ClusterOrigin.takeOver({ ...OLD_CLUSTER, peerUrls: ["http://192.0.2.7:2380"] }),
    /^origin.peerUrls: given "http:\/\/192.0.2.7:2380", expected an https URL .*; turn TLS on first/,
  ],
  [
    "a cluster to take over whose URL has a path",
    () => ClusterOrigin.takeOver({ ...OLD_CLUSTER, clientUrls: ["https://192.0.2.7:2379/v3"] }),
    /^origin.clientUrls: given "https:\/\/192.0.2.7:2379\/v3"/,
  ],
  [
    "a cluster to take over without members",
    () => ClusterOrigin.takeOver({ ...OLD_CLUSTER, clientUrls: [] }),
    /^origin.clientUrls: given none/,
  ],
  [
    "a cluster to take over with a member that has no peer URL",
    () => ClusterOrigin.takeOver({ ...OLD_CLUSTER, clientUrls: ["https://192.0.2.7:2379", "https://192.0.2.8:2379"] }),
    /^origin.peerUrls: given 1 for 2 client URLs/,
  ],
  [
    "a private key among the certificates of a cluster to take over",
    () => ClusterOrigin.takeOver({ ...OLD_CLUSTER, peerCaPem: `${PEM}-----BEGIN EC PRIVATE KEY-----` }),
    /^origin.peerCaPem: given a private key along with a certificate/,
  ],
  [
    "no certificate of a cluster to take over",
    () => ClusterOrigin.takeOver({ ...OLD_CLUSTER, clientCaPem: "/etc/ssl/ca.crt" }),
    /^origin.clientCaPem: given something else, expected certificates in PEM/,
  ],
  ["peers' networks that are none", (s) => hosts(s, { peersFrom: ["192.0.2.7"] }), /^peersFrom: given "192.0.2.7"/],
  ["a founding before the first one", () => ClusterOrigin.empty({ founding: 0 }), /^origin.founding: given 0/],
  [
    "a takeover before the first founding",
    () => ClusterOrigin.takeOver({ ...OLD_CLUSTER, founding: 0 }),
    /^origin.founding: given 0/,
  ],
  [
    "an origin without its class",
    (s) => cluster(s, undefined, typed({ origin: { founding: 2 } })),
    /^origin: given an object, expected an object of the class ClusterOrigin; make one: ClusterOrigin.empty\(\)/,
  ],
  [
    "a survivor without the founding by it",
    () => ClusterOrigin.fromSurvivor(typed({ member: "etcd-lon1" })),
    /^origin.founding: given nothing, expected a number/,
  ],

  // Values of another kind than the types say: whoever writes JavaScript, Python or YAML may give anything.
  [
    "no props at all",
    (s) => new EtcdCluster(s, "etcd", typed(undefined)),
    /^props: given nothing, expected an object; .* \(in test\/etcd\)$/,
  ],
  [
    "null for a prop",
    (s) => cluster(s, undefined, typed({ settings: null })),
    /^settings: given null, expected a value, or none; leave it out/,
  ],
  [
    "a required prop left out",
    () => ClusterOrigin.fromBackup(typed({})),
    /^origin.snapshot: given nothing, expected a text/,
  ],
  [
    "an enum by another name",
    (s) => cluster(s, undefined, typed({ peerNetwork: "vpc" })),
    /^peerNetwork: given "vpc", expected one of PeerNetwork.PUBLIC, PeerNetwork.PRIVATE; use one of/,
  ],
  [
    "an enum spelt wrong",
    (s) => cluster(s, undefined, typed({ settings: { logLevel: "INFOS" } })),
    /^settings.logLevel: .*did you mean EtcdLogLevel.INFO\?/,
  ],
  [
    "a log level with a second variable",
    (s) => cluster(s, undefined, typed({ settings: { logLevel: "info\nETCD_NAME=x" } })),
    /^settings.logLevel: given "info\\nETCD_NAME=x", expected one of EtcdLogLevel/,
  ],
  [
    "a round trip in quotes",
    () => RoundTripTimes.of(typed([{ a: "lon1", b: "nyc3", p50: "76" }])),
    /^round-trip times\[0\].p50: given "76", expected a number; write it as a number, without quotes/,
  ],
  [
    "a heartbeat in quotes",
    (s) => cluster(s, undefined, typed({ tuning: { heartbeatMs: "58" } })),
    /^tuning.heartbeatMs: given "58", expected a number/,
  ],
  [
    "no for false",
    (s) => cluster(s, undefined, typed({ leader: { automatic: "no" } })),
    /^leader.automatic: given "no", expected true or false/,
  ],
  [
    "a weekday in German",
    (s) => cluster(s, undefined, typed({ upkeep: { weekday: "Montag" } })),
    /^upkeep.weekday: given "Montag", expected one of Weekday.MONDAY/,
  ],
  [
    "a generation with a fraction",
    (s) => hosts(s, { generation: -1.5 }),
    /^generation: given -1.5, expected a whole number/,
  ],
  ["a generation that is no number", (s) => hosts(s, { generation: Number.NaN }), /^generation: given NaN/],
  ["a generation in quotes", (s) => hosts(s, { generation: "x" }), /^generation: given "x", expected a number/],
  ["no size", (s) => hosts(s, { size: "" }), /^size: given "", expected the slug of a droplet size/],
  [
    "a region for old accounts only",
    (s) => DigitalOceanHost.inRegions(s, ["nyc2"], { sshFrom: SSH_FROM }),
    /^region: given "nyc2", .*; take nyc3, or say allowRestrictedRegions: true/,
  ],
  [
    "regions that are no list",
    (s) => DigitalOceanHost.inRegions(s, typed("lon1"), { sshFrom: SSH_FROM }),
    /^regions: given "lon1", expected a list/,
  ],
  [
    "a VPC for a region without a machine",
    (s) => hosts(s, { vpcIds: { lon2: VPC } }),
    /^vpcIds: given one for "lon2", expected VPCs by region, of lon1/,
  ],
  [
    "a VPC that is none",
    (s) => hosts(s, { vpcIds: { lon1: "default" } }),
    /^vpcIds.lon1: given "default", expected the id of a VPC/,
  ],
  ["a folder of backups above its bucket", storage({ prefix: "../x" }), /^backup.storage.prefix: given "..\/x"/],
  ["a folder of backups that goes up", storage({ prefix: "a/.." }), /^backup.storage.prefix: given "a\/.."/],
  [
    "a tag with a space",
    (s) => hosts(s, { tags: ["team a"] }),
    /^tags: given "team a", expected tags as DigitalOcean has them: up to 255 letters, digits, colons/,
  ],
  ["a tag that is too long", (s) => hosts(s, { tags: ["x".repeat(256)] }), /^tags: given "xxx/],
  [
    "a directory with a line break",
    (s) => cluster(s, undefined, { accessDirectory: "a\nb" }),
    /^accessDirectory: given "a\\nb", expected the path of a directory/,
  ],
  ["no directory", (s) => cluster(s, undefined, { accessDirectory: "" }), /^accessDirectory: given ""/],
  [
    "a directory with a tilde",
    (s) => cluster(s, undefined, { accessDirectory: "~/x" }),
    /^accessDirectory: given "~\/x", .*os.homedir\(\)/,
  ],
  [
    "the world in two halves",
    (s) => hosts(s, { sshFrom: ["0.0.0.0/1", "128.0.0.0/1"] }),
    /^sshFrom: given "0.0.0.0\/1", "128.0.0.0\/1", expected networks that you know, .*allowSshFromAnywhere: true/,
  ],
  [
    "clients on IPv6 alone",
    (s) => hosts(s, { clientsFrom: ["2001:db8::/64"] }),
    /^clientsFrom: given "2001:db8::\/64", expected at least one network of IPv4: the machines have no IPv6/,
  ],
  ["an operator on IPv6 alone", (s) => hosts(s, { sshFrom: ["2001:db8::/64"] }), /^sshFrom: .*no IPv6/],
  [
    "a host whose name is no DNS label",
    foreign({ hostName: "vm 1" }),
    /^name of a host: given "vm 1", expected a DNS label: .* \(in test\/etcd\)$/,
  ],
  [
    "a host with memory that is no number",
    foreign({ memoryMiB: Number.NaN }),
    /^hosts\[0\].memoryMiB: given NaN, expected a number; see where it was computed/,
  ],
  [
    "a host at an IPv6 address",
    foreign({ publicAddress: "2001:db8::1" }),
    /^publicAddress of vm: given "2001:db8::1", expected an IPv4 address/,
  ],
  [
    "a host's private address of IPv6",
    foreign({ privateAddress: "fd00::1" }),
    /^privateAddress of vm: given "fd00::1"/,
  ],
  [
    "a host without a machine's id",
    foreign({ machineId: undefined }),
    /^hosts\[0\].machineId: given nothing, expected a text/,
  ],
  [
    "a host that is no construct",
    (s) => new EtcdCluster(s, "etcd", typed({ hosts: [FOREIGN_HOST] })),
    /^hosts\[0\].node: given nothing, expected the node of a construct; extend Construct/,
  ],
  [
    "an address for what is made when ready",
    foreign({ madeWhenReady: ["terraform_data.x"] }),
    /^hosts\[0\].madeWhenReady\[0\]: given "terraform_data.x", expected a TerraformResource/,
  ],
  ["a machine's id of blanks", foreign({ machineId: " " }), /^machineId of vm: given " ", expected an id/],
  [
    "a name among the addresses at the start",
    foreign({ addressesAtStart: ["198.51.100.8", "vm-2"] }),
    /^addressesAtStart of vm: given "vm-2", expected an IPv4 address/,
  ],
  [
    "a reader of the metadata service that is no user",
    foreign({ metadataReaders: ["do-agent; id"] }),
    /^metadataReaders of vm: given "do-agent; id", expected names of users/,
  ],
  [
    "no host key",
    foreign({ connection: { ...FOREIGN_HOST.connection, hostKeys: ["SHA256:abc"] } }),
    /^connection.hostKeys of vm: given "SHA256:abc", expected OpenSSH public keys/,
  ],
  [
    "a host key with a line for sshd",
    foreign({ connection: { ...FOREIGN_HOST.connection, hostKeys: ["ssh-ed25519\nPermitEmptyPasswords yes"] } }),
    /^connection.hostKeys of vm: given "ssh-ed25519\\nPermit/,
  ],
  [
    "one host key, as of earlier versions",
    foreign({ connection: { ...FOREIGN_HOST.connection, hostKey: "ssh-ed25519 AAAA" } }),
    /^hosts\[0\]\.connection\.hostKey: given a prop of earlier versions, .*write hostKeys: \["ssh-ed25519 AAAA"\] in place of hostKey/,
  ],
  [
    "no host key at all",
    foreign({ connection: { ...FOREIGN_HOST.connection, hostKeys: ["# vm:22 SSH-2.0-OpenSSH_9.2p1"] } }),
    /^connection.hostKeys of vm: given none, expected OpenSSH public keys/,
  ],
  [
    "a host key, and any",
    foreign({ connection: { ...FOREIGN_HOST.connection, acceptAnyHostKey: true } }),
    /^connection.hostKeys of vm: given some, along with acceptAnyHostKey/,
  ],
  [
    "no way to log in",
    foreign({ connection: { ...FOREIGN_HOST.connection, privateKey: undefined } }),
    /^connection.privateKey of vm: given none, expected one way to log in/,
  ],
  [
    "two ways to log in",
    foreign({ connection: { ...FOREIGN_HOST.connection, agent: true } }),
    /^connection.privateKey of vm: given privateKey and agent, .*; take out the others/,
  ],
  [
    "a bastion without a host key",
    foreign({ connection: { ...FOREIGN_HOST.connection, bastion: { ...BASTION, hostKeys: [] } } }),
    /^connection.bastion.hostKeys of vm: given none, expected OpenSSH public keys/,
  ],
  [
    "any host key behind a bastion",
    foreign({
      connection: { ...FOREIGN_HOST.connection, hostKeys: [], acceptAnyHostKey: true, bastion: BASTION },
    }),
    /^connection.acceptAnyHostKey of vm: given true, behind a bastion, .*give hostKeys/,
  ],
  [
    "a key with options for a host's user",
    foreign({ connection: { ...FOREIGN_HOST.connection, authorizedKeys: [`no-pty ${OPERATOR_KEY}`] } }),
    /^connection.authorizedKeys of vm: given "no-pty ssh-ed25519/,
  ],
  [
    "a user that is a pattern for sshd",
    foreign({ connection: { ...FOREIGN_HOST.connection, user: "root,*" } }),
    /^connection.user of vm: given "root,\*", expected the name of a user/,
  ],
  [
    "a port that is none",
    foreign({ connection: { ...FOREIGN_HOST.connection, port: 70_000 } }),
    /^connection.port of vm: given 70000, expected a whole number from 1 to 65535/,
  ],
  [
    "a wait in milliseconds",
    foreign({ connection: { ...FOREIGN_HOST.connection, timeoutSeconds: 300_000 } }),
    /^connection.timeoutSeconds of vm: given 300000 seconds/,
  ],
  [
    "where a machine is reached, with a blank",
    foreign({ connection: { ...FOREIGN_HOST.connection, host: "198.51.100.7 22" } }),
    /^connection.host of vm: given "198.51.100.7 22"/,
  ],
  [
    "a host that is a name",
    (s) => new EtcdCluster(s, "etcd", typed({ hosts: ["lon1"] })),
    /^hosts\[0\]: given "lon1", expected an object/,
  ],
  [
    "a host of an architecture that etcd is not built for",
    foreign({ architecture: "riscv" }),
    /^hosts\[0\].architecture: given "riscv", expected one of Architecture.AMD64/,
  ],
  [
    "an id that begins with a digit",
    (s) => new EtcdCluster(s, "1etcd", { hosts: hosts(s, {}) }),
    /^id of EtcdCluster: given "1etcd", expected a DNS label that begins with a letter/,
  ],
  [
    "a version as a text",
    (s) => cluster(s, undefined, typed({ version: "3.6.14" })),
    /^version: given "3.6.14", expected an object of the class EtcdVersion; make one: EtcdVersion.of\("3.6.14"\)/,
  ],
  [
    "a version with a leading zero",
    () => EtcdVersion.of("3.6.014", { amd64: "0".repeat(64) }),
    /^etcd version: given "3.6.014", .*without leading zeros/,
  ],
  [
    "a storage at a port that the firewall blocks",
    storage({ endpoint: "https://minio.example:9000" }),
    /^backup.storage.endpoint: given port 9000, expected a port that the firewall of etcd-lon1 lets it reach: 53, 80, 443/,
  ],
  [
    "a mirror at a port that the firewall blocks",
    (s) => cluster(s, undefined, { download: { mirror: "https://mirror.example:8443" } }),
    /^download.mirror: given port 8443/,
  ],
  [
    "a private network that is none",
    (s) => cluster(s, undefined, { peerNetwork: PeerNetwork.PRIVATE }),
    /^peerNetwork: given PRIVATE, but etcd-lon1 is in the default VPC of lon1, and etcd-nyc3 in the default VPC of nyc3/,
  ],
  [
    "a client called root",
    (s) => cluster(s).addClient("root"),
    /^client name: given "root", .*root is etcd's administrator/,
  ],
  [
    "a client called as a member",
    (s) => cluster(s).addClient("etcd-lon1"),
    /^client name: given "etcd-lon1", expected a name that no certificate of the members has/,
  ],
  ["a client by a number", (s) => cluster(s).addClient(typed(7)), /^client name: given 7, expected a text/],
  [
    "a client's files twice, in the same directory",
    (s) => {
      writeClientFiles(s, [undefined, undefined]);
    },
    /^clientName: given "billing" twice, expected each only once; leave out one of the two calls \(in test\/other\)$/,
  ],
  [
    "a client's files twice, in directories of their own",
    (s) => {
      writeClientFiles(s, ["a", "b"]);
    },
    /^clientName: given "billing" twice/,
  ],
  [
    "a download at boot without a version",
    (s) => {
      hosts(s, {})[0].downloadAtBoot(typed({ url: "https://mirror.example/etcd.tar.gz", sha256: "0".repeat(64) }));
    },
    /^download.version: given nothing, expected a text/,
  ],
  [
    "a download at boot as its arguments one by one",
    (s) => {
      hosts(s, {})[0].downloadAtBoot(typed("3.6.14"));
    },
    /^download: given "3.6.14", expected an object/,
  ],
  [
    "a prop that is spelt wrong",
    (s) => cluster(s, undefined, typed({ tuning: { electionMS: 500 } })),
    /^tuning.electionMS: given a prop that does not exist, .*; did you mean electionMs\?/,
  ],
  [
    "a prop in the singular",
    (s) => cluster(s, undefined, typed({ clientLocation: [] })),
    /^clientLocation: given a prop that does not exist, .*; did you mean clientLocations\?/,
  ],
  [
    "a nested prop that is spelt wrong, without its value",
    storage(typed({ passphrese: "hunter2hunter2" })),
    /^backup.storage.passphrese: given a prop that does not exist, .*passphrase\?(?!.*hunter2)/,
  ],
  [
    "a passphrase that is a number, without showing it",
    storage(typed({ passphrase: 12_345_678 })),
    /^backup.storage.passphrase: given a number, expected a text(?!.*12345678)/,
  ],
  [
    "a Kubernetes directory that is relative",
    (s) => cluster(s).clientAccess().kubeApiserverFlags({ directory: "pki" }),
    /^kubeApiserverFlags.directory: given "pki", expected an absolute path/,
  ],
  [
    "a client's place that is none",
    (s) => cluster(s).clientAccess(typed({ form: "lon1" })),
    /^form: given a prop that does not exist, .*from\?/,
  ],

  // What only Terraform knows.
  [
    "a name that only Terraform will know",
    (s) => hosts(s, { namePrefix: late(s).stringValue }),
    /^namePrefix: given a value that is known only when Terraform runs, expected a text in the code/,
  ],
  [
    "operators' keys that only Terraform will know",
    (s) => hosts(s, { authorizedKeys: late(s).listValue }),
    /^authorizedKeys: given a value that is known only when Terraform runs, expected a list in the code/,
  ],
  [
    "VPCs by regions that only Terraform will know",
    (s) => hosts(s, { vpcIds: { [late(s).stringValue]: VPC } }),
    /^vpcIds: given a value that is known only when Terraform runs, expected an object in the code/,
  ],
  [
    "settings by names that only Terraform will know",
    (s) => cluster(s, undefined, { settings: { extra: { [late(s).stringValue]: "*" } } }),
    /^settings.extra: given a value that is known only when Terraform runs, expected an object in the code/,
  ],
  [
    "feature gates by names that only Terraform will know",
    (s) => cluster(s, undefined, { settings: { featureGates: { [late(s).stringValue]: true } } }),
    /^settings.featureGates: given a value that is known only when Terraform runs, expected an object in the code/,
  ],
  [
    "an election timeout that only Terraform will know",
    (s) => cluster(s, undefined, { tuning: { electionMs: later(s) } }),
    /^tuning.electionMs: given a value that is known only when Terraform runs, expected a number in the code; write the number/,
  ],
];

describe("bad input is rejected at synth, with what was given, what was expected and how to mend it", () => {
  it.each(CASES)("%s", (_name, build, message) => {
    const error = refusalOf(build);
    expect(error.message).toMatch(message);
    for (const part of [error.what, error.given, error.expected, error.mend]) expect(part).not.toBe("");
  });
});

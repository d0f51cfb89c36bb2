import { writeFileSync } from "node:fs";
import * as path from "node:path";
import type { IConstruct } from "constructs";
import { parse } from "yaml";
import * as lib from "../../lib";
import { company } from "../pki/company";
import { scratchDirectory } from "../templates/render";
import {
  environmentVariable,
  fileOn,
  localOf,
  rcloneOption,
  resourceOf,
  restOf,
  shellVariable,
} from "../terraform/arrived";
import type { EvaluatedStack } from "../terraform/evaluate-stack";

/** The interfaces that users fill in, by name. Props of more than one of them are listed once. */
export interface Interfaces {
  DigitalOceanHostGroupProps: lib.DigitalOceanHostGroupProps;
  DigitalOceanMachineProps: lib.DigitalOceanMachineProps;
  DigitalOceanHostsProps: Omit<
    lib.DigitalOceanHostsProps,
    keyof lib.DigitalOceanHostGroupProps | keyof lib.DigitalOceanMachineProps
  >;
  DigitalOceanHostProps: Omit<lib.DigitalOceanHostProps, keyof lib.DigitalOceanMachineProps>;
  DigitalOceanSourcesProps: lib.DigitalOceanSourcesProps;
  EtcdClusterProps: lib.EtcdClusterProps;
  EtcdClusterAttributes: lib.EtcdClusterAttributes;
  EtcdClientFilesProps: lib.EtcdClientFilesProps;
  EtcdDownloadProps: lib.EtcdDownloadProps;
  EtcdSettingsProps: lib.EtcdSettingsProps;
  PkiProps: lib.PkiProps;
  OwnAuthorityProps: lib.OwnAuthorityProps;
  LeaderPlacementProps: lib.LeaderPlacementProps;
  ClientLocation: lib.ClientLocation;
  EtcdBackupProps: lib.EtcdBackupProps;
  EtcdBackupStorageProps: lib.EtcdBackupStorageProps;
  EmptyOriginProps: lib.EmptyOriginProps;
  BackupOriginProps: lib.BackupOriginProps;
  SurvivorOriginProps: lib.SurvivorOriginProps;
  TakeoverOriginProps: lib.TakeoverOriginProps;
  CloudInitPart: lib.CloudInitPart;
  EtcdTuningProps: lib.EtcdTuningProps;
  EtcdClientTimeLimits: lib.EtcdClientTimeLimits;
  EtcdUpkeepProps: lib.EtcdUpkeepProps;
  IEtcdHost: Omit<lib.IEtcdHost, keyof IConstruct>;
  SshConnection: Omit<lib.SshConnection, keyof lib.SshLogin>;
  SshLogin: lib.SshLogin;
  ExistingHostProps: Omit<lib.ExistingHostProps, keyof lib.SshLogin>;
  SshBastion: Omit<lib.SshBastion, keyof lib.SshLogin>;
  BootDownload: lib.BootDownload;
  EtcdPermissionProps: lib.EtcdPermissionProps;
  EtcdClientPermissionProps: Omit<lib.EtcdClientPermissionProps, keyof lib.EtcdPermissionProps>;
  EtcdClientProps: Omit<lib.EtcdClientProps, keyof lib.EtcdClientAccessProps | keyof lib.EtcdClientPermissionProps>;
  EtcdClientAccessProps: lib.EtcdClientAccessProps;
  EtcdAlertRulesProps: lib.EtcdAlertRulesProps;
  KubeApiserverFlagsProps: lib.KubeApiserverFlagsProps;
  EtcdChecksums: lib.EtcdChecksums;
  RegionProps: lib.RegionProps;
  RoundTripTimePair: lib.RoundTripTimePair;
  RoundTripTimesOptions: lib.RoundTripTimesOptions;
  TuningProps: lib.TuningProps;
  QuorumModelProps: lib.QuorumModelProps;
  PlacementSearchProps: lib.PlacementSearchProps;
  PlacementAdviceProps: lib.PlacementAdviceProps;
}

/** Whether a value is a text, or some texts in a list or by name. A value of an enum is none. */
type IsText<Value> = string extends Value
  ? true
  : Value extends readonly (infer Item)[] | Readonly<Record<string, infer Item>>
    ? string extends Item
      ? true
      : false
    : false;

/** What is given to a prop, and where Terraform has it once all is worked out. */
interface Row<Value> {
  readonly given: Value;
  /** What arrives; undefined where nothing does, as only the library reads it. */
  readonly arrives?: (stack: EvaluatedStack) => unknown;
}

/** A row for each prop that takes texts. One that is missing does not compile. */
type Rows<Props> = {
  readonly [Prop in keyof Props as IsText<NonNullable<Props[Prop]>> extends true ? Prop : never]-?: Row<
    NonNullable<Props[Prop]>
  >;
};

/** What some language or other on the way takes for syntax, in one line. */
const SYNTAX = `"q" 'a' \`id\` $(touch x) \${x} %{y} %%{z} \\n \\\\ {"j": 1} #;= é🦉`;
/** The same with blanks at its ends. */
const NASTY = ` ${SYNTAX}\t`;
const LINES = `${NASTY}\n${NASTY}\n`;
/** All that an id may have. */
const ID = "aZ0_.:-";
const LABEL = "0-a--9";
const CLIENT = "0-c--9";
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII/GUM3I/1yfBBsee/pmIj5sWmKeImPyQd37ICXBDiB3";
const PEM = `# ${SYNTAX}\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----`;
const ECDSA_KEY =
  "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGteBXmb9E8QRu3E10dgQ5PjNyT0g9mJJWGo7ftJd03ZyKtJXTbH8On1fIa2AIn4i7Btqu/AOoBpKcayHGtz+4k=";
const SSH_HOST = SYNTAX.replace(/ /g, "");
/** Terraform reads it: what is in there is where it is. */
const KEY_FILE = path.join(scratchDirectory(), SYNTAX.replace(/\//g, ""));
writeFileSync(KEY_FILE, KEY_FILE);
const { division, etcd } = company();
const AUTHORITY = `# ${SYNTAX}\n${etcd.certificatePem.trim()}`;
const ISSUERS = `# ${SYNTAX}\n${division.certificatePem.trim()}`;
const VPC = "5a4981aa-9653-4bd1-bef5-d6bff52042e4";
const URL_SYNTAX = '$(id)\'"`${x}%{y}{"j":1};=&\\n\\';

const droplet = (stack: EvaluatedStack) => resourceOf(stack, "digitalocean_droplet", "main_hosts_lon1_");
const alone = (stack: EvaluatedStack) => resourceOf(stack, "digitalocean_droplet", "alone_host_");
const firewall = (stack: EvaluatedStack) => resourceOf(stack, "digitalocean_firewall", "main_hosts_firewall_");
type Rules = { port_range: string; [sources: string]: unknown }[];
const admitted = (stack: EvaluatedStack, port: string) =>
  (firewall(stack).inbound_rule as Rules).filter((rule) => rule.port_range === port)[0];
/** What cloud-init is told: the library's own part, and then the user's. */
const cloudInitParts = (stack: EvaluatedStack): string[] =>
  (parse(String(alone(stack).user_data)) as { readonly content: string }[]).map(({ content }) => content);
const MEMBER = `main_etcd_${LABEL}-lon1`;
const onMember = (stack: EvaluatedStack, file: string): string => fileOn(stack, MEMBER, file);
const storage = (option: string) => (stack: EvaluatedStack) =>
  rcloneOption(onMember(stack, "/etc/etcd/rclone.conf"), option);
const onForeign = (stack: EvaluatedStack, file: string): string => fileOn(stack, `foreign_etcd_${LABEL}`, file);
const step = (stack: EvaluatedStack) => resourceOf(stack, "terraform_data", `foreign_etcd_${LABEL}_install_`);
const connection = (argument: string) => (stack: EvaluatedStack) =>
  (step(stack).connections as Record<string, unknown>[])[0][argument];
const onExisting = (stack: EvaluatedStack, file: string): string => fileOn(stack, `existing_etcd_${LABEL}`, file);
const existing = (argument: string) => (stack: EvaluatedStack) =>
  (resourceOf(stack, "terraform_data", `existing_etcd_${LABEL}_install_`).connections as Record<string, unknown>[])[0][
    argument
  ];
/** Keys by which a machine is known. */
const pinned = (stack: EvaluatedStack, host: string): string[] =>
  String(connection("host_key")(stack))
    .split("\n")
    .flatMap((line) => restOf(line, `${host} `) ?? []);
const rollout = (stack: EvaluatedStack): string => localOf(stack, `foreign_etcd_${LABEL}_rollout-env_`) as string;
const clientFile = (stack: EvaluatedStack, cluster: string, file: string) =>
  resourceOf(stack, "local_sensitive_file", `${cluster}_client-${CLIENT}_${file}`);
const adopted = (variable: string) => (stack: EvaluatedStack) =>
  shellVariable(fileOn(stack, "adopting_etcd_vm", "/etc/etcd/declared.env"), variable).split(" ");
const trusted = (authority: string) => (stack: EvaluatedStack) =>
  // After the cluster's own.
  fileOn(stack, "adopting_etcd_vm", `/etc/etcd/pki/${authority}`)
    .replace(/^.*\.cert_pem/, "")
    .trimEnd();

/** What clients trust beside the authority. */
const issuers = (stack: EvaluatedStack): string =>
  String(clientFile(stack, "foreign_etcd", "access_cacrt").content)
    .replace(`${AUTHORITY}\n`, "")
    .trimEnd();

/** Prefixes of the keys that the client may use in this way. */
const permitted = (type: string) => (stack: EvaluatedStack) =>
  [...String(localOf(stack, `foreign_etcd_declared-access_`)).matchAll(/^permission \S+ (\S+) (\S+) \S+$/gm)]
    .filter(([, one]) => one === type)
    .map(([, , key]) => Buffer.from(key, "hex").toString());

interface ClusterRecord {
  readonly members: readonly { readonly location: string }[];
  readonly clients: readonly { readonly location: string }[];
  readonly roundTripTimes: {
    readonly source: string;
    readonly measuredAt: string;
    readonly regions: readonly Record<string, unknown>[];
    readonly pairs: readonly Record<string, unknown>[];
  };
}
const recorded = ({ json }: EvaluatedStack, cluster: string): ClusterRecord =>
  (JSON.parse(json) as { "//": { "cdktf-etcd": Record<string, ClusterRecord> } })["//"]["cdktf-etcd"][cluster];
const record = (stack: EvaluatedStack): ClusterRecord["roundTripTimes"] =>
  recorded(stack, "test/foreign/etcd").roundTripTimes;
const PLACE = `${NASTY}place`;
const OTHER_PLACE = `other ${NASTY}`;
const nearest = (stack: EvaluatedStack) =>
  restOf(String(clientFile(stack, "foreign_etcd", "access_etcdenv").content), "# Endpoints: nearest to ")?.replace(
    / first\. Time limits come .*$/,
    "",
  );

/** What the machine's first boot is told to fetch: its URL, version and checksum. */
const downloaded = (at: number) => (stack: EvaluatedStack) => {
  const line = /^ {2}- ("printf.*")$/m.exec(cloudInitParts(stack)[0])?.[1] ?? '""';
  const words = (JSON.parse(line) as string)
    .replace(/^printf '%s\\n' /, "set -- ")
    .replace(" | /usr/local/lib/cdktf-etcd/get-etcd", "");
  return shellVariable(`${words}; word="$${at}"`, "word");
};

/** The widest value that each prop takes that takes texts. */
export const EVERY_TEXT: { readonly [Name in keyof Interfaces]: Rows<Interfaces[Name]> } = {
  DigitalOceanHostGroupProps: {
    sshFrom: {
      given: ["198.51.100.7/32", "2001:db8:ffff::/48"],
      arrives: (stack) => admitted(stack, "22").source_addresses,
    },
    clientsFrom: { given: ["::1/128", "0.0.0.0/0"], arrives: (stack) => admitted(stack, "2379").source_addresses },
    peersFrom: { given: ["10.0.0.0/8"], arrives: (stack) => admitted(stack, "2380").source_addresses },
    authorizedKeys: {
      given: [`${KEY} ${SYNTAX}`],
      arrives: (stack) =>
        onMember(stack, "/etc/etcd/ssh/authorized_keys")
          .split(" managed-by=cdktf-etcd\n")
          .filter((line) => line.startsWith(KEY)),
    },
    projectId: {
      given: ID,
      arrives: (stack) => resourceOf(stack, "digitalocean_project_resources", "main_hosts_project_").project,
    },
    namePrefix: { given: LABEL, arrives: (stack) => firewall(stack).name },
  },
  DigitalOceanMachineProps: {
    image: { given: "47110815", arrives: (stack) => droplet(stack).image },
    imageFamily: { given: "ubuntu-22-04-x64" },
    size: { given: "m3-8vcpu-64gb_1.5tb", arrives: (stack) => droplet(stack).size },
    tags: {
      given: ["Zé9:_-", "漢字"],
      arrives: (stack) => (droplet(stack).tags as string[]).filter((tag) => !tag.startsWith("digitalocean_")),
    },
  },
  DigitalOceanHostsProps: {
    vpcIds: { given: { lon1: VPC }, arrives: (stack) => ({ lon1: droplet(stack).vpc_uuid }) },
  },
  DigitalOceanHostProps: {
    region: { given: "syd1", arrives: (stack) => alone(stack).region },
    hostName: { given: `a${LABEL}`, arrives: (stack) => alone(stack).name },
    vpcId: { given: VPC, arrives: (stack) => alone(stack).vpc_uuid },
  },
  DigitalOceanSourcesProps: {
    tags: {
      given: ["é:_-"],
      arrives: (stack) => (admitted(stack, "2379").source_tags as string[]).filter((tag) => !tag.startsWith("digital")),
    },
    loadBalancerIds: { given: [ID], arrives: (stack) => admitted(stack, "2379").source_load_balancer_uids },
    kubernetesIds: { given: [ID], arrives: (stack) => admitted(stack, "2379").source_kubernetes_ids },
  },
  EtcdClusterProps: {
    accessDirectory: {
      given: `/ ${SYNTAX} `,
      arrives: (stack) =>
        String(clientFile(stack, "main_etcd", "access_cacrt").filename).replace(`/${CLIENT}/ca.crt`, ""),
    },
    outputPrefix: {
      given: LABEL.replace("0", "z"),
      arrives: ({ outputs }) =>
        Object.keys(outputs)
          .flatMap((name) => /^(z.*)_preferred_leader$/.exec(name)?.[1] ?? [])
          .join()
          .replace(/_/g, "-"),
    },
  },
  EtcdClusterAttributes: {
    // Given on to whoever asks the reference for them.
    endpoints: { given: [`https://[2001:db8::1]:2379`], arrives: ({ outputs }) => outputs.endpoints },
    caCertificatePem: { given: LINES, arrives: (stack) => clientFile(stack, "other", "cacrt").content },
  },
  EtcdClientFilesProps: {
    clientName: {
      given: CLIENT,
      arrives: (stack) => /([^/]+)\/ca\.crt$/.exec(String(clientFile(stack, "other", "cacrt").filename))?.[1],
    },
    certificatePem: { given: LINES, arrives: (stack) => clientFile(stack, "other", "clientcrt").content },
    privateKeyPem: { given: LINES, arrives: (stack) => clientFile(stack, "other", "clientkey").content },
    directory: {
      given: `/other ${SYNTAX}`,
      arrives: (stack) => String(clientFile(stack, "other", "cacrt").filename).replace(`/${CLIENT}/ca.crt`, ""),
    },
  },
  EtcdDownloadProps: {
    mirror: {
      given: `https://user:p%40$(id)'"\`\${x}%{y}{;=&@mirror.example/${URL_SYNTAX}`,
      arrives: (stack) => {
        const stage = localOf(stack, `${MEMBER}_bundle_stage_`) as string;
        const [, said] =
          /^(printf '%s\\n' '.*) \| "\$stage\/\S+get-etcd" "\$version" '[0-9a-f]+' \|\|/m.exec(stage) ?? [];
        return shellVariable(`said=$(${said})`, "said").replace("/v3.6.99/etcd-v3.6.99-linux-amd64.tar.gz", "");
      },
    },
  },
  EtcdSettingsProps: {
    extra: {
      given: { ETCD_CORS: ` ${SYNTAX} `, ETCD_CIPHER_SUITES: "" },
      arrives: (stack) =>
        Object.fromEntries(
          ["ETCD_CORS", "ETCD_CIPHER_SUITES"].map((name) => [
            name,
            environmentVariable(onMember(stack, "/etc/etcd/etcd.env"), name),
          ]),
        ),
    },
  },
  PkiProps: {
    serverNames: {
      given: ["*.a-1.example", "0.9"],
      arrives: (stack) =>
        (resourceOf(stack, "tls_cert_request", `${MEMBER}_server_request_`).dns_names as string[]).slice(2),
    },
  },
  LeaderPlacementProps: {
    preferred: {
      given: [`${LABEL}-nyc3`, `${LABEL}-lon1`],
      arrives: (stack) => shellVariable(onMember(stack, "/etc/etcd/leader.env"), "LEADER_ORDER").split(" "),
    },
  },
  ClientLocation: {
    location: { given: "tor1", arrives: (stack) => recorded(stack, "test/main/etcd").clients[1].location },
  },
  EtcdBackupProps: {},
  EtcdBackupStorageProps: {
    endpoint: { given: `https://s3.example/${URL_SYNTAX}`, arrives: storage("endpoint") },
    region: { given: "aZ_-9", arrives: storage("region") },
    bucket: {
      given: "a.b-9",
      arrives: (stack) => /^store:(.*?)\//.exec(storage("remote")(stack) ?? "")?.[1],
    },
    prefix: {
      given: "aZ_/.9-/...",
      arrives: (stack) => /^store:.*?\/(.*)$/.exec(storage("remote")(stack) ?? "")?.[1],
    },
    accessKeyId: { given: `x${NASTY}`, arrives: storage("access_key_id") },
    secretAccessKey: { given: NASTY, arrives: storage("secret_access_key") },
    passphrase: { given: NASTY, arrives: (stack) => onMember(stack, "/etc/etcd/backup.passphrase") },
  },
  EmptyOriginProps: {},
  SurvivorOriginProps: {
    member: {
      given: LABEL,
      arrives: (stack) => shellVariable(onForeign(stack, "/etc/etcd/declared.env"), "RECOVER_FROM"),
    },
  },
  BackupOriginProps: {
    snapshot: {
      given: "a_Z-9..0.db",
      arrives: (stack) => shellVariable(onMember(stack, "/etc/etcd/declared.env"), "RESTORE_SNAPSHOT"),
    },
  },
  TakeoverOriginProps: {
    clientUrls: {
      given: ["https://[2001:db8::1]:2379", "https://a-1.example:1"],
      arrives: adopted("ADOPTED_CLIENT_URLS"),
    },
    peerUrls: { given: ["https://[2001:db8::1]:2380", "https://a-1.example:2"], arrives: adopted("ADOPTED_PEER_URLS") },
    clientCaPem: { given: PEM, arrives: trusted("client-ca.crt") },
    peerCaPem: { given: PEM, arrives: trusted("peer-ca.crt") },
  },
  OwnAuthorityProps: {
    certificatePem: { given: AUTHORITY, arrives: (stack) => onForeign(stack, "/etc/etcd/pki/client-ca.crt").trimEnd() },
    privateKeyPem: {
      given: `# ${SYNTAX}\n${etcd.privateKeyPem}`,
      arrives: (stack) =>
        resourceOf(stack, "tls_locally_signed_cert", `foreign_etcd_client-${CLIENT}_certificate_`).ca_private_key_pem,
    },
    chainPem: { given: ISSUERS, arrives: issuers },
  },
  EtcdUpkeepProps: {},
  EtcdClientPermissionProps: {},
  EtcdClientProps: {
    certificateRequestPem: {
      given: `${NASTY}\n-----BEGIN CERTIFICATE REQUEST-----\n${LINES}`,
      arrives: (stack) =>
        resourceOf(stack, "tls_locally_signed_cert", "foreign_etcd_client-requested_certificate_").cert_request_pem,
    },
  },
  EtcdPermissionProps: {
    read: { given: [`${LINES}/`, `/${NASTY}`], arrives: permitted("read") },
    readWrite: { given: [`${NASTY}\u0001:`], arrives: permitted("readwrite") },
    withoutSeparator: { given: [`/${NASTY}`] },
  },
  EtcdTuningProps: {},
  EtcdClientTimeLimits: {},
  CloudInitPart: {
    content: {
      given: `#!/bin/sh\n${LINES}`,
      arrives: (stack) => cloudInitParts(stack)[1],
    },
  },
  IEtcdHost: {
    hostName: {
      given: LABEL,
      arrives: (stack) => environmentVariable(onForeign(stack, "/etc/etcd/etcd.env"), "ETCD_NAME"),
    },
    location: { given: PLACE, arrives: nearest },
    publicAddress: {
      given: "198.51.100.255",
      arrives: (stack) =>
        environmentVariable(onForeign(stack, "/etc/etcd/endpoints.env"), "ETCD_ENDPOINT")?.slice("https://".length, -5),
    },
    privateAddress: {
      given: "10.255.0.1",
      arrives: (stack) =>
        (resourceOf(stack, "tls_cert_request", `foreign_etcd_${LABEL}_server_request_`).ip_addresses as string[])[1],
    },
    privateNetwork: { given: `network ${NASTY}` },
    machineId: { given: LINES, arrives: (stack) => shellVariable(rollout(stack), "MACHINE_ID") },
    metadataReaders: {
      given: ["_a-9", "do-agent"],
      arrives: (stack) =>
        environmentVariable(onForeign(stack, "/etc/etcd/metadata.env"), "METADATA_READERS")?.split(" "),
    },
    addressesAtStart: {
      given: ["192.0.2.255"],
      arrives: (stack) => [shellVariable(rollout(stack), "LEAVING").replace(/^https:\/\/(.*):2379$/, "$1")],
    },
  },
  SshConnection: {
    host: { given: SSH_HOST, arrives: connection("host") },
    user: { given: "_aZ.-9$", arrives: connection("user") },
    hostKeys: { given: [KEY, ECDSA_KEY], arrives: (stack) => pinned(stack, SSH_HOST) },
    authorizedKeys: {
      given: [`${KEY} ${SYNTAX}`],
      arrives: (stack) =>
        onForeign(stack, "/etc/etcd/ssh/authorized_keys").split(" managed-by=cdktf-etcd\n").slice(0, -1),
    },
  },
  ExistingHostProps: {
    hostName: {
      given: LABEL,
      arrives: (stack) => environmentVariable(onExisting(stack, "/etc/etcd/etcd.env"), "ETCD_NAME"),
    },
    location: { given: "nyc3", arrives: (stack) => recorded(stack, "test/existing/etcd").members[0].location },
    publicAddress: {
      given: "198.51.100.255",
      arrives: (stack) =>
        environmentVariable(onExisting(stack, "/etc/etcd/etcd.env"), "ETCD_ADVERTISE_CLIENT_URLS")?.split(/\/\/|:/)[2],
    },
    privateAddress: {
      given: "10.255.255.255",
      arrives: (stack) =>
        (resourceOf(stack, "tls_cert_request", `existing_etcd_${LABEL}_server_`).ip_addresses as string[])[1],
    },
    privateNetwork: { given: `a network ${SYNTAX}` },
    user: { given: "_aZ.-9$", arrives: existing("user") },
    sshHost: { given: SSH_HOST, arrives: existing("host") },
    hostKeys: { given: [KEY], arrives: (stack) => [existing("host_key")(stack)] },
    authorizedKeys: {
      given: [`${KEY} ${SYNTAX}`],
      arrives: (stack) =>
        onExisting(stack, "/etc/etcd/ssh/authorized_keys").split(" managed-by=cdktf-etcd\n").slice(0, -1),
    },
    machineId: {
      given: NASTY,
      arrives: (stack) => shellVariable(localOf(stack, `existing_etcd_${LABEL}_rollout-env_`) as string, "MACHINE_ID"),
    },
  },
  SshLogin: {
    privateKey: { given: LINES, arrives: connection("private_key") },
    privateKeyFile: { given: KEY_FILE, arrives: connection("bastion_private_key") },
  },
  SshBastion: {
    host: { given: `bastion${SSH_HOST}`, arrives: connection("bastion_host") },
    user: { given: "jump-_9", arrives: connection("bastion_user") },
    hostKeys: { given: [ECDSA_KEY], arrives: (stack) => pinned(stack, `bastion${SSH_HOST}`) },
  },
  BootDownload: {
    version: { given: "3.6.14", arrives: downloaded(2) },
    url: { given: `https://a.example/${SYNTAX}`, arrives: downloaded(1) },
    sha256: { given: "0123456789abcdef".repeat(4), arrives: downloaded(3) },
  },
  EtcdClientAccessProps: { from: { given: PLACE, arrives: nearest } },
  EtcdAlertRulesProps: {
    job: {
      given: ID.concat("/"),
      arrives: (stack) => /job="(.*?)"/.exec(String(resourceOf(stack, "local_file", "main_etcd_alerts_").content))?.[1],
    },
  },
  KubeApiserverFlagsProps: {
    directory: {
      given: `/ ${SYNTAX} `,
      arrives: (stack) =>
        restOf(String(clientFile(stack, "main_etcd", "access_kube-apiserver").content), "--etcd-cafile=")?.replace(
          /\/ca\.crt$/,
          "",
        ),
    },
  },
  EtcdChecksums: {
    amd64: {
      given: "0123456789abcdef".repeat(4),
      arrives: (stack) =>
        /get-etcd" "\$version" '([0-9a-f]+)'/.exec(localOf(stack, `${MEMBER}_bundle_stage_`) as string)?.[1],
    },
    arm64: {
      given: "fedcba9876543210".repeat(4),
      arrives: (stack) =>
        /get-etcd" "\$version" '([0-9a-f]+)'/.exec(
          localOf(stack, `foreign_etcd_${LABEL}_bundle_stage_`) as string,
        )?.[1],
    },
  },
  RegionProps: {
    slug: { given: PLACE, arrives: (stack) => record(stack).regions[0].slug },
    city: { given: `city ${NASTY}`, arrives: (stack) => record(stack).regions[0].city },
    country: { given: `country ${NASTY}`, arrives: (stack) => record(stack).regions[0].country },
    metro: { given: `metro ${NASTY}`, arrives: (stack) => record(stack).regions[0].metro },
    cloud: { given: `cloud ${NASTY}`, arrives: (stack) => record(stack).regions[0].cloud },
  },
  RoundTripTimePair: {
    a: { given: PLACE, arrives: (stack) => record(stack).pairs[0].a },
    b: { given: OTHER_PLACE, arrives: (stack) => record(stack).pairs[0].b },
    method: { given: `method ${NASTY}`, arrives: (stack) => record(stack).pairs[0].method },
  },
  RoundTripTimesOptions: {
    source: { given: `source ${NASTY}`, arrives: (stack) => record(stack).source },
    measuredAt: { given: "2026-11-22T14:00:00Z", arrives: (stack) => record(stack).measuredAt },
    cluster: { given: `cluster ${NASTY}` },
    clusterId: { given: "00123456789abcde" },
  },
  // Given to the model alone, what comes out of which is numbers.
  TuningProps: { memberLocations: { given: [PLACE] }, clientLocations: { given: [OTHER_PLACE] } },
  QuorumModelProps: { memberLocations: { given: [PLACE] } },
  PlacementSearchProps: { candidates: { given: [PLACE] }, mustInclude: { given: [PLACE] } },
  PlacementAdviceProps: { memberLocations: { given: [PLACE] }, candidates: { given: [OTHER_PLACE] } },
};

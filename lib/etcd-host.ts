import { TerraformResource } from "cdktf";
import { IConstruct } from "constructs";
import { SSH_CONNECTION, SshConnection } from "./ssh-connection";
import { callable, finite, having, lateList, lateText, list, oneOf, required, shape, text } from "./validation";

/** Processor architecture of a machine, in the terms of etcd's release files. */
export enum Architecture {
  AMD64 = "amd64",
  ARM64 = "arm64",
}

/** A download that a host fetches while it boots, so that the first deploy does not wait for it. */
export interface BootDownload {
  /** etcd version, for example "3.6.14". */
  readonly version: string;
  /** https URL of the release tarball. */
  readonly url: string;
  /** SHA-256 of the tarball, 64 hexadecimal digits. */
  readonly sha256: string;
}

/**
 * A machine that an etcd member can run on. EtcdCluster knows machines only through this interface, so a kind of
 * machine can be added without a change of the cluster.
 *
 * The machine's resource must have `create_before_destroy`: a machine is destroyed only after its successor is in
 * service, or its member has left the cluster.
 */
export interface IEtcdHost extends IConstruct {
  /** Name of the machine and of the member on it: a DNS label, unique in the cluster. */
  readonly hostName: string;
  /** Where the machine is, as the round-trip times name it, for example "lon1". */
  readonly location: string;
  /**
   * IPv4 address that is reached from everywhere (a Terraform token, usually), and that what the machine sends comes from: etcd
   * compares the address that a peer comes from with its certificate.
   * @default - none: `privateAddress` has to be given
   */
  readonly publicAddress?: string;
  /** Private IPv4 address, if the machine has one. */
  readonly privateAddress?: string;
  /**
   * The private network that `privateAddress` is in, by any name, where it is one that reaches no other: members with addresses in
   * different ones do not reach each other.
   * @default - not known: taken to reach those of the other hosts
   */
  readonly privateNetwork?: string;
  /**
   * TCP ports of the world that the machine's firewall lets it reach.
   * @default - not known: taken to be all
   */
  readonly outboundPorts?: number[];
  /** Identity of the machine: changes if and only if the machine is replaced by another one. */
  readonly machineId: string;
  /** Processor architecture. */
  readonly architecture: Architecture;
  /** Memory in MiB, if known: limits the database's quota, and etcd's heap. */
  readonly memoryMiB?: number;
  /** Disk in GiB, if known: limits the database's quota. */
  readonly diskGiB?: number;
  /** How to log in. */
  readonly connection: SshConnection;
  /**
   * Addresses, for clients, of the machines that exist when a deploy begins, including those that it replaces: a machine that
   * joins finds the cluster there when no declared machine is a member yet. Without them not all machines can be
   * replaced at once.
   */
  readonly addressesAtStart?: string[];
  /**
   * Users of the machine that may reach its metadata service at 169.254.169.254, beside root: deploys close it to all
   * others, as it serves the user data to whoever asks. A user that does not exist on the machine is left out.
   * @default - the service is left as it is, open to everybody on the machine
   */
  readonly metadataReaders?: string[];
  /**
   * Resources that Terraform is to create only once the cluster is ready, such as records of a completed deploy: the
   * cluster makes them depend on its last step.
   * @default - none
   */
  readonly madeWhenReady?: TerraformResource[];
  /** Called once by the cluster, before synthesis: what to fetch during the first boot. May be ignored. */
  downloadAtBoot(download: BootDownload): void;
}

/** What a {@link BootDownload} is made of. */
export const BOOT_DOWNLOAD = shape<BootDownload>({
  version: required(text),
  url: required(lateText),
  sha256: required(text),
});

/** What an {@link IEtcdHost} is made of, whoever implements it. */
export const HOST = shape<Omit<IEtcdHost, keyof IConstruct> & Pick<IEtcdHost, "node">>(
  {
    node: required(having("root", "the node of a construct", "extend Construct in the host's class")),
    hostName: required(text),
    location: required(text),
    publicAddress: lateText,
    privateAddress: lateText,
    privateNetwork: lateText,
    outboundPorts: list(finite),
    machineId: required(lateText),
    architecture: required(oneOf(Architecture, "Architecture")),
    memoryMiB: finite,
    diskGiB: finite,
    connection: required(SSH_CONNECTION),
    metadataReaders: list(text),
    addressesAtStart: lateList(lateText),
    madeWhenReady: list(having("terraformResourceType", "a TerraformResource", "give the construct itself")),
    downloadAtBoot: required(callable),
  },
  { others: true },
);

/** Name under which a cluster claims a machine. */
export function hostClaim(host: IConstruct): string {
  return `host ${host.node.path}`;
}

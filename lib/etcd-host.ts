import { TerraformResource } from "cdktf";
import { IConstruct } from "constructs";

/** Processor architecture of a machine, in the terms of etcd's release files. */
export enum Architecture {
  AMD64 = "amd64",
  ARM64 = "arm64",
}

/** How to log in to a machine as root over SSH. */
export interface SshConnection {
  /** Address to connect to. */
  readonly host: string;
  /**
   * TCP port of sshd.
   * @default 22
   */
  readonly port?: number;
  /** User with root's rights. */
  readonly user: string;
  /** PEM or OpenSSH private key that the user accepts; sensitive. */
  readonly privateKey: string;
  /** Public host key in authorized_keys form. Pinned: a machine with another key is refused. */
  readonly hostKey: string;
  /**
   * Public keys, each as one line of authorized_keys without options, that the user accepts: each deploy has them in the user's
   * `~/.ssh/authorized_keys`, in place of those that an earlier one put there. Other keys in there stay.
   * @default - what the user accepts is left alone
   */
  readonly authorizedKeys?: string[];
  /**
   * Whether deploys have the machine's sshd offer no host key but `hostKey`, and allow neither passwords nor forwarding. Where
   * none of its host keys is `hostKey`, it is left alone in any case. Without it the machine must have no host key of another
   * type: SSH clients may ask for that one first, and refuse it.
   * @default true
   */
  readonly configureSshd?: boolean;
  /**
   * How long to wait until the machine accepts the login, in seconds.
   * @default 300, Terraform's own default
   */
  readonly timeoutSeconds?: number;
}

/** A download that a host makes ready while it boots, so that the first deploy does not wait for it. */
export interface BootDownload {
  /** etcd version, for example "3.6.14". */
  readonly version: string;
  /** https URL of the release tarball. */
  readonly url: string;
  /** SHA-256 of the tarball, 64 hexadecimal digits. */
  readonly sha256: string;
}

/**
 * A machine that an etcd member can live on. EtcdCluster knows machines only through this interface, so any cloud (or
 * a rack) can be added without touching the cluster.
 *
 * The machine's resource must have `create_before_destroy`: a machine is destroyed only after its successor is in service,
 * or its member has left the cluster.
 */
export interface IEtcdHost extends IConstruct {
  /** Name of the machine and of the member on it: a DNS label, unique in the cluster. */
  readonly hostName: string;
  /** Where the machine is, as the round-trip times name it, for example "lon1". */
  readonly location: string;
  /** Public IPv4 address (a Terraform token, usually). */
  readonly publicAddress: string;
  /** Private IPv4 address, if the machine has one. */
  readonly privateAddress?: string;
  /** Identity of the machine: changes if and only if the machine is replaced by another one. */
  readonly machineId: string;
  /** Processor architecture. */
  readonly architecture: Architecture;
  /** Memory in MiB, if known: bounds the database's quota, and etcd's heap. */
  readonly memoryMiB?: number;
  /** Disk in GiB, if known: bounds the database's quota. */
  readonly diskGiB?: number;
  /** How to log in. */
  readonly connection: SshConnection;
  /**
   * Public addresses of the machines that are there as a deploy begins, those included that it will replace: where a
   * machine that joins may find the cluster when none of the declared machines is in it yet. Without them not all machines
   * can be replaced at once.
   */
  readonly addressesAtStart?: string[];
  /**
   * Resources that Terraform is to make only once the cluster is ready, as records that a deploy was completed: the cluster has them
   * depend on its last step.
   * @default - none
   */
  readonly madeWhenReady?: TerraformResource[];
  /** Called once by the cluster, before synthesis: what to fetch during the first boot. May be ignored. */
  downloadAtBoot(download: BootDownload): void;
}

import { Architecture } from "../../etcd-host";
import { SSH_BASTION, SshBastion, SshLogin } from "../../ssh-connection";
import { finite, flag, lateNumber, lateText, list, oneOf, required, secret, shape, text } from "../../validation";

/** A machine that is there already: where it is, and how to log in to it. */
export interface ExistingHostProps extends SshLogin {
  /**
   * Name of the member on it: a DNS label. The machine's own host name may be another.
   * @default - the construct's id
   */
  readonly hostName?: string;
  /** Where the machine is, as the round-trip times name it, for example "lon1". */
  readonly location: string;
  /**
   * IPv4 address that is reached from everywhere, and that what the machine sends comes from: etcd compares the address that a peer
   * comes from with its certificate, so an address before which a router translates does not do.
   * @default - none: `privateAddress` has to be given
   */
  readonly publicAddress?: string;
  /**
   * IPv4 address in a private network.
   * @default - none
   */
  readonly privateAddress?: string;
  /**
   * Name of that network. Members in networks of different names are taken not to reach each other.
   * @default - not known: taken to reach those of the other hosts
   */
  readonly privateNetwork?: string;
  /** `root`, or a user whom sudo lets do everything without a password, such as "debian" or "ubuntu". */
  readonly user: string;
  /**
   * Address or name that deploys log in at; from the bastion, where there is one.
   * @default - the public address, else the private one
   */
  readonly sshHost?: string;
  /**
   * TCP port of sshd.
   * @default 22
   */
  readonly sshPort?: number;
  /**
   * Its public host keys, all of them: the lines that `ssh-keyscan` prints, or those of /etc/ssh/ssh_host_*_key.pub. Pinned: a machine
   * with others is refused.
   * @default - none, which `acceptAnyHostKey` has to allow
   */
  readonly hostKeys?: string[];
  /**
   * Accept whatever host key the machine shows, where `hostKeys` has none: any machine could answer in its place, and get its keys.
   * @default false
   */
  readonly acceptAnyHostKey?: boolean;
  /**
   * A machine that is logged in to first.
   * @default - none
   */
  readonly bastion?: SshBastion;
  /**
   * Public keys that the user is to accept, beside those that it accepts already; see {@link SshConnection.authorizedKeys}.
   * @default - what the user accepts is left alone
   */
  readonly authorizedKeys?: string[];
  /**
   * Whether deploys configure the machine's sshd; see {@link SshConnection.configureSshd}.
   * @default false: sshd is its owner's
   */
  readonly configureSshd?: boolean;
  /**
   * How long to wait until the machine accepts the login, in seconds.
   * @default 60: it is there already
   */
  readonly timeoutSeconds?: number;
  /**
   * Identity of the machine: changes if and only if another machine takes its place.
   * @default - its Ed25519 host key, or else the first of its keys; its address where none is pinned
   */
  readonly machineId?: string;
  /**
   * Processor architecture.
   * @default Architecture.AMD64
   */
  readonly architecture?: Architecture;
  /**
   * Memory in MiB: limits the database's quota, and etcd's heap.
   * @default - not known: neither is limited
   */
  readonly memoryMiB?: number;
  /**
   * Disk in GiB: limits the database's quota.
   * @default - not known: it is not limited
   */
  readonly diskGiB?: number;
}

/** What {@link ExistingHostProps} are made of. */
export const EXISTING_HOST = shape<ExistingHostProps>({
  hostName: text,
  location: required(text),
  publicAddress: lateText,
  privateAddress: lateText,
  privateNetwork: text,
  user: required(text),
  sshHost: lateText,
  sshPort: lateNumber,
  privateKey: secret,
  privateKeyFile: text,
  agent: flag,
  hostKeys: list(lateText),
  acceptAnyHostKey: flag,
  bastion: SSH_BASTION,
  authorizedKeys: list(lateText),
  configureSshd: flag,
  timeoutSeconds: finite,
  machineId: lateText,
  architecture: oneOf(Architecture, "Architecture"),
  memoryMiB: finite,
  diskGiB: finite,
});

/** One firewall rule with addresses in place of tags and droplet ids, as a packet filter needs it. */
export interface ResolvedRule {
  readonly protocol: "tcp" | "udp" | "icmp";
  /** Inclusive port range; absent means every port (always absent for icmp). */
  readonly ports?: { readonly from: number; readonly to: number };
  /** CIDRs or single addresses, IPv4 or IPv6. */
  readonly addresses: readonly string[];
}

/** What a machine's firewall allows. Replies to allowed connections always pass. */
export interface ResolvedFirewall {
  readonly inbound: readonly ResolvedRule[];
  readonly outbound: readonly ResolvedRule[];
}

/** A user whom an installer made. */
export interface InstalledUser {
  readonly name: string;
  /** Whether it may become root by sudo, without a password. */
  readonly sudo: boolean;
  /** OpenSSH public keys that may log in. */
  readonly sshKeys: readonly string[];
}

/** The types of SSH host keys. */
export type HostKeyType = "ed25519" | "ecdsa" | "rsa";

/** What an installer left on the disk of a machine without a cloud. */
export interface Installation {
  /** The user to log in as: root is told so, and let do nothing else. @default - root */
  readonly login?: string;
  /** Users besides root. */
  readonly users: readonly InstalledUser[];
  /** Host keys that sshd has. */
  readonly hostKeyTypes: readonly HostKeyType[];
  /** CIDR of a private network whose packets to anywhere else the machine forwards under its own public address (NAT). */
  readonly forwardsFor?: string;
}

/** Everything needed to make a machine. */
export interface MachineSpec {
  /** Of a droplet, its id; never reused. */
  readonly id: number;
  /** Host name. */
  readonly name: string;
  /** Region slug, for example "lon1": where the machine is on the WAN. */
  readonly region: string;
  /** Image slug as asked for, for example "debian-13-x64". */
  readonly image: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** Absent: the machine is reachable only in its private network. */
  readonly publicIpv4?: string;
  /** Address and prefix length in its VPC or other private network, if it has one. */
  readonly privateIpv4?: string;
  /** Prefix length of the VPC's range, for example 24. */
  readonly privatePrefix?: number;
  /** Without a public address: the address in the private network of the machine that forwards packets to anywhere else. */
  readonly privateGateway?: string;
  /** OpenSSH public keys that may log in as root. */
  readonly sshKeys: readonly string[];
  /** cloud-init user data, as given. */
  readonly userData?: string;
  /** Fault: seconds, from boot, during which root's SSH logins get "Please wait while we get your droplet ready...". */
  readonly sshNotReadySeconds?: number;
  /**
   * Makes it a machine without a cloud: it has what an installer leaves, and neither cloud-init nor a metadata service.
   * `userData` and `sshNotReadySeconds` mean nothing then.
   * @default - a cloud's
   */
  readonly installation?: Installation;
}

export type MachineState = "running" | "stopped" | "absent";

/** Makes and controls machines, those behind droplets among them. Every method is idempotent and may be called again after a crash. */
export interface MachineDriver {
  /** Makes the disk and boots; resolves once the machine's init runs, long before SSH is ready. */
  create(spec: MachineSpec): Promise<void>;
  /** Boots a stopped machine. */
  powerOn(id: number): Promise<void>;
  /** Cuts the power: packets stop at once, nothing is shut down. */
  powerOff(id: number): Promise<void>;
  /** Asks the machine's init to power off; resolves when it has stopped. */
  shutdown(id: number): Promise<void>;
  /** Stops the machine and removes every trace of it. */
  destroy(id: number): Promise<void>;
  state(id: number): Promise<MachineState>;
  /** Replaces the cloud firewall in front of the machine; `undefined` means none: everything passes. */
  setFirewall(id: number, firewall: ResolvedFirewall | undefined): Promise<void>;
}

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

/** Everything needed to make a machine. */
export interface MachineSpec {
  /** The droplet id; never reused. */
  readonly id: number;
  /** Host name. */
  readonly name: string;
  /** Region slug, for example "lon1": where the machine is on the WAN. */
  readonly region: string;
  /** Image slug as asked for, for example "debian-13-x64". */
  readonly image: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly publicIpv4: string;
  /** Address and prefix length in its VPC, if it has one. */
  readonly privateIpv4?: string;
  /** Prefix length of the VPC's range, for example 24. */
  readonly privatePrefix?: number;
  /** OpenSSH public keys that may log in as root. */
  readonly sshKeys: readonly string[];
  /** cloud-init user data, as given. */
  readonly userData?: string;
  /** Fault: seconds, from boot, during which root's SSH logins get "Please wait while we get your droplet ready...". */
  readonly sshNotReadySeconds?: number;
}

export type MachineState = "running" | "stopped" | "absent";

/** Makes and controls the machines behind droplets. Every method is idempotent and may be called again after a crash. */
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

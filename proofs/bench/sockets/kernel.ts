/** Kernel settings by their names, for example "net.ipv4.tcp_mtu_probing". */
export type Sysctls = Readonly<Record<string, string>>;

/** What is compared: kernel settings under a name, on every machine of the cluster. */
export interface Case {
  readonly name: string;
  readonly sysctls: Sysctls;
  /**
   * Set on the default route: a namespace's sysctl takes only what its host allows, and a host whose own is bbr does not
   * allow cubic.
   *
   * @default "cubic"
   */
  readonly congestionControl?: string;
  /**
   * The one of connections that etcd's peers opened, which is where its streams are; by a rule for its port.
   *
   * @default that of all others
   */
  readonly streamCongestionControl?: string;
  /** Segments that a new connection may send at once, by the default route; the kernel's 10 unless told. */
  readonly initialWindow?: number;
}

/**
 * What Linux 6.1 to 6.12 (Debian 12 and 13, Ubuntu 24.04) start with. Set outright, because the machines of the lab share
 * their host's kernel, whose defaults may be others.
 */
export const KERNEL_DEFAULTS: Sysctls = {
  "net.ipv4.tcp_slow_start_after_idle": "1",
  "net.ipv4.tcp_rmem": "4096 131072 6291456",
  "net.ipv4.tcp_wmem": "4096 16384 4194304",
  "net.ipv4.tcp_mtu_probing": "0",
  "net.ipv4.tcp_notsent_lowat": "4294967295",
  "net.ipv4.tcp_thin_linear_timeouts": "0",
  "net.ipv4.tcp_retries2": "15",
  "net.ipv4.tcp_syn_retries": "6",
  "net.ipv4.tcp_keepalive_time": "7200",
};

/** Several at once. */
export function together(name: string, cases: readonly Case[]): Case {
  const sysctls = Object.assign({}, ...cases.map((one) => one.sysctls)) as Sysctls;
  return Object.assign({}, ...cases, { name, sysctls }) as Case;
}

/** Kernel settings by name, for example "net.ipv4.tcp_mtu_probing". */
export type Sysctls = Readonly<Record<string, string>>;

/** A case to compare: named kernel settings for all hosts of the cluster. */
export interface Case {
  readonly name: string;
  readonly sysctls: Sysctls;
  /**
   * Set on the default route, because a namespace's sysctl takes only what its host allows, and a host that uses bbr may
   * not allow cubic.
   *
   * @default "cubic"
   */
  readonly congestionControl?: string;
  /**
   * Congestion control of connections that peers opened to this member's etcd, which have the streams; set by a routing
   * rule for the port.
   *
   * @default that of all other connections
   */
  readonly streamCongestionControl?: string;
  /** Initial congestion window in segments, set on the default route. @default - the kernel's 10 */
  readonly initialWindow?: number;
}

/**
 * Defaults of Linux 6.1 to 6.12 (Debian 12 and 13, Ubuntu 24.04). Set explicitly, because the lab's machines share their
 * host's kernel, whose defaults may differ.
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

/** Several cases combined. */
export function together(name: string, cases: readonly Case[]): Case {
  const sysctls = Object.assign({}, ...cases.map((one) => one.sysctls)) as Sysctls;
  return Object.assign({}, ...cases, { name, sysctls }) as Case;
}

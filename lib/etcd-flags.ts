import { ValidationError } from "./validation-error";
import { didYouMean, nearMatches } from "./near-matches";

/**
 * The flags of etcd, by the minors that know them: those that the programs 3.5.33, 3.6.14 and 3.7.3 accept, which is not
 * quite what their `--help` lists. Left out are --version and --config-file, which are no settings.
 */
const FLAGS: readonly { readonly minors: readonly string[]; readonly flags: string }[] = [
  {
    minors: ["3.5", "3.6", "3.7"],
    flags: `
      advertise-client-urls auth-token auth-token-ttl auto-compaction-mode auto-compaction-retention auto-tls
      backend-batch-interval backend-batch-limit backend-bbolt-freelist-type bcrypt-cost cert-file cipher-suites
      client-cert-allowed-hostname client-cert-auth client-cert-file client-crl-file client-key-file cors data-dir
      discovery-fallback discovery-srv discovery-srv-name election-timeout enable-grpc-gateway enable-log-rotation
      enable-pprof force-new-cluster grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout
      heartbeat-interval host-whitelist initial-advertise-peer-urls initial-cluster initial-cluster-state
      initial-cluster-token initial-election-tick-advance key-file listen-client-http-urls listen-client-urls
      listen-metrics-urls listen-peer-urls log-level log-outputs log-rotation-config-json logger
      max-concurrent-streams max-request-bytes max-snapshots max-txn-ops max-wals metrics name peer-auto-tls
      peer-cert-allowed-cn peer-cert-allowed-hostname peer-cert-file peer-client-cert-auth peer-client-cert-file
      peer-client-key-file peer-crl-file peer-key-file peer-trusted-ca-file pre-vote quota-backend-bytes
      raft-read-timeout raft-write-timeout self-signed-cert-validity snapshot-count socket-reuse-address
      socket-reuse-port strict-reconfig-check tls-max-version tls-min-version trusted-ca-file unsafe-no-fsync
      v2-deprecation wal-dir`,
  },
  {
    minors: ["3.5"],
    flags: `
      enable-v2 experimental-enable-v2v3 proxy proxy-dial-timeout proxy-failure-wait proxy-read-timeout
      proxy-refresh-interval proxy-write-timeout`,
  },
  {
    minors: ["3.5", "3.6"],
    flags: `
      discovery discovery-proxy experimental-bootstrap-defrag-threshold-megabytes
      experimental-compact-hash-check-enabled experimental-compact-hash-check-time
      experimental-compaction-batch-limit experimental-compaction-sleep-interval experimental-corrupt-check-time
      experimental-distributed-tracing-address experimental-distributed-tracing-instance-id
      experimental-distributed-tracing-sampling-rate experimental-distributed-tracing-service-name
      experimental-downgrade-check-time experimental-enable-distributed-tracing
      experimental-enable-lease-checkpoint experimental-enable-lease-checkpoint-persist
      experimental-initial-corrupt-check experimental-memory-mlock experimental-peer-skip-client-san-verification
      experimental-snapshot-catchup-entries experimental-stop-grpc-service-on-defrag
      experimental-txn-mode-write-with-shared-buffer experimental-warning-apply-duration
      experimental-watch-progress-notify-interval`,
  },
  {
    minors: ["3.6"],
    flags: `
      experimental-warning-unary-request-duration`,
  },
  {
    minors: ["3.6", "3.7"],
    flags: `
      bootstrap-defrag-threshold-megabytes compact-hash-check-time compaction-batch-limit
      compaction-sleep-interval corrupt-check-time discovery-cacert discovery-cert discovery-dial-timeout
      discovery-endpoints discovery-insecure-skip-tls-verify discovery-insecure-transport discovery-keepalive-time
      discovery-keepalive-timeout discovery-key discovery-password discovery-request-timeout discovery-token
      discovery-user distributed-tracing-address distributed-tracing-instance-id distributed-tracing-sampling-rate
      distributed-tracing-service-name downgrade-check-time enable-distributed-tracing feature-gates log-format
      max-learners memory-mlock peer-skip-client-san-verification snapshot-catchup-entries warning-apply-duration
      warning-unary-request-duration watch-progress-notify-interval`,
  },
];

/** Flags of 3.5 that became feature gates in 3.6. Any other --experimental-x became --x. */
const BECAME_GATES: ReadonlyMap<string, string> = new Map([
  ["experimental-compact-hash-check-enabled", "CompactHashCheck"],
  ["experimental-enable-lease-checkpoint", "LeaseCheckpoint"],
  ["experimental-enable-lease-checkpoint-persist", "LeaseCheckpointPersist"],
  ["experimental-initial-corrupt-check", "InitialCorruptCheck"],
  ["experimental-stop-grpc-service-on-defrag", "StopGRPCServiceOnDefrag"],
  ["experimental-txn-mode-write-with-shared-buffer", "TxnModeWriteWithSharedBuffer"],
]);

/** The feature gates, by the minors that know them; 3.5 has none. */
const GATES: ReadonlyMap<string, readonly string[]> = new Map([
  ["3.5", []],
  ["3.6", ["AllAlpha", "AllBeta", ...BECAME_GATES.values(), "SetMemberLocalAddr"]],
  [
    "3.7",
    ["AllAlpha", "AllBeta", ...BECAME_GATES.values(), "SetMemberLocalAddr", "FastLeaseKeepAlive", "PriorityRequest"],
  ],
]);

/** The flags that a minor knows, without their dashes. */
export function flagsOf(minor: string): string[] {
  return FLAGS.filter((group) => group.minors.includes(minor)).flatMap((group) => group.flags.trim().split(/\s+/));
}

/** The feature gates that a minor knows. */
export function featureGatesOf(minor: string): readonly string[] {
  return GATES.get(minor) ?? [];
}

/** The environment variable that etcd reads a flag from. */
export function variableOf(flag: string): string {
  return `ETCD_${flag.toUpperCase().replace(/-/g, "_")}`;
}

/**
 * Throws for a setting that this minor does not know: etcd itself would only log a warning, and run without it.
 *
 * @param variable for example ETCD_SNAPSHOT_COUNT
 */
export function requireKnownFlag(what: string, variable: string, minor: string): void {
  const known = flagsOf(minor).map(variableOf);
  if (known.includes(variable)) return;
  throw new ValidationError({
    what,
    given: variable,
    expected: `a setting that etcd ${minor} knows`,
    mend: successor(variable, minor) ?? predecessor(variable, minor) ?? spelling(variable, known, minor),
  });
}

/** Throws for a feature gate that this minor does not know. */
export function requireKnownGate(what: string, gate: string, minor: string): void {
  const known = [...featureGatesOf(minor)];
  if (known.includes(gate)) return;
  const was = [...BECAME_GATES].find(([, name]) => name === gate)?.[0];
  const older = was === undefined ? undefined : `etcd ${minor} has it as ${variableOf(was)}, in settings.extra`;
  throw new ValidationError({
    what,
    given: gate,
    expected: known.length === 0 ? `none: etcd ${minor} has no feature gates` : `a feature gate of etcd ${minor}`,
    mend: known.length === 0 ? (older ?? "leave it out") : didYouMean(nearMatches(gate, known), known),
  });
}

/** What an experimental flag of an older minor became. */
function successor(variable: string, minor: string): string | undefined {
  const flag = flagOf(variable);
  if (!flag.startsWith("experimental-")) return undefined;
  const gate = BECAME_GATES.get(flag);
  if (gate !== undefined && featureGatesOf(minor).includes(gate)) {
    return `in etcd ${minor} it is the feature gate ${gate}: settings.featureGates`;
  }
  return renamed(flag.replace(/^experimental-/, ""), minor);
}

/** What a flag was called while it was experimental. */
function predecessor(variable: string, minor: string): string | undefined {
  return renamed(`experimental-${flagOf(variable)}`, minor);
}

function renamed(flag: string, minor: string): string | undefined {
  return flagsOf(minor).includes(flag) ? `etcd ${minor} has it as ${variableOf(flag)}` : undefined;
}

function spelling(variable: string, known: string[], minor: string): string {
  const near = nearMatches(variable, known);
  return near.length > 0 ? didYouMean(near, known) : `see etcd ${minor} --help, or leave it out`;
}

/** The flag that an environment variable stands for, without its dashes. */
export function flagOf(variable: string): string {
  return variable
    .replace(/^ETCD_/, "")
    .toLowerCase()
    .replace(/_/g, "-");
}

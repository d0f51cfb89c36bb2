import { flagOf, flagsOf, requireKnownFlag } from "./etcd-flags";
import { didYouMean, nearMatches } from "./near-matches";
import { shown } from "./validation";
import { ValidationError } from "./validation-error";

/**
 * Flags that a user may set, without --experimental-: they change how much etcd does at a time, how often, and whom it
 * tells; not where it listens, whom it trusts, what survives, nor what deploys and node scripts count on.
 */
const SAFE: readonly string[] = `
  auth-token-ttl backend-batch-interval backend-batch-limit backend-bbolt-freelist-type bcrypt-cost
  bootstrap-defrag-threshold-megabytes cipher-suites compact-hash-check-time compaction-batch-limit
  compaction-sleep-interval corrupt-check-time cors distributed-tracing-address distributed-tracing-instance-id
  distributed-tracing-sampling-rate distributed-tracing-service-name downgrade-check-time
  enable-distributed-tracing enable-lease-checkpoint enable-lease-checkpoint-persist grpc-keepalive-interval
  grpc-keepalive-timeout max-concurrent-streams max-snapshots max-txn-ops max-wals snapshot-catchup-entries
  snapshot-count stop-grpc-service-on-defrag tls-max-version tls-min-version
  txn-mode-write-with-shared-buffer watch-progress-notify-interval`
  .trim()
  .split(/\s+/);

/** Flags that a prop sets. */
const PROPS: Readonly<Record<string, string>> = {
  "heartbeat-interval": "heartbeatMs",
  "election-timeout": "electionMs",
  "quota-backend-bytes": "settings.quotaGiB",
  "auto-compaction-retention": "settings.retentionHours",
  "max-request-bytes": "settings.maxRequestKiB",
  "log-level": "settings.logLevel",
  "enable-grpc-gateway": "settings.grpcGateway",
  "feature-gates": "settings.featureGates",
  "client-crl-file": "pki.revoked",
  "peer-crl-file": "pki.revokedPeers",
};

/** Why the others may not be set, by their names without --experimental-. The first that fits counts. */
const UNSAFE: readonly (readonly [flags: RegExp, reason: string])[] = [
  [/^config-file$/, "etcd would ignore all other settings"],
  [
    /^(name|(data|wal)-dir|listen-.*|.*advertise-.*|initial-.*)$/,
    "deploys decide where a member is, and whom it joins",
  ],
  [
    /(-cert-allowed-|-skip-client-san-)/,
    "who may speak with the members is decided by the two authorities alone: names would lock out members that come later",
  ],
  [/((cert|key|ca)-file|cert-auth|auto-tls|^self-signed-cert-validity)$/, "the certificates are this library's"],
  [/^auth-token$/, "deploys issue no signing keys, and without the same ones on all members tokens are refused"],
  [/^auto-compaction-mode$/, "settings.retentionHours are hours: in another mode they would count something else"],
  [/^(compact-hash-check-enabled|initial-corrupt-check)$/, "the corruption checks are always on"],
  [
    /^(unsafe-no-fsync|force-new-cluster|v2-deprecation|enable-v2.*)$/,
    "acknowledged writes, or the way to the next minor, may be lost",
  ],
  [/^(discovery.*|proxy.*)$/, "members find each other by the deploy, and none of them is a proxy"],
  [
    /^(log-.*|logger|enable-log-rotation)$/,
    "node scripts and the alerts' runbooks read etcd's log in the journal, as zap's JSON",
  ],
  [/^metrics$/, "the alerting rules use the extensive ones"],
  [/^warning-(apply|unary-request)-duration$/, "it follows from the distances: see Tuning.slowRequestLogMs"],
  [/^(pre-vote|strict-reconfig-check|max-learners)$/, "deploys rely on it while they change one member at a time"],
  [/^raft-(read|write)-timeout$/, "when a member counts as dead follows from etcd's own timeouts"],
  [/^grpc-keepalive-min-time$/, "clients are told to send a ping every ten seconds, and would be cut off"],
  [/^memory-mlock$/, "the unit may lock no memory, and etcd would not start"],
  [/^socket-reuse-(address|port)$/, "a second etcd on the machine would share the port, in place of an error"],
  [/^enable-pprof$/, "every client could read the process's memory profile and have it profiled, whatever its rights"],
  [/^host-whitelist$/, "it has no effect where clients use TLS"],
];

/**
 * Throws for a setting that this minor does not know, that this library derives, or that is not known to be safe.
 *
 * @param variable for example ETCD_SNAPSHOT_COUNT
 */
export function requireSafeFlag(what: string, variable: string, minor: string): void {
  if (!/^ETCD_[A-Z0-9_]+$/.test(variable)) {
    throw new ValidationError({
      what,
      given: shown(variable),
      expected: "an environment variable of etcd: ETCD_ and its flag in upper case with underscores",
      mend: "write --snapshot-count as ETCD_SNAPSHOT_COUNT, for example",
    });
  }
  const flag = flagOf(variable);
  const unsafe = whyUnsafe(flag);
  // Before all: where a version has another name for it, that one would be refused as well.
  if (unsafe !== undefined) {
    throw new ValidationError({
      what,
      given: variable,
      expected: "a setting that this library does not derive itself or rely on",
      mend: unsafe,
    });
  }
  requireKnownFlag(what, variable, minor);
  if (safeFlagsOf(minor).includes(flag)) return;
  throw new ValidationError({
    what,
    given: variable,
    expected: `a setting of etcd ${minor} that is known to be safe`,
    mend: didYouMean(nearMatches(flag, safeFlagsOf(minor)), safeFlagsOf(minor)),
  });
}

/** The flags of a minor that `extra` takes, without their dashes. */
export function safeFlagsOf(minor: string): string[] {
  return flagsOf(minor).filter((flag) => SAFE.includes(withoutExperimental(flag)));
}

/** Why a flag may not be set, as an instruction; undefined where nothing is known against it. */
export function whyUnsafe(flag: string): string | undefined {
  const name = withoutExperimental(flag);
  if (name in PROPS) return `use the prop that stands for it: ${PROPS[name]}`;
  const found = UNSAFE.find(([flags]) => flags.test(name));
  return found === undefined ? undefined : `leave it out: ${found[1]}`;
}

function withoutExperimental(flag: string): string {
  return flag.replace(/^experimental-/, "");
}

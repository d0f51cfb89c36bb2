import { requireSafeFlag } from "./etcd-extra";
import { requireKnownGate } from "./etcd-flags";
import { EtcdVersion } from "./etcd-version";
import { IEtcdHost } from "./etcd-host";
import { ValidationError } from "./validation-error";
import { flag, lateText, number, oneOf, record, requireInteger, shape, shown } from "./validation";

/** How verbose etcd is. */
export enum EtcdLogLevel {
  DEBUG = "debug",
  INFO = "info",
  WARN = "warn",
  ERROR = "error",
}

/** Settings of etcd that operators choose; the library derives all others. */
export interface EtcdSettingsProps {
  /**
   * Size in GiB at which the database refuses writes (alarm NOSPACE); 1 to 8, etcd's own range of what was tested.
   * @default 2, etcd's default
   */
  readonly quotaGiB?: number;
  /**
   * How many hours of history are kept before compaction.
   * @default 8, enough for a watcher that was down overnight
   */
  readonly retentionHours?: number;
  /**
   * Largest request in KiB; it is replicated to every member across the WAN. At most 10240, above which etcd itself
   * warns.
   * @default 1536, etcd's default
   */
  readonly maxRequestKiB?: number;
  /**
   * How verbose etcd's log is.
   * @default EtcdLogLevel.INFO
   */
  readonly logLevel?: EtcdLogLevel;
  /**
   * Whether etcd answers JSON over HTTP on its client port, by its gRPC gateway (`--enable-grpc-gateway`). Without it server
   * certificates are good for servers only, and clients get no `curl.sh`. This library does not need it. With authorization on, it
   * answers nobody who has a client certificate.
   * @default true, etcd's default; false with `authorization: true`
   */
  readonly grpcGateway?: boolean;
  /**
   * Feature gates of etcd 3.6 and later, on or off, for example { StopGRPCServiceOnDefrag: true }. The corruption checks
   * are on in any case.
   * @default - etcd's defaults
   */
  readonly featureGates?: Record<string, boolean>;
  /**
   * More settings as etcd's environment variables, for example { ETCD_SNAPSHOT_COUNT: "20000" }: those that the version
   * knows and that are known to be safe. The error about any other one says why it is not.
   * @default - none
   */
  readonly extra?: Record<string, string>;
}

/** etcd's own default. */
export const DEFAULT_QUOTA_GIB = 2;

/** Whether etcd serves its gRPC gateway, which calls its own member as a client, with the server certificate. */
export function servesGrpcGateway(props: EtcdSettingsProps = {}, authorization = false): boolean {
  return props.grpcGateway ?? !authorization;
}

/** What {@link EtcdSettingsProps} are made of. */
export const SETTINGS = shape<EtcdSettingsProps>({
  quotaGiB: number,
  retentionHours: number,
  maxRequestKiB: number,
  logLevel: oneOf(EtcdLogLevel, "EtcdLogLevel"),
  grpcGateway: flag,
  featureGates: record(flag),
  extra: record(lateText),
});

/**
 * The settings as etcd's environment variables.
 *
 * @throws ValidationError for values out of range, machines too small for the quota, or names in `extra` or `featureGates`
 * that are reserved or that the version does not know
 */
export function renderSettings(
  props: EtcdSettingsProps = {},
  version: EtcdVersion,
  hosts: readonly IEtcdHost[],
): Record<string, string> {
  const quotaGiB = props.quotaGiB ?? DEFAULT_QUOTA_GIB;
  const retentionHours = props.retentionHours ?? 8;
  const maxRequestKiB = props.maxRequestKiB ?? 1536;
  requireInteger("settings.quotaGiB", quotaGiB, 1, 8, "GiB");
  requireInteger("settings.retentionHours", retentionHours, 1, 8760, "hours");
  requireInteger("settings.maxRequestKiB", maxRequestKiB, 1, 10240, "KiB");
  hosts.forEach((host) => {
    requireRoomFor(quotaGiB, host);
  });
  const extra = definedOnly(props.extra);
  for (const [name, value] of Object.entries(extra)) {
    requireSafeFlag("settings.extra", name, version.minor);
    requireOneLine(name, value);
  }
  return {
    ETCD_QUOTA_BACKEND_BYTES: String(quotaGiB * 1024 ** 3),
    ETCD_AUTO_COMPACTION_MODE: "periodic",
    ETCD_AUTO_COMPACTION_RETENTION: `${retentionHours}h`,
    ETCD_MAX_REQUEST_BYTES: String(maxRequestKiB * 1024),
    ETCD_LOG_LEVEL: props.logLevel ?? EtcdLogLevel.INFO,
    ETCD_LOGGER: "zap",
    // Includes the histograms of request times that the alerts on slow commits and requests use.
    ETCD_METRICS: "extensive",
    ETCD_STRICT_RECONFIG_CHECK: "true",
    ETCD_PRE_VOTE: "true",
    // Left out where it is on, etcd's default: another line in the environment would restart every member of existing
    // clusters.
    ...(servesGrpcGateway(props) ? {} : { ETCD_ENABLE_GRPC_GATEWAY: "false" }),
    ...withFeatureGates(version.corruptionCheckSettings(), props.featureGates, version),
    ...extra,
  };
}

function definedOnly<T>(record: Readonly<Record<string, T | undefined>> = {}): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, T] => entry[1] !== undefined));
}

/** The corruption checks, and the gates that the user wants. */
function withFeatureGates(
  settings: Record<string, string>,
  gates: Record<string, boolean> = {},
  version: EtcdVersion,
): Record<string, string> {
  const derived = settings.ETCD_FEATURE_GATES;
  const chosen = definedOnly(gates);
  for (const gate of Object.keys(chosen)) {
    requireKnownGate("settings.featureGates", gate, version.minor);
    if (derived.includes(`${gate}=`)) {
      throw new ValidationError({
        what: "settings.featureGates",
        given: gate,
        expected: "a feature gate that this library does not set itself",
        mend: "leave it out: the corruption checks are always on",
      });
    }
  }
  const wanted = Object.entries(chosen).map(([gate, on]) => `${gate}=${String(on)}`);
  return wanted.length === 0 ? settings : { ETCD_FEATURE_GATES: [derived, ...wanted].join(",") };
}

/** etcd maps the database into memory; on disk there are also snapshots and, while defragmenting, a second copy. */
function requireRoomFor(quotaGiB: number, host: IEtcdHost): void {
  if (host.memoryMiB !== undefined && host.memoryMiB < quotaGiB * 1024) {
    throw new ValidationError({
      what: `size of ${host.hostName}`,
      given: `${host.memoryMiB} MiB of memory for a quota of ${quotaGiB} GiB`,
      expected: `at least ${quotaGiB * 1024} MiB: etcd maps its database into memory`,
      mend: "choose a larger size or lower settings.quotaGiB",
    });
  }
  if (host.diskGiB !== undefined && host.diskGiB < 3 * quotaGiB + 4) {
    throw new ValidationError({
      what: `size of ${host.hostName}`,
      given: `${host.diskGiB} GiB of disk for a quota of ${quotaGiB} GiB`,
      expected: `at least ${3 * quotaGiB + 4} GiB: the system, and the database up to three times (snapshot, defragmentation)`,
      mend: "choose a larger size or lower settings.quotaGiB",
    });
  }
}

/** A line break would begin another variable, which {@link requireSafeFlag} has not seen. */
function requireOneLine(name: string, value: string): void {
  // eslint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f]/.test(value)) {
    throw new ValidationError({
      what: "settings.extra",
      given: `${name} as ${shown(value)}`,
      expected: "one line of text",
      mend: "leave out line breaks and control characters",
    });
  }
}

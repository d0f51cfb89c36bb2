import { EtcdLogLevel, EtcdSettingsProps, EtcdVersion } from "../lib";
import { renderSettings } from "../lib/etcd-settings";
import { cluster, synth } from "./synth";

const render = (props?: EtcdSettingsProps): Record<string, string> => renderSettings(props, EtcdVersion.V3_6_14, []);

/** etcd's environment on the first member, as written into the stack. */
function environment(props: EtcdSettingsProps = {}): string {
  const { locals } = synth((stack) => {
    cluster(stack, undefined, { settings: props });
  });
  const [, env] = Object.entries(locals).find(([name]) => name.includes("lon1_bundle_env")) ?? [];
  return String(env);
}

describe("etcd's settings", () => {
  it("have the defaults that the documentation states", () => {
    expect(render()).toEqual({
      ETCD_QUOTA_BACKEND_BYTES: "2147483648",
      ETCD_AUTO_COMPACTION_MODE: "periodic",
      ETCD_AUTO_COMPACTION_RETENTION: "8h",
      ETCD_MAX_REQUEST_BYTES: "1572864",
      ETCD_LOG_LEVEL: "info",
      ETCD_LOGGER: "zap",
      ETCD_METRICS: "extensive",
      ETCD_STRICT_RECONFIG_CHECK: "true",
      ETCD_PRE_VOTE: "true",
      ETCD_FEATURE_GATES: "InitialCorruptCheck=true,CompactHashCheck=true",
    });
  });

  it("take what is given instead", () => {
    const given = { quotaGiB: 8, retentionHours: 1, maxRequestKiB: 10240, logLevel: EtcdLogLevel.WARN };
    expect(render({ ...given, extra: { ETCD_SNAPSHOT_COUNT: "20000" } })).toMatchObject({
      ETCD_QUOTA_BACKEND_BYTES: "8589934592",
      ETCD_AUTO_COMPACTION_RETENTION: "1h",
      ETCD_MAX_REQUEST_BYTES: "10485760",
      ETCD_LOG_LEVEL: "warn",
      ETCD_SNAPSHOT_COUNT: "20000",
    });
  });

  it.each([
    "ETCD_NAME",
    "ETCD_DATA_DIR",
    "ETCD_LISTEN_PEER_URLS",
    "ETCD_INITIAL_CLUSTER_STATE",
    "ETCD_HEARTBEAT_INTERVAL",
    "ETCD_CLIENT_CERT_AUTH",
    "ETCD_PEER_CLIENT_CERT_AUTH",
    "ETCD_TRUSTED_CA_FILE",
    "ETCD_PEER_TRUSTED_CA_FILE",
    "ETCD_CERT_FILE",
    "ETCD_PEER_KEY_FILE",
    "ETCD_AUTO_TLS",
    "ETCD_QUOTA_BACKEND_BYTES",
    "ETCD_ENABLE_GRPC_GATEWAY",
    "ETCD_FORCE_NEW_CLUSTER",
    "ETCD_FEATURE_GATES",
    "ETCD_WARNING_APPLY_DURATION",
    "ETCD_EXPERIMENTAL_WARNING_APPLY_DURATION",
    "ETCD_WARNING_UNARY_REQUEST_DURATION",
  ])("do not let %s be set past what is derived", (name) => {
    expect(() => render({ extra: { [name]: "x" } })).toThrow(/a setting that this library does not derive itself/);
  });

  it.each([
    ["ETCD_ENABLE_GRPC_GATEWAY", "settings.grpcGateway"],
    ["ETCD_ELECTION_TIMEOUT", "electionMs"],
    ["ETCD_FEATURE_GATES", "settings.featureGates"],
  ])("name the prop that stands for %s: %s", (name, prop) => {
    expect(() => render({ extra: { [name]: "x" } })).toThrow(new RegExp(`use the prop that stands for it: ${prop}$`));
  });

  it("leave etcd's gateway as it is, with not a word of it in the environment, unless it is turned off", () => {
    for (const props of [{}, { grpcGateway: true }]) expect(render(props)).toEqual(render());
    expect(render({ grpcGateway: false })).toEqual({ ...render(), ETCD_ENABLE_GRPC_GATEWAY: "false" });
  });

  it.each(["snapshot-count", "etcd_name", "ETCD_", "ETCD_A=B", "LD_PRELOAD", "ETCD_X\nETCD_NAME"])(
    "take only etcd's variables: not %j",
    (name) => {
      expect(() => render({ extra: { [name]: "x" } })).toThrow(/an environment variable of etcd/);
    },
  );

  it.each(["1\nETCD_NAME=other", "1\r", "a\0b"])("take only values of one line: not %j", (value) => {
    expect(() => render({ extra: { ETCD_SNAPSHOT_COUNT: value } })).toThrow(
      /settings\.extra: given ETCD_SNAPSHOT_COUNT as .*one line/,
    );
  });

  it("demand mutual TLS on both ports", () => {
    const env = environment();
    for (const name of ["ETCD_CLIENT_CERT_AUTH", "ETCD_PEER_CLIENT_CERT_AUTH"])
      expect(env).toContain(`"${name}" = "true"`);
    for (const name of ["ETCD_TRUSTED_CA_FILE", "ETCD_PEER_TRUSTED_CA_FILE"])
      expect(env).toMatch(new RegExp(`"${name}" = "/etc`));
  });

  it("serve metrics to this machine only", () => {
    expect(environment()).toContain('"ETCD_LISTEN_METRICS_URLS" = "http://127.0.0.1:2381"');
  });

  it("refuse a disk that can't hold the database three times", () => {
    const host = { hostName: "etcd-lon1", diskGiB: 25, memoryMiB: 16_384 };
    expect(() => renderSettings({ quotaGiB: 8 }, EtcdVersion.V3_6_14, [host as never])).toThrow(
      /size of etcd-lon1: given 25 GiB of disk for a quota of 8 GiB, expected at least 28 GiB/,
    );
  });
});

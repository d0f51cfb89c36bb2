import { EtcdLogLevel, EtcdSettingsProps, EtcdVersion } from "../lib";
import { safeFlagsOf, whyUnsafe } from "../lib/etcd-extra";
import { featureGatesOf, flagsOf, variableOf } from "../lib/etcd-flags";
import { renderSettings } from "../lib/etcd-settings";
import { cluster, synth } from "./synth";

const VERSIONS = ["3.5.33", "3.6.14", "3.7.3"].map((version) => EtcdVersion.of(version, { amd64: "0".repeat(64) }));
const [V3_5, V3_6, V3_7] = VERSIONS;

const render = (version: EtcdVersion, props: EtcdSettingsProps): Record<string, string> =>
  renderSettings(props, version, []);

/** Names of the variables that are written for the first member of a cluster of that version. */
function rendered(version: EtcdVersion): string[] {
  const { locals } = synth((stack) => {
    cluster(stack, undefined, { version, settings: { logLevel: EtcdLogLevel.DEBUG } });
  });
  const env = Object.entries(locals).find(([name]) => name.includes("lon1_bundle_env"))?.[1];
  return [...String(env).matchAll(/"(ETCD_[A-Z0-9_]+)" = /g)].map(([, name]) => name);
}

describe("the flags of each minor", () => {
  it.each(VERSIONS)("$version knows all that is derived for it", (version) => {
    const known = flagsOf(version.minor).map(variableOf);
    const written = rendered(version);
    expect(written.length).toBeGreaterThan(25);
    expect(written.filter((name) => !known.includes(name))).toEqual([]);
  });

  it("are each named once", () => {
    for (const { minor } of VERSIONS) {
      const flags = flagsOf(minor);
      expect(flags.length).toBeGreaterThan(100);
      expect(new Set(flags).size).toBe(flags.length);
    }
  });
});

describe("a setting that the version does not know is refused", () => {
  it.each([
    [V3_5, "ETCD_FREE_LUNCH", /see etcd 3\.5 --help, or leave it out/],
    [V3_5, "ETCD_COMPACTION_BATCH_LIMIT", /etcd 3\.5 has it as ETCD_EXPERIMENTAL_COMPACTION_BATCH_LIMIT/],
    [V3_6, "ETCD_FREE_LUNCH", /see etcd 3\.6 --help, or leave it out/],
    [V3_7, "ETCD_EXPERIMENTAL_COMPACTION_BATCH_LIMIT", /etcd 3\.7 has it as ETCD_COMPACTION_BATCH_LIMIT/],
    [V3_7, "ETCD_EXPERIMENTAL_STOP_GRPC_SERVICE_ON_DEFRAG", /it is the feature gate StopGRPCServiceOnDefrag/],
    [V3_7, "ETCD_SNAPSHOTS_COUNT", /did you mean ETCD_SNAPSHOT_COUNT\?/],
  ])("by $version: %s", (version, name, mend) => {
    const refused = (): unknown => render(version, { extra: { [name]: "1" } });
    expect(refused).toThrow(`settings.extra: given ${name}, expected a setting that etcd ${version.minor} knows`);
    expect(refused).toThrow(mend);
  });

  it("and one that it knows is not, though it is on its way out", () => {
    expect(render(V3_6, { extra: { ETCD_EXPERIMENTAL_COMPACTION_BATCH_LIMIT: "10" } })).toMatchObject({
      ETCD_EXPERIMENTAL_COMPACTION_BATCH_LIMIT: "10",
    });
  });

  it.each([
    "ETCD_CONFIG_FILE",
    "ETCD_EXPERIMENTAL_INITIAL_CORRUPT_CHECK",
    "ETCD_EXPERIMENTAL_COMPACT_HASH_CHECK_ENABLED",
  ])("and so is %s, which would undo what is derived", (name) => {
    for (const version of VERSIONS) {
      expect(() => render(version, { extra: { [name]: "x" } })).toThrow(/does not derive itself/);
    }
  });
});

describe("what may be set past the library", () => {
  it.each(VERSIONS)("is known to be safe, or there is a reason against it: every flag of $version", ({ minor }) => {
    const safe = safeFlagsOf(minor);
    expect(safe.length).toBeGreaterThan(20);
    for (const flag of flagsOf(minor)) {
      expect([flag, safe.includes(flag) || whyUnsafe(flag) !== undefined]).toEqual([flag, true]);
      expect([flag, safe.includes(flag) && whyUnsafe(flag) !== undefined]).toEqual([flag, false]);
    }
  });

  it.each(VERSIONS)("is nothing that is written for $version in any case", (version) => {
    const safe = safeFlagsOf(version.minor).map(variableOf);
    expect(rendered(version).filter((name) => safe.includes(name))).toEqual([]);
  });

  it.each([
    ["ETCD_UNSAFE_NO_FSYNC", /acknowledged writes/],
    ["ETCD_ENABLE_GRPC_GATEWAY", /settings\.grpcGateway$/],
    ["ETCD_CLIENT_CERT_ALLOWED_HOSTNAME", /two authorities/],
    ["ETCD_PEER_CERT_ALLOWED_CN", /two authorities/],
    ["ETCD_PEER_SKIP_CLIENT_SAN_VERIFICATION", /two authorities/],
    ["ETCD_EXPERIMENTAL_PEER_SKIP_CLIENT_SAN_VERIFICATION", /two authorities/],
    ["ETCD_MAX_LEARNERS", /one member at a time/],
    ["ETCD_LOG_OUTPUTS", /in the journal/],
    ["ETCD_LOG_FORMAT", /in the journal/],
    ["ETCD_LOGGER", /in the journal/],
    ["ETCD_MEMORY_MLOCK", /would not start/],
    ["ETCD_EXPERIMENTAL_MEMORY_MLOCK", /would not start/],
    ["ETCD_LISTEN_CLIENT_HTTP_URLS", /deploys decide where/],
    ["ETCD_METRICS", /alerting rules/],
    ["ETCD_RAFT_READ_TIMEOUT", /counts as dead/],
    ["ETCD_GRPC_KEEPALIVE_MIN_TIME", /would be cut off/],
    ["ETCD_CLIENT_CRL_FILE", /pki\.revoked/],
    ["ETCD_AUTH_TOKEN", /signing keys/],
  ])("is not %s, and the error says why", (name, reason) => {
    for (const version of VERSIONS) {
      const refused = (): unknown => render(version, { extra: { [name]: "1" } });
      expect(refused).toThrow(`settings.extra: given ${name}, expected`);
      expect(refused).toThrow(reason);
    }
  });
});

describe("feature gates", () => {
  it("stand beside those of the corruption checks", () => {
    const gates = { StopGRPCServiceOnDefrag: true, TxnModeWriteWithSharedBuffer: false };
    expect(render(V3_6, { featureGates: gates }).ETCD_FEATURE_GATES).toBe(
      "InitialCorruptCheck=true,CompactHashCheck=true,StopGRPCServiceOnDefrag=true,TxnModeWriteWithSharedBuffer=false",
    );
  });

  it.each([
    [V3_5, "LeaseCheckpoint", /ETCD_EXPERIMENTAL_ENABLE_LEASE_CHECKPOINT, in settings\.extra/],
    [V3_5, "PriorityRequest", /expected none: etcd 3\.5 has no feature gates; leave it out/],
    [V3_6, "PriorityRequest", /expected a feature gate of etcd 3\.6; use one of AllAlpha/],
    [V3_7, "LeaseCheckpoints", /did you mean LeaseCheckpoint\?/],
    [V3_7, "CompactHashCheck", /the corruption checks are always on/],
  ])("are refused by $version if it has none of that name, or if they are derived: %s", (version, gate, message) => {
    expect(() => render(version, { featureGates: { [gate]: false } })).toThrow(message);
  });

  it("are all known where they are derived", () => {
    for (const version of [V3_6, V3_7]) {
      const derived = [...render(version, {}).ETCD_FEATURE_GATES.matchAll(/(\w+)=/g)].map(([, gate]) => gate);
      expect(featureGatesOf(version.minor)).toEqual(expect.arrayContaining(derived));
    }
  });
});

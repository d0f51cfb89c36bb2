import { Architecture, EtcdVersion } from "../lib";

describe("versions of etcd", () => {
  it("that are published have pinned tarballs for both architectures", () => {
    for (const version of [EtcdVersion.V3_6_14, EtcdVersion.V3_7_1, EtcdVersion.V3_5_33]) {
      const sums = [Architecture.AMD64, Architecture.ARM64].map((architecture) => version.sha256(architecture));
      expect(new Set(sums).size).toBe(2);
      for (const sum of sums) expect(sum).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it("name the tarball as etcd's releases do", () => {
    expect(EtcdVersion.V3_6_14.tarball(Architecture.ARM64)).toBe("etcd-v3.6.14-linux-arm64.tar.gz");
  });

  it("may be written with a v", () => {
    expect(EtcdVersion.of("v3.6.14")).toMatchObject({ version: "3.6.14", minor: "3.6" });
  });

  it.each(["3.5.33", "3.6.14", "3.7.1"])("are accepted from the security floor on: %s", (version) => {
    expect(EtcdVersion.of(version, { amd64: "0".repeat(64) }).version).toBe(version);
  });

  it.each(["3.5.32", "3.6.13", "3.7.0"])("are refused below it: %s", (version) => {
    expect(() => EtcdVersion.of(version, { amd64: "0".repeat(64) })).toThrow(/GHSA-6vch-q96h-7gc3/);
  });

  it("may have a sum of one's own, which leaves the other architecture's as it is", () => {
    const own = EtcdVersion.of("3.6.14", { amd64: "a".repeat(64) });
    expect(own.sha256(Architecture.AMD64)).toBe("a".repeat(64));
    expect(own.sha256(Architecture.ARM64)).toBe(EtcdVersion.V3_6_14.sha256(Architecture.ARM64));
  });

  it("without a sum for an architecture say which one to give", () => {
    const version = EtcdVersion.of("3.7.2", { amd64: "a".repeat(64) });
    expect(() => version.sha256(Architecture.ARM64)).toThrow(/EtcdVersion\.of\("3\.7\.2", \{ arm64: "\.\.\." \}\)/);
  });

  it("switch the corruption checks on in the words that each minor knows", () => {
    expect(EtcdVersion.V3_5_33.corruptionCheckSettings()).toEqual({
      ETCD_EXPERIMENTAL_INITIAL_CORRUPT_CHECK: "true",
      ETCD_EXPERIMENTAL_COMPACT_HASH_CHECK_ENABLED: "true",
    });
    expect(EtcdVersion.V3_6_14.corruptionCheckSettings()).toEqual({
      ETCD_FEATURE_GATES: "InitialCorruptCheck=true,CompactHashCheck=true",
    });
  });

  it.each([
    [EtcdVersion.V3_5_33, { ETCD_EXPERIMENTAL_WARNING_APPLY_DURATION: "100ms" }],
    [EtcdVersion.V3_6_14, { ETCD_WARNING_APPLY_DURATION: "100ms", ETCD_WARNING_UNARY_REQUEST_DURATION: "300ms" }],
    [
      EtcdVersion.of("3.7.1", { amd64: "0".repeat(64) }),
      { ETCD_WARNING_APPLY_DURATION: "100ms", ETCD_WARNING_UNARY_REQUEST_DURATION: "300ms" },
    ],
  ])("say when a request is slow in the words that each minor knows: $version", (version, settings) => {
    expect(version.slowRequestLogSettings(100)).toEqual(settings);
    for (const value of Object.values(version.slowRequestLogSettings(600))) expect(value).toBe("600ms");
  });
});

describe("what may follow what", () => {
  const sum = { amd64: "0".repeat(64) };
  const of = (version: string): EtcdVersion => EtcdVersion.of(version, sum);

  it.each([
    ["3.5.33", "3.5.34", true],
    ["3.6.15", "3.6.14", true],
    ["3.6.14", "3.6.14", true],
    ["3.5.33", "3.6.14", true],
    ["3.6.14", "3.7.3", true],
    ["3.5.33", "3.7.3", false],
    ["3.6.14", "3.5.33", false],
    ["3.7.3", "3.6.14", false],
    ["3.7.3", "3.5.33", false],
  ])("%s -> %s: %s", (from, to, allowed) => {
    expect(of(to).canFollow(of(from))).toBe(allowed);
  });

  it.each([
    ["3.5.33", ["3.5"], undefined],
    ["3.6.14", ["3.5", "3.6"], "3.5.26"],
    ["3.7.3", ["3.6", "3.7"], "3.6.11"],
  ])("a member of %s may be started in a cluster of version %j, whose members run at least %s", (to, from, least) => {
    expect(of(to)._entersFrom()).toEqual(from);
    expect(of(to)._leastBefore()).toBe(least);
  });

  it("only 3.7 can't read what 3.5 wrote to the log", () => {
    expect(["3.5.33", "3.6.14", "3.7.3"].map((version) => of(version)._readsLogSince())).toEqual([
      undefined,
      undefined,
      "3.6",
    ]);
  });

  it("never asks for a patch below the security floor, so canFollow need not look at patches", () => {
    for (const version of ["3.6.14", "3.7.3"]) {
      const least = of(version)._leastBefore() ?? "";
      const [, minor, patch] = /^(\d+\.\d+)\.(\d+)$/.exec(least) ?? [];
      expect(() => of(`${minor}.${Number(patch) - 1}`)).toThrow(/GHSA/);
    }
  });
});

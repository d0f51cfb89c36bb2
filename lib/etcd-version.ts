import { Architecture } from "./etcd-host";
import { finite, instance, oneOf, read, required, shape, shown, text } from "./validation";
import { ValidationError } from "./validation-error";

/** SHA-256 sums of a version's release tarballs `etcd-vX-linux-ARCH.tar.gz`, 64 hexadecimal digits each. */
export interface EtcdChecksums {
  /** For amd64 machines. @default - etcd's published sum, where this library knows it */
  readonly amd64?: string;
  /** For arm64 machines. @default - etcd's published sum, where this library knows it */
  readonly arm64?: string;
}

/** What {@link EtcdChecksums} are made of. */
const CHECKSUMS = shape<EtcdChecksums>({ amd64: text, arm64: text });

/**
 * From the SHA256SUMS file of each release; those of 3.7.1 from where others copied them: half a dozen projects that have
 * nothing to do with each other pin the same two. A wrong sum would have the download refused.
 */
const PUBLISHED: Readonly<Record<string, EtcdChecksums>> = {
  "3.7.1": {
    amd64: "e8cd3fa8064c98137c5dbd78b76f969417ace84efb83c481041d7a52ffdd8fb9",
    arm64: "d7e25e08f694b6ed7792fc7b7a891fe2c3f3d3dccfe2f3bfdb1547b0eb75b6da",
  },
  "3.6.14": {
    amd64: "ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5",
    arm64: "fa1b80565ee6fc2df1ae6f57a508b221f3ecc7d591c317c581cd8281b0842b3e",
  },
  "3.5.33": {
    amd64: "5025b5b24d81a9616b6e284ccd439b9a3df055ef8fdcdc142af3ec8f6a3b3c95",
    arm64: "0764c5c0acef155f4bfa0487791cc5776adef66315bf16ec0653883bfd463a90",
  },
};

const ARCHITECTURE = required(oneOf(Architecture, "Architecture"));

/** What is known of a minor. */
interface Minor {
  /** The oldest patch without the TLS handshake denial of service of GHSA-6vch-q96h-7gc3. */
  readonly securityFloor: number;
  /** The oldest patch of the previous minor that may be upgraded to this one; from etcd's upgrade guides. */
  readonly leastPatchBefore?: number;
  /** The oldest cluster version whose log entries it can read; from etcd's source, and tried. */
  readonly readsLogSince?: string;
}

/** Oldest first: each may follow the one before it. */
const MINORS: ReadonlyMap<string, Minor> = new Map([
  ["3.5", { securityFloor: 33 }],
  // 3.5.26 and later repair the membership in the v3 store from the v2 store, which 3.6 no longer reads.
  ["3.6", { securityFloor: 14, leastPatchBefore: 26 }],
  // A cluster that 3.5 founded begins its log with entries in the v2 store's form, which 3.7 no longer knows.
  ["3.7", { securityFloor: 1, leastPatchBefore: 11, readsLogSince: "3.6" }],
]);

/** A version of etcd: an official release whose tarball is pinned by its SHA-256. */
export class EtcdVersion {
  /** 3.6.14, the default. */
  public static readonly V3_6_14 = EtcdVersion.of("3.6.14");
  /** 3.7.1, for clusters that have left 3.6 behind: there is no way back without `etcdctl downgrade`. */
  public static readonly V3_7_1 = EtcdVersion.of("3.7.1");
  /** 3.5.33, for clusters that come from 3.5. */
  public static readonly V3_5_33 = EtcdVersion.of("3.5.33");

  /**
   * Any version at or above the security floor of its minor (3.5.33, 3.6.14, 3.7.1).
   *
   * @param version for example "3.6.15"
   * @param checksums needed for versions whose published sums this library does not know, and for your own builds
   * @throws ValidationError if it is no version, below the floor, of an unknown minor, or without a checksum
   */
  public static of(version: string, checksums?: EtcdChecksums): EtcdVersion {
    read("etcd version", version, required(text));
    read("checksums", checksums, CHECKSUMS);
    const match = /^v?((?:0|[1-9]\d*)\.(?:0|[1-9]\d*))\.(0|[1-9]\d*)$/.exec(version);
    if (match === null) {
      throw new ValidationError({
        what: "etcd version",
        given: shown(version),
        expected: "MAJOR.MINOR.PATCH, for example 3.6.14, without leading zeros",
        mend: "name a release of etcd",
      });
    }
    const [, minor, patch] = match;
    const known = MINORS.get(minor);
    if (known === undefined) {
      throw new ValidationError({
        what: "etcd version",
        given: version,
        expected: `one of the minors ${[...MINORS.keys()].join(", ")}`,
        mend: "choose a version whose flags and upgrade path this library knows",
      });
    }
    if (Number(patch) < known.securityFloor) {
      throw new ValidationError({
        what: "etcd version",
        given: version,
        expected: `at least ${minor}.${known.securityFloor}`,
        mend: "take a newer patch: earlier ones can be stopped by a TLS handshake (GHSA-6vch-q96h-7gc3)",
      });
    }
    const name = `${minor}.${patch}`;
    const sums: EtcdChecksums = { ...PUBLISHED[name], ...definedOnly(checksums) };
    if (sums.amd64 === undefined && sums.arm64 === undefined) {
      throw new ValidationError({
        what: "etcd version",
        given: `${name} without a checksum`,
        expected: "the SHA-256 of its release tarball: its published sum is not known here",
        mend: `copy it from the release's SHA256SUMS: EtcdVersion.of("${name}", { amd64: "..." })`,
      });
    }
    requireSha256(name, sums.amd64);
    requireSha256(name, sums.arm64);
    return new EtcdVersion(name, minor, sums);
  }

  /**
   * The published SHA-256 of a release's tarball, where it is known here.
   *
   * @internal
   */
  public static _publishedSha256(version: string, architecture: Architecture): string | undefined {
    return Object.entries(PUBLISHED).find(([known]) => known === version)?.[1][architecture];
  }

  private constructor(
    /** MAJOR.MINOR.PATCH. */
    public readonly version: string,
    /** MAJOR.MINOR. */
    public readonly minor: string,
    private readonly checksums: EtcdChecksums,
  ) {}

  /**
   * SHA-256 of the release tarball for an architecture.
   * @throws ValidationError if none is known for it
   */
  public sha256(architecture: Architecture): string {
    read("architecture", architecture, ARCHITECTURE);
    const sum = this.checksums[architecture];
    if (sum === undefined) {
      throw new ValidationError({
        what: "etcd version",
        given: `${this.version} without a checksum for ${architecture}`,
        expected: `the SHA-256 of etcd-v${this.version}-linux-${architecture}.tar.gz`,
        mend: `give it: EtcdVersion.of("${this.version}", { ${architecture}: "..." })`,
      });
    }
    return sum;
  }

  /** Name of the release tarball for an architecture. */
  public tarball(architecture: Architecture): string {
    read("architecture", architecture, ARCHITECTURE);
    return `etcd-v${this.version}-linux-${architecture}.tar.gz`;
  }

  /**
   * Whether a cluster whose members all run `previous` may be rolled to this version: any patch of the same minor, up
   * or down, or the next minor.
   *
   * No minor is skipped, and there is no way back: once all members run the new minor, the cluster's version has moved,
   * and etcd of the old one no longer starts, unless `etcdctl downgrade enable` was called first. A roll that stopped
   * half-way is different: the cluster's version has not moved yet, so members may go back. The nodes decide that, as
   * they ask the cluster for its version.
   */
  public canFollow(previous: EtcdVersion): boolean {
    read("previous", previous, required(instance(EtcdVersion, 'EtcdVersion.of("3.6.14")')));
    // The patch need not be compared: each minor's security floor is above the oldest patch that may be upgraded.
    return this._entersFrom().includes(previous.minor);
  }

  /**
   * Versions (MAJOR.MINOR) of a running cluster that a member of this version may be started in: what etcd itself
   * accepts at start.
   *
   * @internal
   */
  public _entersFrom(): string[] {
    const minors = [...MINORS.keys()];
    const own = minors.indexOf(this.minor);
    return minors.slice(Math.max(0, own - 1), own + 1);
  }

  /**
   * The oldest version (MAJOR.MINOR.PATCH) of the previous minor that every member must run before the first one is
   * upgraded to this version; undefined for the oldest known minor.
   *
   * @internal
   */
  public _leastBefore(): string | undefined {
    const least = MINORS.get(this.minor)?.leastPatchBefore;
    return least === undefined ? undefined : `${this._entersFrom()[0]}.${least}`;
  }

  /**
   * The version (MAJOR.MINOR) that the cluster must have had when a member took its last snapshot, if the member's log
   * has older entries; undefined where it does not matter.
   *
   * @internal
   */
  public _readsLogSince(): string | undefined {
    return MINORS.get(this.minor)?.readsLogSince;
  }

  /** The settings for the corruption checks, which etcd has off by default, in the form that this version knows. */
  public corruptionCheckSettings(): Record<string, string> {
    if (this.minor === "3.5") {
      return {
        ETCD_EXPERIMENTAL_INITIAL_CORRUPT_CHECK: "true",
        ETCD_EXPERIMENTAL_COMPACT_HASH_CHECK_ENABLED: "true",
      };
    }
    return { ETCD_FEATURE_GATES: "InitialCorruptCheck=true,CompactHashCheck=true" };
  }

  /**
   * The settings for logging slow requests, in the form that this version knows: 3.5 has none for unary requests (it
   * always logs those above 300 ms), and 3.7 no experimental one.
   *
   * @param ms for any request; unary ones are never logged below etcd's default of 300 ms
   */
  public slowRequestLogSettings(ms: number): Record<string, string> {
    read("ms", ms, required(finite));
    if (this.minor === "3.5") return { ETCD_EXPERIMENTAL_WARNING_APPLY_DURATION: `${ms}ms` };
    return {
      ETCD_WARNING_APPLY_DURATION: `${ms}ms`,
      ETCD_WARNING_UNARY_REQUEST_DURATION: `${Math.max(300, ms)}ms`,
    };
  }
}

function definedOnly(checksums: EtcdChecksums = {}): EtcdChecksums {
  return Object.fromEntries(Object.entries(checksums).filter(([, sum]) => sum !== undefined));
}

function requireSha256(version: string, sum: string | undefined): void {
  if (sum === undefined || /^[0-9a-f]{64}$/.test(sum)) return;
  throw new ValidationError({
    what: `checksum of etcd ${version}`,
    given: `${shown(sum)} (${sum.length} characters)`,
    expected: "a SHA-256: 64 lower-case hexadecimal digits",
    mend: "copy the line of the tarball from the release's SHA256SUMS",
  });
}

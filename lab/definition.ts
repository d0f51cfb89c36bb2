import type { LabPaths } from "./paths";
import type { Progress } from "./tools/progress";
import { ToolError } from "./tools/tool-error";
import type { PairSettings } from "./wan/protocol";
import { wanMatrix } from "./wan/matrix";

/** Two regions and the round trip between them. */
export interface RegionPair {
  /** Slugs, for example "lon1" and "nyc3". */
  readonly a: string;
  readonly b: string;
  /** Milliseconds. */
  readonly rttMs: number;
}

/** Where the operator, who runs Terraform, is on the WAN. */
export interface OperatorPlace {
  /**
   * The region next to the operator: all others are as far from the operator as from that region.
   * @default "lon1"
   */
  readonly near?: string;
  /**
   * Round trip to that region, in milliseconds.
   * @default 2
   */
  readonly rttMs?: number;
  /**
   * Whether the operator is this near to every region, for faster deploys where these are not what is tested.
   * @default false
   */
  readonly nearEverywhere?: boolean;
}

/** A file that machines can fetch from the mirror. */
export interface MirroredFile {
  /** Path below http://198.18.0.2/files/, for example "tools/v1/tool.tar.gz". */
  readonly path: string;
  /** The file to serve. It is copied. */
  readonly source: string;
}

/** What a project adds to its lab: files, and the environment of deploys. */
export interface Supplies {
  /** Files for the mirror. @default - none */
  readonly files?: readonly MirroredFile[];
  /** Environment variables for deploys into the lab. @default - none */
  readonly environment?: Readonly<Record<string, string>>;
  /** Directories with programs for the operator, put first in PATH. @default - none */
  readonly programs?: readonly string[];
  /** A sentence for each supplied thing that only stands in for the real one. @default - none */
  readonly standIns?: readonly string[];
}

/** Describes a lab; the export of a configuration file. */
export interface LabDefinition {
  /** The lab's name, for `status`. @default "lab" */
  readonly name?: string;
  /** The command that runs the lab's command line, for messages. @default "npx terraform-lab" */
  readonly command?: string;
  /** The round trip of every pair of regions that machines may be in. */
  readonly distances: readonly RegionPair[];
  /** @default - next to London */
  readonly operator?: OperatorPlace;
  /** The image that `up` builds; any other is built for the first machine with it. @default "debian-13-x64" */
  readonly image?: string;
  /** Debian packages in the image, besides those of a fresh droplet. @default - none */
  readonly imagePackages?: readonly string[];
  /** Debian packages that machines can install, with their dependencies. @default - none */
  readonly packages?: readonly string[];
  /** Gets what the project adds to the lab; called at each `up`. @default - nothing */
  readonly supplies?: (paths: LabPaths, progress: Progress) => Promise<Supplies>;
  /** Roles of machines by name, for `status`: which of them leads, say. @default - none */
  readonly roles?: (paths: LabPaths) => Promise<Readonly<Partial<Record<string, string>>>>;
}

/**
 * The distances of a definition, completed with those of the operator and the mirror.
 *
 * @throws ToolError if a pair of regions is missing
 */
export function matrixOf({ distances, operator = {} }: Pick<LabDefinition, "distances" | "operator">): PairSettings[] {
  const known = new Map(
    distances.flatMap(({ a, b, rttMs }) => [[`${a} ${b}`, rttMs] as const, [`${b} ${a}`, rttMs] as const]),
  );
  return wanMatrix(
    {
      p50: (a, b) => {
        const rttMs = known.get(`${a} ${b}`);
        if (rttMs !== undefined) return rttMs;
        throw new ToolError(
          `The lab's definition has no distance between ${a} and ${b}.`,
          "Add { a, b, rttMs } for each two of its regions to `distances`.",
        );
      },
    },
    {
      regions: [...new Set(distances.flatMap(({ a, b }) => [a, b]))],
      operatorRegion: operator.near,
      operatorRttMs: operator.rttMs,
      operatorEverywhere: operator.nearEverywhere,
    },
  );
}

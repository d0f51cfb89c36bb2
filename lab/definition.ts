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

/** Where the one who deploys sits. */
export interface OperatorPlace {
  /**
   * The region next to it: others are as far from the operator as from there.
   * @default "lon1"
   */
  readonly near?: string;
  /**
   * Round trip to that region, in milliseconds.
   * @default 2
   */
  readonly rttMs?: number;
  /**
   * Whether it is that near to every region: where deploys are not what is tried, they take less time so.
   * @default false
   */
  readonly nearEverywhere?: boolean;
}

/** A file that machines can fetch from the mirror. */
export interface MirroredFile {
  /** Below http://198.18.0.2/files/, for example "tools/v1/tool.tar.gz". */
  readonly path: string;
  /** The file to serve. It is copied. */
  readonly source: string;
}

/** What a lab has of its owner's. */
export interface Supplies {
  /** @default - none */
  readonly files?: readonly MirroredFile[];
  /** Variables for what deploys into the lab. @default - none */
  readonly environment?: Readonly<Record<string, string>>;
  /** Directories of programs for the operator: they come first in PATH. @default - none */
  readonly programs?: readonly string[];
  /** What of it is not the real thing, a sentence each. @default - all is */
  readonly standIns?: readonly string[];
}

/** What a lab is like: what a configuration file exports. */
export interface LabDefinition {
  /** Of the lab, in messages and names of control groups: lower-case letters, digits and dashes. @default "lab" */
  readonly name?: string;
  /** How its command line is called, for messages. @default "npx terraform-lab" */
  readonly command?: string;
  /** Every pair of the regions that machines may be in. */
  readonly distances: readonly RegionPair[];
  /** @default - next to London */
  readonly operator?: OperatorPlace;
  /** The image that is built before the lab is up; others are when a machine first has them. @default "debian-13-x64" */
  readonly image?: string;
  /** Debian packages that machines have from the start, besides those of a fresh droplet. @default - none */
  readonly imagePackages?: readonly string[];
  /** Debian packages that machines can install, with all that these need. @default - none */
  readonly packages?: readonly string[];
  /** Gets what the lab is to have of one's own; called at each `up`. @default - nothing */
  readonly supplies?: (paths: LabPaths, progress: Progress) => Promise<Supplies>;
  /** A word on machines, by name, for `status`: which of them leads, say. @default - none */
  readonly roles?: (paths: LabPaths) => Promise<Readonly<Partial<Record<string, string>>>>;
}

/**
 * The distances of a definition, with those of the operator and the mirror.
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

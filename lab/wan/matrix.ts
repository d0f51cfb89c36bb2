import { MIRROR, OPERATOR } from "./places";
import type { PairSettings } from "./protocol";

/** Round-trip times between regions. */
export interface RoundTripSource {
  p50(a: string, b: string): number;
}

export interface MatrixOptions {
  /** Region slugs that machines may be in. */
  readonly regions: readonly string[];
  /**
   * The region that the operator is next to.
   * @default "lon1"
   */
  readonly operatorRegion?: string;
  /**
   * Round trip between the operator and that region, in milliseconds. Others are as far from the operator as from it.
   * @default 2
   */
  readonly operatorRttMs?: number;
  /**
   * Whether the operator is this near to every region.
   * @default false
   */
  readonly operatorEverywhere?: boolean;
}

/** Between the mirrors and all other locations. */
const MIRROR_RTT_MS = 1;
/** Between two machines of one region, in one data centre. */
const SAME_REGION_RTT_MS = 0.5;

/** The regions of such pairs. */
export function regionsOf(pairs: readonly PairSettings[]): string[] {
  return [...new Set(pairs.flatMap(({ a, b }) => [a, b]))].filter((place) => place !== OPERATOR && place !== MIRROR);
}

/** Every pair of locations of the lab with its round-trip time. */
export function wanMatrix(times: RoundTripSource, options: MatrixOptions): PairSettings[] {
  const near = options.operatorRegion ?? "lon1";
  const regions = [...new Set([near, ...options.regions])];
  const between = (a: string, b: string): number => (a === b ? SAME_REGION_RTT_MS : times.p50(a, b));
  const pairs: PairSettings[] = [
    { a: OPERATOR, b: OPERATOR, rttMs: 0 },
    { a: MIRROR, b: MIRROR, rttMs: 0 },
    { a: MIRROR, b: OPERATOR, rttMs: MIRROR_RTT_MS },
  ];
  const operatorTo = (region: string): number =>
    region === near || options.operatorEverywhere === true ? (options.operatorRttMs ?? 2) : times.p50(near, region);
  regions.forEach((a, i) => {
    for (const b of regions.slice(i)) {
      pairs.push({ a, b, rttMs: between(a, b) });
    }
    pairs.push({ a: OPERATOR, b: a, rttMs: operatorTo(a) });
    pairs.push({ a: MIRROR, b: a, rttMs: MIRROR_RTT_MS });
  });
  return pairs;
}

import type { RoundTripTimePair } from "../wan/round-trip-time-pair";
import { directionsAgree, FEW_SAMPLES, keyOf } from "../wan/round-trip-time-pair";
import { median, percentile95 } from "./statistics";

/** How a round trip was measured, in the words of the file. */
export enum Method {
  /** Read off etcd's own probes: smoothed by etcd, so there is no 95th percentile. */
  PROBES = "etcd's probes",
  /** TCP handshakes between the machines' peer ports. */
  HANDSHAKES = "TCP handshakes",
}

/** The round trips from one member to another. */
export interface Direction {
  readonly from: string;
  readonly to: string;
  readonly method: Method;
  /** Milliseconds, one for each round trip or, of probes, for each reading. */
  readonly samples: readonly number[];
  /** What the kernel has sent that way over open connections, where it was asked. */
  readonly segments?: Segments;
}

/** TCP segments. */
export interface Segments {
  /** With data, whether for the first time or again. */
  readonly sent: number;
  /**
   * Of these, those sent again because they were lost: without those that arrived twice, as the first was only late.
   */
  readonly lost: number;
}

/** A member's name and place. */
export interface PlacedMember {
  readonly name: string;
  readonly location: string;
}

/** The directions combined, by pairs of locations. */
export interface Pairs {
  readonly pairs: readonly RoundTripTimePair[];
  /** What two directions, or two ways to measure, do not agree on. */
  readonly warnings: readonly string[];
  /** The members that nothing was measured between, as `etcd-lon1 and etcd-nyc3`. */
  readonly missing: readonly string[];
}

/** Of fewer segments, a single lost one would outweigh the 0.03 % that make a difference. */
const FEW_SEGMENTS = 10_000;

/**
 * One time for each two locations; where several members share a location, that of the two farthest apart. A round trip
 * is the same path from both ends, and what the machines add differs, so the median is that of the quicker direction;
 * the 95th percentile is of both. Handshakes are preferred to probes. The loss is that of the worse direction.
 */
export function pairsOf(members: readonly PlacedMember[], directions: readonly Direction[]): Pairs {
  const [pairs, warnings, missing] = [new Map<string, RoundTripTimePair>(), [] as string[], [] as string[]];
  for (const [index, one] of members.entries()) {
    for (const other of members.slice(index + 1)) {
      const measured = between(one, other, directions);
      if (measured === undefined) {
        missing.push(`${one.name} and ${other.name}`);
        continue;
      }
      const disagreement = disagreementOf(measured);
      if (disagreement !== undefined) warnings.push(disagreement);
      const pair = pairOf(one.location, other.location, measured);
      const key = keyOf(one.location, other.location);
      pairs.set(key, worse(pairs.get(key), pair));
    }
  }
  return { pairs: [...pairs.values()], warnings, missing };
}

/** Both directions, or the only one, by the better method. */
function between(one: PlacedMember, other: PlacedMember, directions: readonly Direction[]): Direction[] | undefined {
  const both = directions.filter(
    ({ from, to, samples }) =>
      samples.length > 0 && ((from === one.name && to === other.name) || (from === other.name && to === one.name)),
  );
  return [Method.HANDSHAKES, Method.PROBES]
    .map((method) => both.filter((direction) => direction.method === method))
    .find((found) => found.length > 0);
}

function pairOf(a: string, b: string, measured: readonly Direction[]): RoundTripTimePair {
  const samples = measured.flatMap((direction) => direction.samples);
  const [{ method }] = measured;
  const percentile = method === Method.HANDSHAKES && samples.length >= FEW_SAMPLES;
  const p50 = Math.min(...measured.map((direction) => median(direction.samples)));
  return {
    a,
    b,
    p50: rounded(p50),
    ...(percentile ? { p95: rounded(Math.max(p50, percentile95(samples))) } : {}),
    samples: samples.length,
    ...lossOf(measured),
    method,
  };
}

/** Empty where too little has been sent to tell. */
function lossOf(measured: readonly Direction[]): { readonly lossPercent?: number } {
  const shares = measured.flatMap(({ segments }) =>
    segments !== undefined && segments.sent >= FEW_SEGMENTS ? [(100 * segments.lost) / segments.sent] : [],
  );
  return shares.length === 0 ? {} : { lossPercent: Math.round(Math.max(...shares) * 1000) / 1000 };
}

function worse(known: RoundTripTimePair | undefined, pair: RoundTripTimePair): RoundTripTimePair {
  if (known === undefined) return pair;
  const [near, far] = pair.p50 > known.p50 ? [known, pair] : [pair, known];
  if (near.lossPercent === undefined) return far;
  return { ...far, lossPercent: Math.max(near.lossPercent, far.lossPercent ?? 0) };
}

function disagreementOf(measured: readonly Direction[]): string | undefined {
  if (measured.length < 2) return undefined;
  const [small, large] = [...measured].sort((a, b) => median(a.samples) - median(b.samples));
  const [least, most] = [median(small.samples), median(large.samples)];
  if (directionsAgree(least, most)) return undefined;
  return (
    `${large.from} to ${large.to} took ${rounded(most)} ms, but back ${rounded(least)} ms; the smaller counts. ` +
    `A round trip is the same from both ends, so ${large.from} was busy: look at its load, and measure again`
  );
}

/** To a tenth: smaller differences are the machines', not the distance's. */
function rounded(ms: number): number {
  return Math.max(0.1, Math.round(ms * 10) / 10);
}

import { MIRROR, OPERATOR, type PairSettings, type RoundTripSource } from "terraform-lab";

/** A WAN, of which a rig can have several: its regions, and the loss and jitter between them. */
export interface NetworkCondition {
  /** Letters, digits and hyphens, for example "rough". */
  readonly name: string;
  readonly regions: readonly string[];
  /** Per cent of packets lost between two regions, in each direction. @default 0 */
  readonly lossPercent?: number;
  /** Mean extra delay of a round trip between two regions; see {@link PairSettings.jitterMs}. @default 0 */
  readonly jitterMs?: number;
}

/** Round trip between two machines of one region, as in the lab. */
export const SAME_REGION_RTT_MS = 0.5;

/** Round trip from the operator to every machine: short, as the operator only observes. */
const OPERATOR_RTT_MS = 0.5;

/** Name of a region's location. The WAN has settings by pair of locations, so each condition has its own locations. */
export function locationName(condition: NetworkCondition, region: string): string {
  return `${region}.${condition.name}`;
}

/** The settings of every pair of locations: real distances within a condition, no connection between conditions. */
export function rigMatrix(times: RoundTripSource, conditions: readonly NetworkCondition[]): PairSettings[] {
  const places = conditions.flatMap((condition) =>
    condition.regions.map((region) => ({ condition, region, name: locationName(condition, region) })),
  );
  const pairs: PairSettings[] = [
    { a: OPERATOR, b: OPERATOR, rttMs: 0 },
    { a: MIRROR, b: MIRROR, rttMs: 0 },
    { a: MIRROR, b: OPERATOR, rttMs: OPERATOR_RTT_MS },
  ];
  places.forEach((a, index) => {
    pairs.push({ a: OPERATOR, b: a.name, rttMs: OPERATOR_RTT_MS }, { a: MIRROR, b: a.name, rttMs: 0, down: true });
    for (const b of places.slice(index)) {
      const pair = { a: a.name, b: b.name };
      if (a.name === b.name) pairs.push({ ...pair, rttMs: SAME_REGION_RTT_MS });
      else if (a.condition !== b.condition) pairs.push({ ...pair, rttMs: 0, down: true });
      else {
        const { lossPercent: loss = 0, jitterMs = 0 } = a.condition;
        pairs.push({ ...pair, rttMs: times.p50(a.region, b.region), jitterMs, loss });
      }
    }
  });
  return pairs;
}

/** Assigns the lab's public addresses, from 198.18.N.10 on: a /24 for each location. */
export class AddressPlan {
  private readonly used = new Map<string, number>();
  private readonly subnets: readonly string[];

  public constructor(conditions: readonly NetworkCondition[]) {
    this.subnets = conditions.flatMap((condition) =>
      condition.regions.map((region) => locationName(condition, region)),
    );
  }

  /** The next free address at a location. */
  public next(location: string): string {
    const subnet = this.subnets.indexOf(location) + 1;
    if (subnet === 0) {
      throw new Error(`"${location}" is no location of this rig; it has ${this.subnets.join(", ")}`);
    }
    const host = this.used.get(location) ?? 10;
    if (host > 254) throw new Error(`${location} has no address left: 245 are in use`);
    this.used.set(location, host + 1);
    return `198.18.${subnet}.${host}`;
  }
}

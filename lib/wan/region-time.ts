import type { RoundTripTimePair } from "./round-trip-time-pair";

/** A round trip between two regions, without their names. */
export type RegionTime = Pick<RoundTripTimePair, "p50" | "p95" | "estimated">;

import fc from "fast-check";

import type { RoundTripTimePair } from "../../lib/wan";
import { RoundTripTimes } from "../../lib/wan";

/** A table of its own locations m0, m1, ... with any times the validation lets through, and members among them. */
export interface AnyCluster {
  readonly roundTripTimes: RoundTripTimes;
  readonly memberLocations: string[];
  readonly clientLocations: string[];
}

/** Any cluster of 1 to 7 members, several of which may share a location, and clients anywhere. */
export const anyCluster: fc.Arbitrary<AnyCluster> = fc.integer({ min: 2, max: 6 }).chain((size) => {
  const names = Array.from({ length: size }, (_unused, index) => `m${index}`);
  const count = (size * (size - 1)) / 2;
  const time = fc.integer({ min: 1, max: 20_000 }).map((tenths) => tenths / 10);
  return fc
    .record({
      p50: fc.array(time, { minLength: count, maxLength: count }),
      jitter: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: count, maxLength: count }),
      loss: fc.array(fc.integer({ min: 0, max: 50 }), { minLength: count, maxLength: count }),
      memberLocations: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 7 }),
      clientLocations: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 }),
    })
    .map(({ p50, jitter, loss, memberLocations, clientLocations }) => {
      const pairs = names.flatMap((a, index) => names.slice(index + 1).map((b) => ({ a, b })));
      return {
        memberLocations,
        clientLocations,
        roundTripTimes: RoundTripTimes.of(
          pairs.map((names, index): RoundTripTimePair => ({
            ...names,
            p50: p50[index],
            p95: p50[index] + (2000 - p50[index]) * jitter[index],
            lossPercent: loss[index],
          })),
        ),
      };
    });
});

import { ValidationError } from "../validation-error";
import { QuorumModel } from "./quorum";
import type { RoundTripTimes } from "./round-trip-times";

/** The distances that a tuning is derived from, in milliseconds, and the loss. */
export interface TuningDistances {
  /** Largest median round trip between members. */
  readonly median: number;
  /** Largest 95th percentile between members. */
  readonly p95: number;
  /** Largest 95th percentile between a client and a member, or between members where that is larger. */
  readonly clientP95: number;
  /** The slowest write of any client while all is well, whichever member leads: the sum of 95th percentiles. */
  readonly worstWriteP95: number;
  /** The slowest write from when the client's member has it: without the round trip between client and member. */
  readonly worstWriteAtMemberP95: number;
  /** Largest loss between members, in percent. */
  readonly lossPercent: number;
}

/** @throws ValidationError when there is no member, or a round-trip time is missing */
export function distancesOf(
  roundTripTimes: RoundTripTimes,
  memberLocations: string[],
  clientLocations: string[] = [],
): TuningDistances {
  if (memberLocations.length === 0) {
    throw new ValidationError({
      what: "memberLocations",
      given: "none",
      expected: "one entry for each member",
      mend: "list the members' locations",
    });
  }
  const p95 = roundTripTimes.largestP95Among(memberLocations);
  const toClients = clientLocations.flatMap((client) =>
    memberLocations.map((member) => roundTripTimes.p95Between(client, member)),
  );
  return {
    p95,
    median: roundTripTimes.largestAmong(memberLocations),
    clientP95: Math.max(p95, ...toClients),
    worstWriteP95: worstWriteP95(roundTripTimes, memberLocations, [...memberLocations, ...clientLocations]),
    worstWriteAtMemberP95: worstWriteP95(roundTripTimes, memberLocations, memberLocations),
    lossPercent: roundTripTimes.largestLossPercentAmong(memberLocations),
  };
}

/** The slowest write from any of these places, each through the member nearest to it, with the leader at any member. */
function worstWriteP95(roundTripTimes: RoundTripTimes, memberLocations: string[], places: string[]): number {
  const quorum = new QuorumModel({ roundTripTimes, memberLocations });
  const writes = places.flatMap((place) => {
    const nearest = quorum.nearestMember(place);
    const way = roundTripTimes.p95Between(place, nearest);
    return memberLocations.map(
      (leader) => way + roundTripTimes.p95Between(nearest, leader) + quorum.commitP95Ms(leader),
    );
  });
  return Math.max(...writes);
}

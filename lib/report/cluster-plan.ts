import { cloudsOf, onePerMetro } from "../wan/candidates";
import type { ClientLocation } from "../wan/client-location";
import type { LeaderChoice } from "../wan/leader-choice";
import { LeaderPlacement } from "../wan/leader-placement";
import type { LossReport } from "../wan/loss-report";
import { nearestLocations } from "../wan/nearest";
import { PlaceNames } from "../wan/place-names";
import { Placement } from "../wan/placement";
import { QuorumModel } from "../wan/quorum";
import type { RoundTripTimes } from "../wan/round-trip-times";
import { Tuning } from "../wan/tuning";
import { TuningProfile } from "../wan/tuning-profile";
import type { TuningLine } from "./tuning-lines";
import { tuningLines } from "./tuning-lines";

/** A member, as a plan needs it. */
export interface PlannedMember {
  readonly name: string;
  readonly location: string;
}

/** What a plan is made from: the inputs of an EtcdCluster that distance matters to. */
export interface ClusterPlanProps {
  readonly roundTripTimes: RoundTripTimes;
  readonly members: readonly PlannedMember[];
  /** @default - one of weight 1 at each location that has a member */
  readonly clients?: readonly ClientLocation[];
  /** @default TuningProfile.BALANCED */
  readonly profile?: TuningProfile;
  /** Names of members that the leader should be on, best first. @default - computed */
  readonly preferredLeaders?: readonly string[];
  /** @default - derived */
  readonly heartbeatMs?: number;
  /** @default - derived */
  readonly electionMs?: number;
  /** Clouds whose regions may be advised, or `metros`. @default - those of the members */
  readonly clouds?: readonly string[];
}

/** A place with its names; those of a location that is not on the map are missing. */
export interface Place {
  readonly location: string;
  /** For sentences: the city, with the slug where two places share it. */
  readonly title: string;
  readonly country?: string;
  readonly continent?: string;
}

/** The round trip between two places. */
export interface Link {
  readonly a: string;
  readonly b: string;
  readonly p50: number;
  readonly p95: number;
  /** Worked out from geography. */
  readonly estimated: boolean;
  /** Whether a commit of the best leader waits for this round trip. */
  readonly commits: boolean;
}

/** A client location, and its latency under each leader. */
export interface ClientRow extends Place {
  readonly weight: number;
  readonly nearestMember: string;
  /** A read that may be a little old. */
  readonly serializableReadMs: number;
  /** In the order of the plan's leaders; linearizable reads take as long. */
  readonly writes: readonly { readonly leader: string; readonly ms: number }[];
}

/** A place for the leader. */
export interface LeaderRow extends LeaderChoice {
  readonly commitP95Ms: number;
}

/** What is left after a loss. */
export interface LossRow extends LossReport {
  readonly kind: "location" | "continent";
  readonly title: string;
  /** The locations whose members go. */
  readonly locations: readonly string[];
}

/** All that the model says about a cluster: plain data, times in milliseconds. */
export interface ClusterPlan {
  readonly members: readonly (PlannedMember & Place)[];
  readonly quorumSize: number;
  readonly faultTolerance: number;
  /** Best first: the order to fall back in. */
  readonly leaders: readonly LeaderRow[];
  readonly clients: readonly ClientRow[];
  readonly links: readonly Link[];
  readonly losses: readonly LossRow[];
  readonly survivesAnyLocation: boolean;
  readonly survivesAnyContinent: boolean;
  readonly profile: TuningProfile;
  readonly tuning: readonly TuningLine[];
  readonly advice: readonly string[];
  readonly warnings: readonly string[];
  readonly source: string;
  readonly measuredAt?: string;
}

/**
 * Computes everything that a plan or a report shows.
 *
 * @throws ValidationError when a round-trip time is missing, or as `QuorumModel` and `Tuning.derive` do
 */
export function planCluster(props: ClusterPlanProps): ClusterPlan {
  const { roundTripTimes, members } = props;
  const memberLocations = members.map((member) => member.location);
  const clients: ClientLocation[] = [
    ...(props.clients ?? [...new Set(memberLocations)].map((location) => ({ location }))),
  ];
  const clientLocations = clients.map((client) => client.location);
  const model = new QuorumModel({ roundTripTimes, memberLocations, clientLocations: clients });
  const tuned = { roundTripTimes, memberLocations, clientLocations, profile: props.profile };
  const tuning = Tuning.derive({ ...tuned, heartbeatMs: props.heartbeatMs, electionMs: props.electionMs });
  const names = new PlaceNames(roundTripTimes, [...memberLocations, ...clientLocations]);
  const placement = new LeaderPlacement(model, members, tuning, { preferred: [...(props.preferredLeaders ?? [])] });
  const leaders = leaderRows(model, placement, members);
  const place = (location: string): Place => {
    const region = roundTripTimes.region(location);
    return { location, title: names.of(location), country: region?.country, continent: region?.continent };
  };
  const loss = (kind: LossRow["kind"], report: LossReport): LossRow => ({
    kind,
    ...report,
    title: names.of(report.lost),
    locations: [...new Set(memberLocations)].filter(
      (location) =>
        location === report.lost ||
        (kind === "continent" && roundTripTimes.region(location)?.continent.valueOf() === report.lost),
    ),
  });
  return {
    members: members.map((member) => ({ ...member, ...place(member.location) })),
    quorumSize: model.quorumSize,
    faultTolerance: model.faultTolerance,
    leaders,
    clients: clients.map(({ location, weight }) => ({
      ...place(location),
      weight: weight ?? 1,
      nearestMember: model.nearestMember(location),
      serializableReadMs: model.serializableReadMs(location),
      writes: leaders.map((leader) => ({ leader: leader.location, ms: model.writeMs(location, leader.location) })),
    })),
    links: linksAmong(roundTripTimes, model, leaders[0]),
    losses: [
      ...model.lossOfEachLocation().map((report) => loss("location", report)),
      ...model.lossOfEachContinent().map((report) => loss("continent", report)),
    ],
    survivesAnyLocation: model.survivesLossOfAnyLocation(),
    survivesAnyContinent: model.survivesLossOfAnyContinent(),
    profile: props.profile ?? TuningProfile.BALANCED,
    tuning: tuningLines(tuning, Tuning.derive(tuned), tuned),
    advice: Placement.advise({
      roundTripTimes,
      memberLocations,
      clientLocations: clients,
      candidates: reachable(
        roundTripTimes,
        [...memberLocations, ...clientLocations],
        props.clouds ?? cloudsOf(roundTripTimes, memberLocations),
      ),
    }).map((advice) => advice.sentence),
    warnings: [...evenCount(model), ...tuning.warnings],
    source: roundTripTimes.sourceAmong([...new Set([...memberLocations, ...clientLocations])]),
    measuredAt: roundTripTimes.measuredAtAmong([...new Set([...memberLocations, ...clientLocations])]),
  };
}

/** A row for each place with a member, in the order that leadership falls back in. */
function leaderRows(model: QuorumModel, placement: LeaderPlacement, members: readonly PlannedMember[]): LeaderRow[] {
  const locations = placement.order.map((name) => members.filter((member) => member.name === name)[0].location);
  return [...new Set(locations)].map((location) => ({
    ...model.leaderAt(location),
    commitP95Ms: model.commitP95Ms(location),
  }));
}

/** Each two members' round trip; those to the nearest members that complete the leader's quorum are marked. */
function linksAmong(times: RoundTripTimes, model: QuorumModel, leader: LeaderRow): Link[] {
  const locations = [...new Set(model.memberLocations)];
  const quorum = nearestLocations(times, leader.location, model.memberLocations).slice(0, model.quorumSize);
  return locations.flatMap((a, index) =>
    locations.slice(index + 1).map((b) => ({
      a,
      b,
      p50: times.between(a, b),
      p95: times.p95Between(a, b),
      estimated: times.isEstimated(a, b),
      commits: (a === leader.location && quorum.includes(b)) || (b === leader.location && quorum.includes(a)),
    })),
  );
}

/**
 * Where a member could move to: the locations with all the times that this takes, which a user's own table may lack.
 */
function reachable(times: RoundTripTimes, places: string[], clouds: readonly string[]): string[] {
  const known = onePerMetro(times, places, clouds).filter((candidate) =>
    places.every((place) => times.has(candidate, place)),
  );
  return known.filter((candidate) => known.every((other) => times.has(candidate, other)));
}

function evenCount(model: QuorumModel): string[] {
  const count = model.memberCount;
  return count % 2 === 0
    ? [
        `${count} members tolerate the loss of ${model.faultTolerance}, no more than ${count - 1} would. ` +
          `Choose ${count - 1} or ${count + 1}.`,
      ]
    : [];
}

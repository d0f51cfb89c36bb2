import type { PlacementAdvice, PlacementAdviceProps } from "./placement-advice";
import { advise } from "./placement-advice";
import type { PlacementSearchProps } from "./placement-search";
import { PlacementSearch } from "./placement-search";
import { PlaceNames } from "./place-names";
import type { LeaderChoice } from "./leader-choice";
import { QuorumModel } from "./quorum";

/** Where members are, or could be, and what that means. */
export class Placement {
  /**
   * The best placements, best first: by the weighted mean of the clients' writes with the leader at its best place, then
   * by the worst write, then by the largest round trip between members (a shorter failover), then by name.
   *
   * Exact: tries every combination (6435 for seven of fifteen regions, 116280 where a location may take several;
   * 480700 for seven of all metropolitan areas, which takes half a minute or more).
   *
   * @throws ValidationError when nothing meets the conditions, saying which of them is in the way; when a round-trip time is
   *   missing
   */
  public static search(props: PlacementSearchProps): Placement[] {
    const search = new PlacementSearch(props);
    return search.best(props.results ?? 5).map((memberLocations) => new Placement(props, memberLocations));
  }

  /**
   * What moving any one member would change, the most helpful move first; only moves that shorten the mean write, or keep
   * the cluster alive through an outage that stops it now. Empty where nothing helps.
   *
   * @throws ValidationError when a round-trip time is missing
   */
  public static advise(props: PlacementAdviceProps): PlacementAdvice[] {
    return advise(props);
  }

  /** Where the members are, sorted by name. */
  public readonly memberLocations: string[];
  /** The best place for the leader, and what it means for the clients. */
  public readonly leader: LeaderChoice;
  /** The largest median round trip between members in milliseconds: what the election timeout derives from. */
  public readonly largestRoundTripMs: number;
  /** Whether a quorum is left whichever one location is lost. */
  public readonly survivesLossOfAnyLocation: boolean;
  /** Whether a quorum is left whichever one continent is lost. */
  public readonly survivesLossOfAnyContinent: boolean;
  /**
   * The weighted mean of the clients' writes, in milliseconds, after the worst loss of one location that leaves a quorum,
   * with the leader then at its best place.
   *
   * @default - no location may be lost
   */
  public readonly meanWriteAfterLossMs?: number;

  private readonly model: QuorumModel;
  private readonly names: PlaceNames;

  private constructor(props: PlacementSearchProps, memberLocations: string[]) {
    const { roundTripTimes, clientLocations } = props;
    const model = new QuorumModel({ roundTripTimes, memberLocations, clientLocations });
    const losses = model.lossOfEachLocation().flatMap((report) => report.leader ?? []);
    this.model = model;
    this.names = new PlaceNames(roundTripTimes, [
      ...memberLocations,
      ...clientLocations.map((client) => client.location),
    ]);
    this.memberLocations = memberLocations;
    this.leader = model.bestLeader();
    this.largestRoundTripMs = roundTripTimes.largestAmong(memberLocations);
    this.survivesLossOfAnyLocation = model.survivesLossOfAnyLocation();
    this.survivesLossOfAnyContinent = model.survivesLossOfAnyContinent();
    this.meanWriteAfterLossMs =
      losses.length === 0 ? undefined : Math.max(...losses.map((choice) => choice.meanWriteMs));
  }

  /** The placement in a sentence, for reports. */
  public describe(): string {
    const fatal = this.names.least(this.model.outagesThatStopTheCluster());
    return (
      `members in ${this.names.all(this.memberLocations)}, leader in ${this.names.of(this.leader.location)}: ` +
      `writes take ${Math.round(this.leader.meanWriteMs)} ms on average, ${Math.round(this.leader.worstWriteMs)} ms at worst; ` +
      (fatal === "" ? "no outage of a single place stops the cluster" : `an outage of ${fatal} stops the cluster`)
    );
  }
}

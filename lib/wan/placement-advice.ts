import { list, number, read, required, requireInteger, shape, text } from "../validation";
import { cloudsOf, onePerMetro } from "./candidates";
import { PlaceNames } from "./place-names";
import type { ClientLocation } from "./client-location";
import { CLIENT_LOCATION, FORMER_CLIENTS } from "./client-location";
import { QuorumModel, ROUND_TRIP_TIMES } from "./quorum";
import { MOST_RESULTS } from "./placement-search";
import type { RoundTripTimes } from "./round-trip-times";

/** What {@link Placement.advise} looks at: a cluster as it is. */
export interface PlacementAdviceProps {
  /** The round-trip times. They must know each two of members and candidates, and each client with each of these. */
  readonly roundTripTimes: RoundTripTimes;
  /** Where the voting members are now. */
  readonly memberLocations: string[];
  /**
   * Where the clients are.
   *
   * @default - one of weight 1 at each location that has a member
   */
  readonly clientLocations?: ClientLocation[];
  /**
   * Locations a member could move to.
   *
   * @default - of each metro without a member, the newest data centre that the round-trip times know (`nyc3`, not `nyc1`),
   *   of the built-in ones those in the clouds that the members are in
   */
  readonly candidates?: string[];
  /**
   * How many pieces of advice to return, the most helpful first.
   *
   * @default 5
   */
  readonly results?: number;
}

/** What {@link PlacementAdviceProps} are made of. */
const PLACEMENT_ADVICE = shape<PlacementAdviceProps>(
  {
    roundTripTimes: required(ROUND_TRIP_TIMES),
    memberLocations: required(list(text)),
    clientLocations: list(CLIENT_LOCATION),
    candidates: list(text),
    results: number,
  },
  { former: FORMER_CLIENTS },
);

/** The effect of moving one member. Times are medians in milliseconds. */
export interface PlacementAdvice {
  /** The whole thing in words. */
  readonly sentence: string;
  /** Where the member is now. */
  readonly fromLocation: string;
  /** Where it would go. */
  readonly toLocation: string;
  /** The best place for the leader afterwards. */
  readonly leader: string;
  /** The weighted mean of the clients' writes now, with the leader at its best place. */
  readonly meanWriteBeforeMs: number;
  /** The same after the move. */
  readonly meanWriteAfterMs: number;
  /** Locations and continents whose outage stops the cluster after the move, but not now. */
  readonly newlyFatal: string[];
  /** Locations and continents whose outage stops the cluster now, but not after the move. */
  readonly noLongerFatal: string[];
}

/**
 * See `Placement.advise`.
 *
 * @internal
 */
export function advise(props: PlacementAdviceProps): PlacementAdvice[] {
  read("", props, required(PLACEMENT_ADVICE));
  requireInteger("results", props.results ?? 5, 1, MOST_RESULTS, "");
  const { roundTripTimes, memberLocations } = props;
  const taken = [...new Set(memberLocations)];
  const clients = props.clientLocations ?? taken.map((location) => ({ location }));
  const now = new QuorumModel({ roundTripTimes, memberLocations, clientLocations: clients });
  const candidates = props.candidates ?? onePerMetro(roundTripTimes, taken, cloudsOf(roundTripTimes, taken));
  const targets = candidates.filter((location) => !taken.includes(location));
  return taken
    .flatMap((from) => targets.map((to) => new Move(roundTripTimes, clients, now, from, to)))
    .filter((move) => move.helps)
    .sort((x, y) => x.risk - y.risk || y.gain - x.gain)
    .slice(0, props.results ?? 5)
    .map((move) => move.advice());
}

/** One client's write, before and after. */
interface Change {
  readonly client: ClientLocation;
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** One member going from one place to another. */
class Move {
  /** How many more outages would stop the cluster than now; negative for fewer. */
  public readonly risk: number;
  /** What the mean write gains, in whole nanoseconds, so that rounding of the sums does not decide. */
  public readonly gain: number;

  private readonly after: QuorumModel;
  private readonly newlyFatal: string[];
  private readonly noLongerFatal: string[];

  public constructor(
    private readonly roundTripTimes: RoundTripTimes,
    private readonly clients: ClientLocation[],
    private readonly now: QuorumModel,
    private readonly from: string,
    private readonly to: string,
  ) {
    const moved = now.memberLocations.indexOf(from);
    const memberLocations = now.memberLocations.map((location, index) => (index === moved ? to : location));
    this.after = new QuorumModel({ roundTripTimes, clientLocations: clients, memberLocations });
    this.gain = Math.round((now.bestLeader().meanWriteMs - this.after.bestLeader().meanWriteMs) * 1e6);
    const [fatalNow, fatalAfter] = [now.outagesThatStopTheCluster(), this.after.outagesThatStopTheCluster()];
    this.newlyFatal = fatalAfter.filter((lost) => !fatalNow.includes(lost));
    this.noLongerFatal = fatalNow.filter((lost) => !fatalAfter.includes(lost));
    this.risk = this.newlyFatal.length - this.noLongerFatal.length;
  }

  public get helps(): boolean {
    return this.gain > 0 || (this.noLongerFatal.length > 0 && this.newlyFatal.length === 0);
  }

  public advice(): PlacementAdvice {
    return {
      sentence: this.sentence(),
      fromLocation: this.from,
      toLocation: this.to,
      leader: this.after.bestLeader().location,
      meanWriteBeforeMs: this.now.bestLeader().meanWriteMs,
      meanWriteAfterMs: this.after.bestLeader().meanWriteMs,
      newlyFatal: this.newlyFatal,
      noLongerFatal: this.noLongerFatal,
    };
  }

  private sentence(): string {
    const names = new PlaceNames(this.roundTripTimes, [
      ...this.now.memberLocations,
      ...this.clients.map((client) => client.location),
      this.to,
    ]);
    const [before, after] = [this.now.bestLeader().location, this.after.bestLeader().location];
    const move = `moving the ${names.of(this.from)} member to ${names.of(this.to)}`;
    const leader =
      before === after
        ? `with the leader in ${names.of(after)}, ${move} `
        : `${move}, and the leader from ${names.of(before)} to ${names.of(after)}, `;
    return leader + this.effectOnWrites(names) + this.effectOnOutages(names);
  }

  private effectOnWrites(names: PlaceNames): string {
    const changes = this.changes();
    const most = changes.reduce((best, change) => (compareChanges(change, best) > 0 ? change : best));
    const least = changes.reduce((worst, change) => (weighed(change) < weighed(worst) ? change : worst));
    const from = (change: Change): string =>
      `a write in ${names.of(change.client.location)} from ${Math.round(change.beforeMs)} to ${Math.round(change.afterMs)} ms`;
    if (weighed(most) <= 0 && weighed(least) >= 0) {
      return "leaves writes as fast as they are";
    }
    if (weighed(most) <= 0) {
      return `takes ${from(least)}`;
    }
    return weighed(least) < 0 ? `takes ${from(most)} (but ${from(least)})` : `takes ${from(most)}`;
  }

  private effectOnOutages(names: PlaceNames): string {
    const [fatal, noLonger] = [names.least(this.newlyFatal), names.any(this.noLongerFatal)];
    if (fatal !== "" && noLonger !== "") {
      return `, but then an outage of ${fatal} instead of ${noLonger} stops the cluster`;
    }
    if (fatal !== "") {
      return `, but then an outage of ${fatal} stops the cluster`;
    }
    return noLonger === "" ? "" : `, and an outage of ${noLonger} no longer stops the cluster`;
  }

  private changes(): Change[] {
    const [before, after] = [this.now.bestLeader().location, this.after.bestLeader().location];
    return this.clients
      .filter((client) => (client.weight ?? 1) > 0)
      .map((client) => ({
        client,
        beforeMs: this.now.writeMs(client.location, before),
        afterMs: this.after.writeMs(client.location, after),
      }));
  }
}

/** By gain; of two equal gains, that of the slower write counts for more. */
function compareChanges(x: Change, y: Change): number {
  return Math.round((weighed(x) - weighed(y)) * 1e6) || x.beforeMs - y.beforeMs;
}

/** The gain of a change, times the clients' weight. */
function weighed(change: Change): number {
  return (change.beforeMs - change.afterMs) * (change.client.weight ?? 1);
}

import { list, number, oneOf, read, required, requireInteger, shape, text } from "../validation";
import { ValidationError } from "../validation-error";
import { cloudsOf, onePerMetro } from "./candidates";
import { FailureDomain } from "./failure-domain";
import type { ClientLocation } from "./client-location";
import { CLIENT_LOCATION, FORMER_CLIENTS } from "./client-location";
import type { Writes } from "./leader-choice";
import { compareMs, compareWrites } from "./leader-choice";
import { QuorumModel, ROUND_TRIP_TIMES } from "./quorum";
import type { RoundTripTimes } from "./round-trip-times";

/** What {@link Placement.search} looks for. */
export interface PlacementSearchProps {
  /** The round-trip times. They must know each two of the candidates, and each client with each candidate. */
  readonly roundTripTimes: RoundTripTimes;
  /** Where the clients are: the best placement is the one that serves them. */
  readonly clientLocations: ClientLocation[];
  /**
   * How many voting members: 3 to 7. An even number costs a machine and survives no more than one less.
   *
   * @default 3
   */
  readonly memberCount?: number;
  /**
   * Locations to choose from.
   *
   * @default - of each metro the newest data centre that the round-trip times know (`nyc3`, not `nyc1`), or what
   *   `mustInclude` names there; of the built-in ones those in the clouds of `mustInclude` and the clients, if any
   */
  readonly candidates?: string[];
  /**
   * Locations that get a member in any case; twice for two.
   *
   * @default - none
   */
  readonly mustInclude?: string[];
  /**
   * What must be allowed to fail with a quorum left.
   *
   * @default FailureDomain.CONTINENT
   */
  readonly mustSurvive?: FailureDomain;
  /**
   * How many members may be in one location.
   *
   * @default 1
   */
  readonly mostPerLocation?: number;
  /**
   * How many of the best to return.
   *
   * @default 5
   */
  readonly results?: number;
}

/** What {@link PlacementSearchProps} are made of. */
const PLACEMENT_SEARCH = shape<PlacementSearchProps>(
  {
    roundTripTimes: required(ROUND_TRIP_TIMES),
    clientLocations: required(list(CLIENT_LOCATION)),
    memberCount: number,
    candidates: list(text),
    mustInclude: list(text),
    mustSurvive: oneOf(FailureDomain, "FailureDomain"),
    mostPerLocation: number,
    results: number,
  },
  { former: FORMER_CLIENTS },
);

/** More are of no use, and a search must end. */
export const MOST_RESULTS = 1000;

/** etcd's guide advises no more. */
const MOST_MEMBERS = 7;

/** How one set of members scores, with the leader at its best place; see `Placement.search` for the order. */
interface Score extends Writes {
  readonly members: number[];
  readonly span: number;
  afterLoss?: number;
}

/**
 * Tries every combination on a matrix of numbers: the names are looked up once.
 *
 * @internal
 */
export class PlacementSearch {
  private readonly candidates: string[];
  private readonly memberCount: number;
  private readonly most: number;
  private readonly mustSurvive: FailureDomain;
  /** Between candidates, in ms. */
  private readonly between: number[][];
  /** From each client to each candidate, in ms. */
  private readonly fromClients: number[][];
  private readonly weights: number[];
  private readonly totalWeight: number;
  /** For each candidate the index of the first one in the same failure domain. */
  private readonly domains: number[];
  /** For each candidate how many members it must get. */
  private readonly required: number[];

  public constructor(private readonly props: PlacementSearchProps) {
    read("", props, required(PLACEMENT_SEARCH));
    const { roundTripTimes, clientLocations: clients } = props;
    const included = props.mustInclude ?? [];
    const clouds = cloudsOf(roundTripTimes, [...included, ...clients.map((client) => client.location)]);
    this.candidates = [
      ...new Set([...(props.candidates ?? onePerMetro(roundTripTimes, included, clouds)), ...included]),
    ].sort();
    requireInteger("results", props.results ?? 5, 1, MOST_RESULTS, "");
    this.memberCount = props.memberCount ?? 3;
    this.most = props.mostPerLocation ?? 1;
    this.mustSurvive = props.mustSurvive ?? FailureDomain.CONTINENT;
    requireCount("placement: memberCount", this.memberCount, 3);
    requireCount("placement: mostPerLocation", this.most, 1);
    requireCandidates(this.candidates);
    roundTripTimes.require(this.candidates);
    const time = (a: string) => (b: string) => roundTripTimes.between(a, b);
    this.between = this.candidates.map((a) => this.candidates.map(time(a)));
    this.fromClients = clients.map((client) => this.candidates.map(time(client.location)));
    // For its check of the clients' weights.
    new QuorumModel({ roundTripTimes, clientLocations: clients, memberLocations: this.candidates });
    this.weights = clients.map((client) => client.weight ?? 1);
    this.totalWeight = this.weights.reduce((sum, weight) => sum + weight, 0);
    const names = this.candidates.map((location, index) => this.domainOf(location, index));
    this.domains = names.map((name) => names.indexOf(name));
    this.required = this.candidates.map((location) => included.filter((name) => name === location).length);
  }

  public best(results: number): string[][] {
    let best: Score[] = [];
    const cut = (): void => {
      best = best.sort((x, y) => this.compare(x, y)).slice(0, results);
    };
    this.combine([], 0, (members) => {
      best.push(this.score(members));
      // Sorting now and then, rather than each time, keeps this linear.
      if (best.length >= 4096 + results) {
        cut();
      }
    });
    cut();
    if (best.length === 0) {
      throw this.impossible();
    }
    return best.map((score) => score.members.map((index) => this.candidates[index]));
  }

  /** Every multiset of candidates that meets the conditions, members ascending. */
  private combine(chosen: number[], from: number, visit: (members: number[]) => void): void {
    const open = this.memberCount - chosen.length;
    if (from === this.candidates.length) {
      if (open === 0) {
        visit(chosen);
      }
      return;
    }
    for (let count = Math.min(open, this.most); count >= this.required[from]; count--) {
      const next = [...chosen, ...Array<number>(count).fill(from)];
      if (count === 0 || this.survives(next, this.domains[from])) {
        this.combine(next, from + 1, visit);
      }
    }
  }

  /** Whether a quorum is left without a domain, whoever is chosen later. */
  private survives(members: number[], domain: number): boolean {
    const together = members.filter((member) => this.domains[member] === domain).length;
    return this.mustSurvive === FailureDomain.MEMBER || together <= this.tolerated;
  }

  /** How many members may fail. */
  private get tolerated(): number {
    return this.memberCount - QuorumModel.quorumOf(this.memberCount);
  }

  private domainOf(location: string, index: number): string {
    const region = this.props.roundTripTimes.region(location);
    switch (this.mustSurvive) {
      case FailureDomain.MEMBER:
        return `${index}`;
      case FailureDomain.LOCATION:
        return location;
      case FailureDomain.METRO:
        return region?.metro ?? location;
      case FailureDomain.CONTINENT:
        if (region === undefined) {
          throw new ValidationError({
            what: `placement: candidate ${JSON.stringify(location)}`,
            given: "a location that is not on the map",
            expected: "locations whose continent is known, as the loss of a continent is to be survived",
            mend: "describe it to the round-trip times, { regions: [new Region({...})] }, or ask for FailureDomain.LOCATION",
          });
        }
        return region.continent;
    }
  }

  private score(members: number[]): Score {
    let span = 0;
    for (const a of members) {
      for (const b of members) {
        span = Math.max(span, this.between[a][b]);
      }
    }
    return { members, span, ...this.bestLeader(members) };
  }

  /** The mean after the worst loss of one location that leaves a quorum. Computed only where all before it is equal. */
  private meanAfterLoss(score: Score): number {
    score.afterLoss ??= Math.max(
      0,
      ...[...new Set(score.members)]
        .map((lost) => score.members.filter((member) => member !== lost))
        .filter((left) => left.length >= QuorumModel.quorumOf(this.memberCount))
        .map((left) => this.bestLeader(left).meanWriteMs),
    );
    return score.afterLoss;
  }

  /** The same arithmetic as in {@link QuorumModel}, for members that are up out of `memberCount`. */
  private bestLeader(up: number[]): Writes {
    const nearest = this.fromClients.map((row) =>
      up.reduce((best, member) => (row[member] < row[best] ? member : best)),
    );
    return [...new Set(up)]
      .map((leader) => this.writesWith(leader, up, nearest))
      .reduce((best, writes) => (compareWrites(writes, best) < 0 ? writes : best));
  }

  private writesWith(leader: number, up: number[], nearest: number[]): Writes {
    // The leader's own place in the list is the smallest: 0 ms to itself.
    const row = this.between[leader];
    const ownIndex = up.indexOf(leader);
    const acknowledged = up.map((member, index) => (index === ownIndex ? 0 : row[member])).sort((x, y) => x - y);
    const commit = acknowledged[QuorumModel.quorumOf(this.memberCount) - 1];
    let sum = 0;
    let worst = 0;
    nearest.forEach((member, client) => {
      const write = this.fromClients[client][member] + this.between[member][leader] + commit;
      sum += write * this.weights[client];
      worst = this.weights[client] > 0 ? Math.max(worst, write) : worst;
    });
    return { meanWriteMs: sum / this.totalWeight, worstWriteMs: worst };
  }

  private compare(x: Score, y: Score): number {
    return (
      compareWrites(x, y) ||
      compareMs(this.meanAfterLoss(x), this.meanAfterLoss(y)) ||
      x.span - y.span ||
      x.members.map((member, index) => member - y.members[index]).find((difference) => difference !== 0) ||
      0
    );
  }

  private impossible(): ValidationError {
    const domains = new Set(this.domains).size;
    return new ValidationError({
      what: "placement",
      given:
        `${this.memberCount} members over ${this.candidates.length} candidates (${domains} by ${this.mustSurvive}), ` +
        `at most ${this.most} per location` +
        (this.props.mustInclude === undefined ? "" : `, with ${this.props.mustInclude.join(", ")}`),
      expected: `a placement that survives the loss of any one ${this.mustSurvive}: at most ${this.tolerated} in each`,
      mend: "add candidates elsewhere, free members that are pinned, allow more per location, or ask for a smaller FailureDomain",
    });
  }
}

function requireCandidates(candidates: readonly string[]): void {
  if (candidates.length > 0) return;
  throw new ValidationError({
    what: "placement: candidates",
    given: "none",
    expected: "the locations that may have a member",
    mend: "list some, or leave it out for all that the round-trip times know",
  });
}

function requireCount(what: string, value: number, least: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= MOST_MEMBERS)) {
    throw new ValidationError({
      what,
      given: `${value}`,
      expected: `a whole number from ${least} to ${MOST_MEMBERS}`,
      mend: "etcd's guide advises three or five, at most seven: each further member slows writes",
    });
  }
}

import { ValidationError } from "../validation-error";
import type { RoundTripTimes } from "./round-trip-times";

/** Clients in one location, and how much they count. */
export interface ClientLocation {
  /** Where the clients are: a location that the round-trip times know. It need not have a member. */
  readonly location: string;
  /**
   * How much these clients count against the others: their share of the writes, in any unit.
   *
   * @default 1
   */
  readonly weight?: number;
}

/** What a {@link QuorumModel} reckons with. */
export interface QuorumModelProps {
  /** The round-trip times. They must know each two of the members, and each client with each member. */
  readonly roundTripTimes: RoundTripTimes;
  /** Where the voting members are that are up, one entry per member: a location with two members is listed twice. */
  readonly memberLocations: string[];
  /**
   * Where the clients are.
   *
   * @default - one of weight 1 at each location that has a member
   */
  readonly clients?: ClientLocation[];
  /**
   * How many voting members are lost, besides those listed. They still count as voters.
   *
   * @default 0
   */
  readonly lostMembers?: number;
}

/** A location as the place for the leader. All times are medians in milliseconds. */
export interface LeaderChoice {
  /** Where the leader would be. */
  readonly location: string;
  /** How long it takes a leader there to commit: the round trip to the nearest members that make up a quorum with it. */
  readonly commitMs: number;
  /** The mean over the clients, by weight, of a write. Linearizable reads take as long. */
  readonly meanWriteMs: number;
  /** A write as the worst-placed client sees it. */
  readonly worstWriteMs: number;
}

/** What is left when a location or a continent is lost. */
export interface LossReport {
  /** The location or continent that is lost. */
  readonly lost: string;
  /** How many members go with it. */
  readonly membersLost: number;
  /** Whether the others still make a quorum. */
  readonly quorumLeft: boolean;
  /** How many more members may then fail. */
  readonly faultToleranceLeft: number;
  /**
   * Where the leader is best placed then.
   *
   * @default - none, as no quorum is left
   */
  readonly leader?: LeaderChoice;
}

/**
 * Quorum arithmetic over distance: what etcd's Raft costs for members in given places, with all of them up or with some
 * lost. All times are median network time in milliseconds; a disk's fsync (1-10 ms) comes on top.
 *
 * - **Commit.** The leader sends an entry to all and commits once a quorum, itself included, has it: after the k-th
 *   smallest round trip to the others, k = quorum - 1.
 * - **Write.** The client talks to the member nearest to it. That member forwards the write to the leader, and answers
 *   when it has learned of the commit: client-member + member-leader + commit.
 * - **Linearizable read.** The member asks the leader for its commit index, and the leader first makes sure of its place
 *   with a heartbeat to a quorum: the same three terms.
 * - **Serializable read.** The member answers from what it has: client-member.
 *
 * Measured against it: round trips of 70, 170 and 230 ms give a client in New York writes of 74, 146 and 406 ms with
 * the leader in New York, London and Singapore; the model says 70, 140 and 400.
 *
 * Immutable; {@link QuorumModel.afterLossOf} and its siblings give the model of what is left. The quorum stays that of all
 * the members: a lost one still counts as a voter.
 */
export class QuorumModel {
  /** How many members make a quorum of that many: more than half. */
  public static quorumOf(members: number): number {
    return Math.floor(members / 2) + 1;
  }

  /** Voting members, lost ones included. */
  public readonly memberCount: number;
  /** How many of them must agree. */
  public readonly quorumSize: number;
  /** Where the members are that are up, one entry per member, in the order given. */
  public readonly memberLocations: string[];

  private readonly roundTripTimes: RoundTripTimes;
  private readonly clients: ClientLocation[];

  /**
   * @throws ValidationError when there is no member, when a time is missing, when a weight is negative or all are 0
   */
  public constructor(props: QuorumModelProps) {
    this.roundTripTimes = props.roundTripTimes;
    this.memberLocations = [...props.memberLocations];
    this.memberCount = props.memberLocations.length + (props.lostMembers ?? 0);
    this.quorumSize = QuorumModel.quorumOf(this.memberCount);
    this.clients = props.clients ?? [...new Set(props.memberLocations)].map((location) => ({ location }));
    requireMembers(this.memberCount);
    requireWeights(this.clients);
    props.roundTripTimes.require(props.memberLocations);
    for (const client of this.clients) {
      for (const member of new Set(props.memberLocations)) {
        props.roundTripTimes.require([client.location, member]);
      }
    }
  }

  /** How many more members may fail with a quorum left; negative when there is none any more. */
  public get faultTolerance(): number {
    return this.memberLocations.length - this.quorumSize;
  }

  /** Whether the members that are up make a quorum. */
  public get hasQuorum(): boolean {
    return this.faultTolerance >= 0;
  }

  /**
   * How long a leader there takes to commit, in milliseconds.
   *
   * @throws ValidationError when no member is up there, or no quorum is left
   */
  public commitMs(leader: string): number {
    return this.roundTripToQuorum(leader, (a, b) => this.roundTripTimes.between(a, b));
  }

  /**
   * The same from 95th percentiles: the slow side of ordinary.
   *
   * @throws ValidationError as {@link QuorumModel.commitMs}
   */
  public commitP95Ms(leader: string): number {
    return this.roundTripToQuorum(leader, (a, b) => this.roundTripTimes.p95Between(a, b));
  }

  /**
   * The location of the member nearest to a client; of two equally near, the one that was given first.
   *
   * @throws ValidationError when no member is up, or a time is missing
   */
  public nearestMember(client: string): string {
    return leastBy(this.distinctLocations("nearest member"), (member) => this.roundTripTimes.between(client, member));
  }

  /**
   * A write from a client through the member nearest to it, in milliseconds.
   *
   * @throws ValidationError as {@link QuorumModel.commitMs}, or when a time is missing
   */
  public writeMs(client: string, leader: string): number {
    return this.writeViaMs(client, this.nearestMember(client), leader);
  }

  /**
   * A write through a member of the client's choice, in milliseconds: etcd's client library, given all endpoints, takes
   * them in turn instead of the nearest.
   *
   * @throws ValidationError as {@link QuorumModel.writeMs}, or when no member is up there
   */
  public writeViaMs(client: string, member: string, leader: string): number {
    this.requireMemberAt(member);
    const commit = this.commitMs(leader);
    return this.roundTripTimes.between(client, member) + this.roundTripTimes.between(member, leader) + commit;
  }

  /**
   * A linearizable read through the member nearest to the client, in milliseconds: as long as a write, see the class.
   *
   * @throws ValidationError as {@link QuorumModel.writeMs}
   */
  public linearizableReadMs(client: string, leader: string): number {
    return this.writeMs(client, leader);
  }

  /**
   * A read that may be a little old, answered by the nearest member alone, in milliseconds. Works without a quorum.
   *
   * @throws ValidationError as {@link QuorumModel.nearestMember}
   */
  public serializableReadMs(client: string): number {
    return this.roundTripTimes.between(client, this.nearestMember(client));
  }

  /**
   * All places for the leader, best first: by the weighted mean of the clients' writes, then by the worst write, then in
   * the order given. This is also the order to fall back in. Empty when no quorum is left.
   */
  public leaders(): LeaderChoice[] {
    if (!this.hasQuorum) {
      return [];
    }
    // Sorting is stable, and rounding to a nanosecond keeps the order of summation from deciding.
    const rounded = (ms: number): number => Math.round(ms * 1e6);
    return this.distinctLocations("leader")
      .map((location) => this.leaderAt(location))
      .sort(
        (x, y) => rounded(x.meanWriteMs) - rounded(y.meanWriteMs) || rounded(x.worstWriteMs) - rounded(y.worstWriteMs),
      );
  }

  /**
   * The best place for the leader.
   *
   * @throws ValidationError when no quorum is left
   */
  public bestLeader(): LeaderChoice {
    this.requireQuorum("leader");
    return this.leaders()[0];
  }

  /**
   * What a leader in one place means for the clients.
   *
   * @throws ValidationError as {@link QuorumModel.commitMs}
   */
  public leaderAt(location: string): LeaderChoice {
    const commitMs = this.commitMs(location);
    const writes = this.clients.map((client) => ({
      ms: this.writeMs(client.location, location),
      weight: client.weight ?? 1,
    }));
    const weights = writes.reduce((sum, write) => sum + write.weight, 0);
    return {
      location,
      commitMs,
      meanWriteMs: writes.reduce((sum, write) => sum + write.ms * write.weight, 0) / weights,
      worstWriteMs: Math.max(...writes.filter((write) => write.weight > 0).map((write) => write.ms)),
    };
  }

  /**
   * The model with all members at a location lost. Its clients are still counted: they may have outlived the machine.
   *
   * @throws ValidationError when no member is up there
   */
  public afterLossOf(location: string): QuorumModel {
    this.requireMemberAt(location);
    return this.keeping(this.memberLocations.filter((member) => member !== location));
  }

  /**
   * The model with one member at a location lost, for locations that have several.
   *
   * @throws ValidationError when no member is up there
   */
  public afterLossOfMember(location: string): QuorumModel {
    this.requireMemberAt(location);
    const lost = this.memberLocations.indexOf(location);
    return this.keeping(this.memberLocations.filter((_member, index) => index !== lost));
  }

  /**
   * The model with all members on a continent lost. A location that is not on the map is a continent of its own.
   *
   * @throws ValidationError when no member is up there
   */
  public afterLossOfContinent(continent: string): QuorumModel {
    const kept = this.memberLocations.filter((member) => this.continentOf(member) !== continent);
    if (kept.length === this.memberLocations.length) {
      throw new ValidationError({
        what: "loss of a continent",
        given: JSON.stringify(continent),
        expected: `one with a member: ${this.continents().join(", ")}`,
        mend: "name one of these",
      });
    }
    return this.keeping(kept);
  }

  /** What the loss of each single location leaves, in the order given. */
  public lossOfEachLocation(): LossReport[] {
    return this.locationsUp().map((location) => this.report(location, this.afterLossOf(location)));
  }

  /** What the loss of each single continent leaves, in the order given. */
  public lossOfEachContinent(): LossReport[] {
    return this.continents().map((continent) => this.report(continent, this.afterLossOfContinent(continent)));
  }

  /** Locations each of which may be lost with a quorum left, in the order given. */
  public locationsThatMayBeLost(): string[] {
    return this.lossOfEachLocation()
      .filter((report) => report.quorumLeft)
      .map((report) => report.lost);
  }

  /** Whether a quorum is left whichever one location is lost. */
  public survivesLossOfAnyLocation(): boolean {
    return this.hasQuorum && this.lossOfEachLocation().every((report) => report.quorumLeft);
  }

  /** Whether a quorum is left whichever one continent is lost. */
  public survivesLossOfAnyContinent(): boolean {
    return this.hasQuorum && this.lossOfEachContinent().every((report) => report.quorumLeft);
  }

  /** Locations each of whose loss stops the cluster, in the order given. */
  public locationsThatStopTheCluster(): string[] {
    return this.lossOfEachLocation()
      .filter((report) => !report.quorumLeft)
      .map((report) => report.lost);
  }

  /** Continents each of whose loss stops the cluster, in the order given. */
  public continentsThatStopTheCluster(): string[] {
    return this.lossOfEachContinent()
      .filter((report) => !report.quorumLeft)
      .map((report) => report.lost);
  }

  /** Locations, then continents, each of whose loss stops the cluster. */
  public outagesThatStopTheCluster(): string[] {
    return [...new Set([...this.locationsThatStopTheCluster(), ...this.continentsThatStopTheCluster()])];
  }

  private keeping(up: string[]): QuorumModel {
    return new QuorumModel({
      roundTripTimes: this.roundTripTimes,
      memberLocations: up,
      clients: this.clients,
      lostMembers: this.memberCount - up.length,
    });
  }

  private report(lost: string, left: QuorumModel): LossReport {
    return {
      lost,
      membersLost: this.memberLocations.length - left.memberLocations.length,
      quorumLeft: left.hasQuorum,
      faultToleranceLeft: Math.max(0, left.faultTolerance),
      ...(left.hasQuorum ? { leader: left.bestLeader() } : {}),
    };
  }

  private locationsUp(): string[] {
    return [...new Set(this.memberLocations)];
  }

  private continents(): string[] {
    return [...new Set(this.memberLocations.map((member) => this.continentOf(member)))];
  }

  private continentOf(location: string): string {
    return this.roundTripTimes.region(location)?.continent ?? location;
  }

  private roundTripToQuorum(leader: string, roundTrip: (a: string, b: string) => number): number {
    this.requireQuorum("commit");
    this.requireMemberAt(leader);
    const others = [...this.memberLocations];
    others.splice(others.indexOf(leader), 1);
    const acknowledged = others.map((member) => roundTrip(leader, member)).sort((x, y) => x - y);
    return this.quorumSize === 1 ? 0 : acknowledged[this.quorumSize - 2];
  }

  private distinctLocations(what: string): string[] {
    if (this.memberLocations.length === 0) {
      throw noneLeft(what, 0, 1);
    }
    return this.locationsUp();
  }

  private requireQuorum(what: string): void {
    if (!this.hasQuorum) {
      throw noneLeft(what, this.memberLocations.length, this.quorumSize);
    }
  }

  private requireMemberAt(location: string): void {
    if (!this.memberLocations.includes(location)) {
      throw new ValidationError({
        what: "member location",
        given: JSON.stringify(location),
        expected: `one with a member that is up: ${this.locationsUp().join(", ")}`,
        mend: "name one of these",
      });
    }
  }
}

function noneLeft(what: string, up: number, needed: number): ValidationError {
  return new ValidationError({
    what,
    given: `a cluster with ${up} members up`,
    expected: `at least ${needed}, a quorum`,
    mend: "ask hasQuorum first",
  });
}

function leastBy(candidates: string[], measure: (candidate: string) => number): string {
  return candidates.reduce((best, candidate) => (measure(candidate) < measure(best) ? candidate : best));
}

function requireMembers(memberCount: number): void {
  if (!Number.isInteger(memberCount) || memberCount < 1) {
    throw new ValidationError({
      what: "memberLocations",
      given: `${memberCount} members`,
      expected: "one entry for each member",
      mend: "list the members' locations; three in three places are the least that survives an outage",
    });
  }
}

function requireWeights(clients: ClientLocation[]): void {
  const weights = clients.map((client) => client.weight ?? 1);
  if (!weights.every((weight) => weight >= 0 && Number.isFinite(weight)) || !weights.some((weight) => weight > 0)) {
    throw new ValidationError({
      what: "clients: weight",
      given: weights.length === 0 ? "no client" : weights.join(", "),
      expected: "numbers of 0 or more, one at least above 0",
      mend: "give each location's share of the writes, or leave the clients out to count each member's location alike",
    });
  }
}

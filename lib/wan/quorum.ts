import { finite, instance, list, number, read, required, requireInteger, shape, shown, text } from "../validation";
import { ValidationError } from "../validation-error";
import type { ClientLocation } from "./client-location";
import { CLIENT_LOCATION, FORMER_CLIENTS, requireWeights } from "./client-location";
import type { LeaderChoice } from "./leader-choice";
import { compareWrites, leaderChoice } from "./leader-choice";
import type { LossReport } from "./loss-report";
import { fatal, lossReport, survivable } from "./loss-report";
import { nearestLocations } from "./nearest";
import { RoundTripTimes } from "./round-trip-times";
import { quorumOf, VotingMembers } from "./voting-members";

/** What a {@link QuorumModel} computes with. */
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
  readonly clientLocations?: ClientLocation[];
  /**
   * How many voting members are lost, besides those listed. They still count as voters.
   *
   * @default 0
   */
  readonly lostMembers?: number;
}

/** A {@link RoundTripTimes}. */
export const ROUND_TRIP_TIMES = instance(RoundTripTimes, "RoundTripTimes.builtIn()");

/** No cluster has more members than this. */
const MOST_LOST = 1000;

/** What {@link QuorumModelProps} are made of. */
const QUORUM_MODEL = shape<QuorumModelProps>(
  {
    roundTripTimes: required(ROUND_TRIP_TIMES),
    memberLocations: required(list(text)),
    clientLocations: list(CLIENT_LOCATION),
    lostMembers: number,
  },
  { former: FORMER_CLIENTS },
);

/**
 * Quorum arithmetic over distance: what etcd's Raft costs for members in given places, with all of them up or with some
 * lost. All times are median network time in milliseconds; a disk's fsync (1-10 ms) comes on top.
 *
 * - **Commit.** The leader sends an entry to all and commits once a quorum, itself included, has it: after the k-th
 *   smallest round trip to the others, k = quorum - 1.
 * - **Write.** The client talks to the member nearest to it. That member forwards the write to the leader, and answers
 *   when it has learned of the commit: client-member + member-leader + commit.
 * - **Linearizable read.** The member asks the leader for its commit index, and the leader first confirms that it still
 *   leads, with a heartbeat to a quorum: the same three terms.
 * - **Serializable read.** The member answers from its own data: client-member.
 *
 * Measured against it: round trips of 70, 170 and 230 ms give a client in New York writes of 74, 146 and 406 ms with
 * the leader in New York, London and Singapore; the model says 70, 140 and 400.
 *
 * Immutable; {@link QuorumModel.afterLossOf} and its siblings give the model of what is left. The quorum stays that of
 * all the members: a lost one still counts as a voter.
 */
export class QuorumModel {
  /** How many members make a quorum of that many: more than half. */
  public static quorumOf(members: number): number {
    read("members", members, required(finite));
    return quorumOf(members);
  }

  /** Voting members, lost ones included. */
  public readonly memberCount: number;
  /** How many of them must agree. */
  public readonly quorumSize: number;
  /** Where the members are that are up, one entry per member, in the order given. */
  public readonly memberLocations: string[];

  private readonly roundTripTimes: RoundTripTimes;
  private readonly clients: ClientLocation[];
  private readonly members: VotingMembers;

  /**
   * @throws ValidationError when there is no member, when a time is missing, when a weight is negative or all are 0
   */
  public constructor(props: QuorumModelProps) {
    read("", props, required(QUORUM_MODEL));
    this.roundTripTimes = props.roundTripTimes;
    this.memberLocations = [...props.memberLocations];
    const lost = props.lostMembers ?? 0;
    requireInteger("lostMembers", lost, 0, MOST_LOST, "");
    this.members = new VotingMembers(this.memberLocations, lost);
    this.memberCount = this.members.count;
    this.quorumSize = this.members.quorumSize;
    this.clients = props.clientLocations ?? this.members.locations.map((location) => ({ location }));
    requireWeights(this.clients);
    props.roundTripTimes.require(this.memberLocations);
    for (const client of this.clients) {
      for (const member of this.members.locations) {
        props.roundTripTimes.require([client.location, member]);
      }
    }
  }

  /** How many more members may fail with a quorum left; negative when there is none any more. */
  public get faultTolerance(): number {
    return this.members.faultTolerance;
  }

  /** Whether the members that are up make a quorum. */
  public get hasQuorum(): boolean {
    return this.members.hasQuorum;
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
    this.members.requireAny("nearest member");
    return nearestLocations(this.roundTripTimes, client, this.members.locations)[0];
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
    this.members.requireAt(member);
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
    // Sorting is stable: of two places that are as good, the one that was given first stays first.
    return this.members.locations.map((location) => this.leaderAt(location)).sort(compareWrites);
  }

  /**
   * The best place for the leader.
   *
   * @throws ValidationError when no quorum is left
   */
  public bestLeader(): LeaderChoice {
    this.members.requireQuorum("leader");
    return this.leaders()[0];
  }

  /**
   * What a leader in one place means for the clients.
   *
   * @throws ValidationError as {@link QuorumModel.commitMs}
   */
  public leaderAt(location: string): LeaderChoice {
    return leaderChoice(location, this.commitMs(location), this.clients, (client) => this.writeMs(client, location));
  }

  /**
   * The model with all members at a location lost. Its clients are still counted: they may have outlived the machine.
   *
   * @throws ValidationError when no member is up there
   */
  public afterLossOf(location: string): QuorumModel {
    return this.keeping(this.members.without(location));
  }

  /**
   * The model with one member at a location lost, for locations that have several.
   *
   * @throws ValidationError when no member is up there
   */
  public afterLossOfMember(location: string): QuorumModel {
    return this.keeping(this.members.withoutOneAt(location));
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
        given: shown(continent),
        expected: `one with a member: ${this.continents().join(", ")}`,
        mend: "name one of these",
      });
    }
    return this.keeping(kept);
  }

  /** What the loss of each single location leaves, in the order given. */
  public lossOfEachLocation(): LossReport[] {
    return this.members.locations.map((location) => this.report(location, this.afterLossOf(location)));
  }

  /** What the loss of each single continent leaves, in the order given. */
  public lossOfEachContinent(): LossReport[] {
    return this.continents().map((continent) => this.report(continent, this.afterLossOfContinent(continent)));
  }

  /** Locations each of which may be lost with a quorum left, in the order given. */
  public locationsThatMayBeLost(): string[] {
    return survivable(this.lossOfEachLocation());
  }

  /** Whether a quorum is left whichever one location is lost. */
  public survivesLossOfAnyLocation(): boolean {
    return this.hasQuorum && this.locationsThatStopTheCluster().length === 0;
  }

  /** Whether a quorum is left whichever one continent is lost. */
  public survivesLossOfAnyContinent(): boolean {
    return this.hasQuorum && this.continentsThatStopTheCluster().length === 0;
  }

  /** Locations each of whose loss stops the cluster, in the order given. */
  public locationsThatStopTheCluster(): string[] {
    return fatal(this.lossOfEachLocation());
  }

  /** Continents each of whose loss stops the cluster, in the order given. */
  public continentsThatStopTheCluster(): string[] {
    return fatal(this.lossOfEachContinent());
  }

  /** Locations, then continents, each of whose loss stops the cluster. */
  public outagesThatStopTheCluster(): string[] {
    return [...new Set([...this.locationsThatStopTheCluster(), ...this.continentsThatStopTheCluster()])];
  }

  private keeping(up: string[]): QuorumModel {
    return new QuorumModel({
      roundTripTimes: this.roundTripTimes,
      memberLocations: up,
      clientLocations: this.clients,
      lostMembers: this.memberCount - up.length,
    });
  }

  private report(lost: string, left: QuorumModel): LossReport {
    return lossReport(lost, this.members, left.members, left.leaders().at(0));
  }

  private continents(): string[] {
    return [...new Set(this.memberLocations.map((member) => this.continentOf(member)))];
  }

  private continentOf(location: string): string {
    return this.roundTripTimes.region(location)?.continent ?? location;
  }

  private roundTripToQuorum(leader: string, roundTrip: (a: string, b: string) => number): number {
    this.members.requireQuorum("commit");
    // The leader itself needs no round trip.
    const others = this.members.withoutOneAt(leader);
    const acknowledged = others.map((member) => roundTrip(leader, member)).sort((x, y) => x - y);
    return this.quorumSize === 1 ? 0 : acknowledged[this.quorumSize - 2];
  }
}

import { flag, list, number, shape, text } from "../validation";
import { ValidationError } from "../validation-error";
import type { QuorumModel } from "./quorum";
import type { Tuning } from "./tuning";

/** Where the leader should be, and whether a timer brings it back there. */
export interface LeaderPlacementProps {
  /**
   * Names of hosts, the best place for the leader first, instead of what the round-trip times and the clients' weights
   * say. Hosts that are left out come after these, in the computed order.
   *
   * @default - computed: the least weighted mean of the clients' writes first
   */
  readonly preferred?: string[];
  /**
   * Whether a timer on each member moves the leader when a better-placed member has been well for a while. Without it
   * the leader returns at the next deploy that has something to do.
   *
   * @default true
   */
  readonly automatic?: boolean;
  /**
   * How long, in seconds, the leader must have been in place and the better-placed member well before leadership moves:
   * 5 to 3600. Doubled with each further time that leadership changed hands within an hour, up to an hour.
   *
   * @default - `Tuning.leaderSettleMs`: five request timeouts of the server, at least 45 s
   */
  readonly settleSeconds?: number;
}

/** What {@link LeaderPlacementProps} are made of. */
export const LEADER_PLACEMENT = shape<LeaderPlacementProps>({
  preferred: list(text),
  automatic: flag,
  settleSeconds: number,
});

/** A member that may lead. */
export interface LeaderCandidate {
  readonly name: string;
  readonly location: string;
}

/**
 * The share of the clients' mean write that a better place must save: a transfer may leave the writes in flight
 * hanging, and smaller differences may be noise of the measurement (2-3 % in the lab).
 */
const LEAST_GAIN = 0.05;

const LEAST_SETTLE_SECONDS = 5;
const MOST_SETTLE_SECONDS = 3600;

/** Which members are better places for the leader than others. */
export class LeaderPlacement {
  /** All members, the best place first: the order to fall back in. */
  public readonly order: string[];
  /** Whether a timer on each member brings the leader back. */
  public readonly automatic: boolean;
  /** How long all must have been well before leadership moves, in seconds. */
  public readonly settleSeconds: number;
  /** How long a member that has handed leadership over stays in service before it is stopped, in seconds. */
  public readonly handoverPauseSeconds: number;

  private readonly meanWriteMs: ReadonlyMap<string, number>;
  private readonly preferred: readonly string[];

  /** @throws ValidationError when a preferred name is no member's, or stands twice; when the settle time is out of range */
  public constructor(
    quorum: QuorumModel,
    private readonly candidates: readonly LeaderCandidate[],
    private readonly tuning: Tuning,
    props: LeaderPlacementProps = {},
  ) {
    this.preferred = props.preferred ?? [];
    requireNames(this.preferred, candidates);
    this.automatic = props.automatic ?? true;
    this.settleSeconds = props.settleSeconds ?? Math.ceil(tuning.leaderSettleMs / 1000);
    requireSettle(this.settleSeconds);
    this.handoverPauseSeconds = tuning.handoverPauseMs / 1000;

    const leaders = quorum.leaders();
    const rank = (candidate: LeaderCandidate): number =>
      leaders.findIndex((choice) => choice.location === candidate.location);
    const byDistance = [...candidates].sort((a, b) => rank(a) - rank(b)).map((candidate) => candidate.name);
    this.order = [...this.preferred, ...byDistance.filter((name) => !this.preferred.includes(name))];
    this.meanWriteMs = new Map(
      candidates.map((candidate) => [candidate.name, leaders[rank(candidate)]?.meanWriteMs ?? 0]),
    );
  }

  /** Members so much better placed than this one that moving the leader from here to there pays, best first. */
  public betterThan(name: string): string[] {
    return this.order.filter((other) => this.isBetter(other, name));
  }

  /** Members that the leader is not moved away from. */
  public get wellPlaced(): string[] {
    return this.order.filter((name) => this.betterThan(name).length === 0);
  }

  /** Up to this round trip, in ms, the path between a leader and a better-placed member counts as well. */
  public longestRoundTripMs(leader: string, other: string): number {
    return this.tuning.peerRoundTripAlertBetweenMs(this.locationOf(leader), this.locationOf(other));
  }

  private isBetter(name: string, than: string): boolean {
    const rank = (one: string): number => {
      const index = this.preferred.indexOf(one);
      return index < 0 ? this.preferred.length : index;
    };
    if (rank(name) !== rank(than)) return rank(name) < rank(than);
    return this.meanWriteOf(name) < (1 - LEAST_GAIN) * this.meanWriteOf(than);
  }

  private meanWriteOf(name: string): number {
    return this.meanWriteMs.get(name) ?? 0;
  }

  private locationOf(name: string): string {
    return this.candidates.find((candidate) => candidate.name === name)?.location ?? name;
  }
}

function requireNames(preferred: readonly string[], candidates: readonly LeaderCandidate[]): void {
  const names = candidates.map((candidate) => candidate.name);
  for (const [index, name] of preferred.entries()) {
    if (!names.includes(name) || preferred.indexOf(name) !== index) {
      throw new ValidationError({
        what: "leader.preferred",
        given: names.includes(name) ? `${JSON.stringify(name)} twice` : JSON.stringify(name),
        expected: `names of hosts, each once: ${names.join(", ")}`,
        mend: "name the hosts that the leader should be on, best first, or leave it out to have it computed",
      });
    }
  }
}

function requireSettle(seconds: number): void {
  if (!Number.isInteger(seconds) || seconds < LEAST_SETTLE_SECONDS || seconds > MOST_SETTLE_SECONDS) {
    throw new ValidationError({
      what: "leader.settleSeconds",
      given: `${seconds} s`,
      expected: `a whole number from ${LEAST_SETTLE_SECONDS} to ${MOST_SETTLE_SECONDS} s`,
      mend: "choose a value in that range, or leave it out to have it derived",
    });
  }
}

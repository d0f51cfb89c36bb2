import type { QuorumModel, RoundTripTimes, Tuning } from "../wan";
import type { LeaderPlacement } from "../wan/leader-placement";
import { nearestFirst } from "../wan/nearest";
import { shape, ShapeOf, text } from "../validation";
import { kubeApiserverFlags, KubeApiserverFlagsProps } from "./kube-apiserver";

/** Where clients connect from. */
export interface EtcdClientAccessProps {
  /**
   * Where the clients run: any location that the cluster's round-trip times know, with a member or without.
   *
   * @default - nowhere in particular: members in the order in which they are preferred as leader
   */
  readonly from?: string;
}

/** The readers of {@link EtcdClientAccessProps}, for interfaces that extend it. */
export const CLIENT_ACCESS_READERS: ShapeOf<EtcdClientAccessProps> = { from: text };

/** What {@link EtcdClientAccessProps} are made of. */
export const CLIENT_ACCESS = shape<EtcdClientAccessProps>(CLIENT_ACCESS_READERS);

/** A member, as clients see it. */
export interface AccessMember {
  readonly name: string;
  readonly location: string;
  readonly clientUrl: string;
}

/** What the access to a cluster is derived from. */
export interface AccessModel {
  /** In the order in which they are preferred as leader. */
  readonly members: readonly AccessMember[];
  readonly roundTripTimes: RoundTripTimes;
  readonly quorum: QuorumModel;
  readonly tuning: Tuning;
  readonly leader: LeaderPlacement;
}

/**
 * How to use the cluster from one place: which endpoints in which order, the latency to expect, and the deadlines that fit
 * the distances. All times are in milliseconds.
 *
 * The order is for clients that try one endpoint after the other. etcd's Go client does not: given several, it takes them in
 * turn (gRPC's `round_robin`), the farthest as often as the nearest. Give it one endpoint per client object, the nearest
 * first, and go on to the next when an attempt fails; `examples/go-client` does.
 */
export class EtcdClientAccess {
  /** @internal made by {@link EtcdCluster.clientAccess} */
  public static _of(model: AccessModel, location?: string): EtcdClientAccess {
    return new EtcdClientAccess(model, location);
  }

  /** Client URLs of all members, in the order to try them: the nearest first. */
  public readonly endpoints: string[];
  /** The members' names, in the same order. */
  public readonly memberNames: string[];
  /**
   * What the model predicts for a write through the first endpoint, with the leader in its preferred place: to that member,
   * from there to the leader, and the commit, a median round trip each. Without a location, the mean over the cluster's
   * clients, each through the member nearest to it. A disk's fsync (1-10 ms) comes on top.
   */
  public readonly writeMs: number;
  /** The same for a linearizable read, etcd's default: it takes the same three ways. */
  public readonly linearizableReadMs: number;

  /** For making a connection. See {@link Tuning.clientDialTimeoutMs}. */
  public readonly dialTimeoutMs: number;
  /** Between keepalive pings. See {@link Tuning.clientKeepaliveTimeMs}. */
  public readonly keepaliveTimeMs: number;
  /** For the answer to a keepalive ping. See {@link Tuning.clientKeepaliveTimeoutMs}. */
  public readonly keepaliveTimeoutMs: number;
  /** For one attempt; then the next endpoint is tried. See {@link Tuning.clientAttemptTimeoutMs}. */
  public readonly attemptTimeoutMs: number;
  /** For a call with all its attempts. See {@link Tuning.clientTotalTimeoutMs}. */
  public readonly totalTimeoutMs: number;
  /** `etcdctl --command-timeout`: etcdctl does not repeat. See {@link Tuning.etcdctlCommandTimeoutMs}. */
  public readonly commandTimeoutMs: number;

  private readonly tuning: Tuning;

  private constructor(
    model: AccessModel,
    /** Where the clients run, if given. */
    public readonly location?: string,
  ) {
    const { members, quorum, roundTripTimes } = model;
    if (location !== undefined)
      roundTripTimes.require([location, ...new Set(members.map((member) => member.location))]);
    const inOrder = location === undefined ? members : nearestFirst(roundTripTimes, location, members);
    this.endpoints = inOrder.map((member) => member.clientUrl);
    this.memberNames = inOrder.map((member) => member.name);

    const leader = members[0].location;
    this.writeMs = location === undefined ? quorum.leaderAt(leader).meanWriteMs : quorum.writeMs(location, leader);
    this.linearizableReadMs = this.writeMs;

    const tuning = location === undefined ? model.tuning : model.tuning.withClientsAt(location);
    this.tuning = tuning;
    this.dialTimeoutMs = tuning.clientDialTimeoutMs;
    this.keepaliveTimeMs = tuning.clientKeepaliveTimeMs;
    this.keepaliveTimeoutMs = tuning.clientKeepaliveTimeoutMs;
    this.attemptTimeoutMs = tuning.clientAttemptTimeoutMs;
    this.totalTimeoutMs = tuning.clientTotalTimeoutMs;
    this.commandTimeoutMs = tuning.etcdctlCommandTimeoutMs;
  }

  /**
   * Flags of a Kubernetes API server that runs here and keeps its objects in the cluster: `--etcd-servers`, the nearest
   * first, the files of a client, `--etcd-healthcheck-timeout` and `--etcd-readycheck-timeout` with room for a failover and
   * a transfer, and `--request-timeout` where the election timeout is so long that the default would not do.
   */
  public kubeApiserverFlags(props: KubeApiserverFlagsProps = {}): string[] {
    return kubeApiserverFlags(this.endpoints, this.tuning, props);
  }
}

import { clusterWarnings } from "./cluster-warnings";
import { EtcdClusterProps } from "./etcd-cluster-props";
import { QuorumModel, RoundTripTimes, Tuning } from "./wan";
import { inputDoubts } from "./wan/input-doubts";
import { LeaderPlacement } from "./wan/leader-placement";
import { MemberPaths } from "./wan/member-paths";

/** What follows from the distances between members, and to their clients. */
export interface ClusterDistances {
  readonly roundTripTimes: RoundTripTimes;
  readonly quorum: QuorumModel;
  readonly tuning: Tuning;
  readonly leader: LeaderPlacement;
  readonly paths: MemberPaths;
  /** Shown at synthesis; each says what to do about it. */
  readonly warnings: readonly string[];
}

/**
 * @param cluster the cluster's path, for warnings
 * @throws ValidationError if a round-trip time is missing, if the members' places can't keep the survival goal, or if a
 * timeout that is given instead of a derived one can't work
 */
export function clusterDistances(cluster: string, props: EtcdClusterProps): ClusterDistances {
  const { hosts, clientLocations, roundTripTimes = RoundTripTimes.builtIn() } = props;
  const memberLocations = hosts.map((host) => host.location);
  const places = { roundTripTimes, memberLocations, clientLocations };
  const quorum = new QuorumModel(places);
  props.survives?._require("survives", places);
  const tuning = Tuning.derive({
    roundTripTimes,
    memberLocations,
    clientLocations: clientLocations?.map((client) => client.location),
    ...props.tuning,
  });
  const candidates = hosts.map((host) => ({ name: host.hostName, location: host.location }));
  return {
    roundTripTimes,
    quorum,
    tuning,
    leader: new LeaderPlacement(quorum, candidates, tuning, props.leader),
    paths: MemberPaths.among(roundTripTimes, memberLocations),
    warnings: [
      ...clusterWarnings(quorum, tuning),
      ...inputDoubts({ roundTripTimes, cluster, memberLocations, clients: clientLocations ?? [] }),
    ],
  };
}

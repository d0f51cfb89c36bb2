import { Lazy, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { DeclaredAccess } from "./authorization/declared-access";
import { ClusterRecord, RECORDS } from "./cluster-record";
import { EtcdClusterProps } from "./etcd-cluster-props";
import { ResolvedPki } from "./pki/pki-props";
import { ClientLocation, Region, RoundTripTimes, Tuning, TuningProfile } from "./wan";

/** What is recorded of a cluster. */
export interface RecordedModel {
  /** As the user gave them. */
  readonly props: Pick<
    EtcdClusterProps,
    "hosts" | "clientLocations" | "tuning" | "leader" | "outputPrefix" | "authorization"
  >;
  readonly declaredAccess: DeclaredAccess;
  readonly pki: ResolvedPki;
  readonly tuning: Tuning;
  readonly roundTripTimes: RoundTripTimes;
}

/** Leaves the model's inputs in the synthesized stack, where `cdktf-etcd report`, `measure` and `access` find them. */
export function recordCluster(cluster: Construct, model: RecordedModel): void {
  // An override's path is split at its dots.
  const key = cluster.node.path.replace(/\./g, "-");
  TerraformStack.of(cluster).addOverride(`//.${RECORDS}.${key}`, recordOf(model));
}

function recordOf({ props, declaredAccess, pki, tuning, roundTripTimes }: RecordedModel): ClusterRecord {
  const { hosts, clientLocations: clients } = props;
  return {
    version: 1,
    members: hosts.map((host) => ({ name: host.hostName, location: host.location })),
    clients,
    profile: props.tuning?.profile ?? TuningProfile.BALANCED,
    heartbeatMs: props.tuning?.heartbeatMs,
    electionMs: props.tuning?.electionMs,
    preferredLeaders: props.leader?.preferred,
    outputPrefix: props.outputPrefix,
    certificates: {
      leafValidityDays: pki.leafValidityHours / 24,
      earlyRenewalDays: pki.earlyRenewalHours / 24,
      authorityValidityDays: pki.caValidityHours / 24,
      authorityWarningDays: pki.authorityWarningHours / 24,
    },
    // Complete only once the app is: clients are added after the cluster was made.
    ...(props.authorization === undefined ? {} : { access: Lazy.listValue({ produce: () => declaredAccess.lines() }) }),
    inUse: { heartbeatMs: tuning.heartbeatMs, electionMs: tuning.electionMs },
    roundTripTimes: recordedTimes(
      roundTripTimes,
      hosts.map((host) => host.location),
      clients ?? [],
    ),
  };
}

/** The part of the round-trip times that a cluster uses. */
function recordedTimes(
  times: RoundTripTimes,
  members: readonly string[],
  clients: readonly ClientLocation[],
): ClusterRecord["roundTripTimes"] {
  const ends = new Set([...members, ...clients.map((client) => client.location)]);
  const pairs = times
    .pairs()
    .filter(({ a, b }) => ends.has(a) && ends.has(b) && (members.includes(a) || members.includes(b)));
  const builtIn = new Set(Region.all());
  return {
    source: times.sourceAmong([...ends]),
    measuredAt: times.measuredAtAmong([...ends]),
    regions: [...ends].flatMap((location) => times.region(location) ?? []).filter((region) => !builtIn.has(region)),
    pairs,
  };
}

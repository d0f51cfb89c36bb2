import { BACKUP, EtcdBackupProps } from "./backup/backup-props";
import { DOWNLOAD, EtcdDownloadProps } from "./etcd-download";
import { EtcdSettingsProps, SETTINGS } from "./etcd-settings";
import { EtcdVersion } from "./etcd-version";
import { HOST, IEtcdHost } from "./etcd-host";
import { ClientNetwork, PeerNetwork } from "./networks";
import { PKI, PkiProps } from "./pki/pki-props";
import { ClusterOrigin } from "./rollout/cluster-origin";
import { FORMER_ORIGIN } from "./rollout/former-origin";
import { EtcdUpkeepProps, UPKEEP } from "./upkeep/upkeep-props";
import { flag, instance, list, oneOf, required, shape, ShapeOf, text } from "./validation";
import { ClientLocation, EtcdTuningProps, LeaderPlacementProps, RoundTripTimes, SurvivalGoal } from "./wan";
import { CLIENT_LOCATION, FORMER_CLIENTS } from "./wan/client-location";
import { ETCD_TUNING, FORMER_TUNING } from "./wan/etcd-tuning-props";
import { LEADER_PLACEMENT } from "./wan/leader-placement";
import { ROUND_TRIP_TIMES } from "./wan/quorum";

/** What an etcd cluster is made of. */
export interface EtcdClusterProps {
  /** The machines, one member on each: 1 to 9. An even number tolerates no more losses than one machine less. */
  readonly hosts: IEtcdHost[];
  /**
   * Version of etcd.
   * @default EtcdVersion.V3_6_14
   */
  readonly version?: EtcdVersion;
  /**
   * Where etcd's release tarballs come from.
   * @default - its releases on GitHub
   */
  readonly download?: EtcdDownloadProps;
  /**
   * Whether etcd's authorization is on: a client may then do what {@link EtcdCluster.addClient} says, and nothing else. With
   * true, a deploy turns it on once all that is declared has been written; with false, it turns it off. A cluster that has it on
   * needs to say false once to get rid of it: without a word it stays as it is.
   * @default - as it is: off, unless somebody has turned it on by hand
   */
  readonly authorization?: boolean;
  /**
   * Settings of etcd itself.
   * @default - see EtcdSettingsProps
   */
  readonly settings?: EtcdSettingsProps;
  /**
   * Validity and algorithm of the certificates.
   * @default - see PkiProps
   */
  readonly pki?: PkiProps;
  /**
   * Round-trip times between the hosts' locations; everything that depends on distance derives from them.
   * @default RoundTripTimes.builtIn()
   */
  readonly roundTripTimes?: RoundTripTimes;
  /**
   * How heartbeat and election timeout follow from the round-trip times.
   * @default - see EtcdTuningProps
   */
  readonly tuning?: EtcdTuningProps;
  /**
   * Where the clients are and how much each place counts: the leader is placed for them.
   * @default - one at each member
   */
  readonly clientLocations?: ClientLocation[];
  /**
   * Where the leader should be, and whether a timer brings it back there.
   * @default - where the clients' writes are quickest; brought back when that member has been well for a minute
   */
  readonly leader?: LeaderPlacementProps;
  /**
   * Which outages the cluster must outlive. Members whose places can't do that are refused: at the first deploy, and at any
   * later edit that moves or removes one.
   * @default - none: what a single loss would stop is a warning
   */
  readonly survives?: SurvivalGoal;
  /**
   * Which addresses members dial each other at.
   * @default PeerNetwork.PUBLIC, or PRIVATE where a host has no public address
   */
  readonly peerNetwork?: PeerNetwork;
  /**
   * Which addresses clients reach members at: those in endpoints, which members tell of themselves.
   * @default ClientNetwork.PUBLIC, or PRIVATE where a host has no public address
   */
  readonly clientNetwork?: ClientNetwork;
  /**
   * Directory for the clients' certificates and environment files, absolute or relative to where the app runs. Give it to
   * keep the files of a cluster where they are when another one is added to the app.
   * @default - "etcd-access"; clusters of the app that would write the same file there have a directory each,
   * "etcd-access/<path>", with the cluster's path in the app, for example "etcd-access/production/etcd"
   */
  readonly accessDirectory?: string;
  /**
   * First part of the names of the cluster's outputs, for example "events": a DNS label; hyphens become underscores. To be
   * given where the names would be those of another cluster in the same stack.
   * @default - the id of the EtcdCluster
   */
  readonly outputPrefix?: string;
  /**
   * Whether a deploy writes the clients' files where it runs. With false it writes none, and each client has a sensitive
   * output `<cluster>_client_<client>_files`, of which `npx cdktf-etcd access` makes them where they are used: for
   * deploys from a CI runner, or from several machines, whose plans would each want to write them anew.
   * @default true
   */
  readonly clientFiles?: boolean;
  /**
   * Where the cluster's data comes from, and how often it was founded.
   * @default ClusterOrigin.empty()
   */
  readonly origin?: ClusterOrigin;
  /**
   * Snapshots of the cluster, taken by a timer.
   * @default - none are taken
   */
  readonly backup?: EtcdBackupProps;
  /**
   * When and for how much the databases are defragmented.
   * @default - nightly, where it pays: see EtcdUpkeepProps
   */
  readonly upkeep?: EtcdUpkeepProps;
}

const PROPS: ShapeOf<EtcdClusterProps> = {
  hosts: required(list(HOST)),
  version: instance(EtcdVersion, 'EtcdVersion.of("3.6.14")'),
  download: DOWNLOAD,
  authorization: flag,
  settings: SETTINGS,
  pki: PKI,
  roundTripTimes: ROUND_TRIP_TIMES,
  tuning: ETCD_TUNING,
  clientLocations: list(CLIENT_LOCATION),
  leader: LEADER_PLACEMENT,
  survives: instance(SurvivalGoal, "SurvivalGoal.continent()"),
  peerNetwork: oneOf(PeerNetwork, "PeerNetwork"),
  clientNetwork: oneOf(ClientNetwork, "ClientNetwork"),
  accessDirectory: text,
  clientFiles: flag,
  outputPrefix: text,
  origin: instance(ClusterOrigin, "ClusterOrigin.empty()"),
  backup: BACKUP,
  upkeep: UPKEEP,
};

/** What {@link EtcdClusterProps} are made of. */
export const CLUSTER = shape<EtcdClusterProps>(PROPS, {
  former: { ...FORMER_ORIGIN, ...FORMER_TUNING, ...FORMER_CLIENTS },
});

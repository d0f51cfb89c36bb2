import { File } from "@cdktf/provider-local/lib/file";
import { Annotations, ITerraformDependable, TerraformLocal, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { EtcdAlertRulesProps, alertRuleVariables, requireJobName } from "./access/alert-rules";
import { AccessModel, EtcdClientAccess, EtcdClientAccessProps } from "./access/client-access";
import { certificateExpiry, clientExpiry } from "./access/certificate-expiry";
import { EtcdClient, output } from "./access/etcd-client";
import { machineAccess } from "./access/machine-access";
import { relativeToStack } from "./access/stack-path";
import { backupPart } from "./backup/backup-part";
import { resolveBackup } from "./backup/backup-plan";
import { EtcdBackupProps } from "./backup/backup-props";
import { EtcdRestoreProps, resolveRestore } from "./backup/restore-props";
import { ClusterRecord, recordedCertificates, recordedTimes, RECORDS } from "./cluster-record";
import { downloadFor, EtcdDownloadProps, resolveMirror } from "./etcd-download";
import { EtcdMember, PeerNetwork } from "./etcd-member";
import { DEFAULT_QUOTA_GIB, EtcdSettingsProps, renderSettings, servesGrpcGateway } from "./etcd-settings";
import { EtcdVersion } from "./etcd-version";
import { IEtcdHost } from "./hosts/host";
import { ClusterPki } from "./pki/cluster-pki";
import { LeafCertificate } from "./pki/leaf-certificate";
import { PkiProps } from "./pki/pki-props";
import { EtcdAdoptionProps, resolveAdoption } from "./rollout/adoption";
import { Genesis } from "./rollout/genesis";
import { Membership } from "./rollout/membership";
import { SshStep } from "./rollout/ssh-step";
import { Templates, TemplateVariables } from "./rollout/templates";
import { upkeepAlertVariables } from "./upkeep/upkeep-alerts";
import { upkeepPart } from "./upkeep/upkeep-part";
import { EtcdUpkeepProps, resolveUpkeep } from "./upkeep/upkeep-props";
import { requireDistinct, requireDnsLabel, requireInteger } from "./validation";
import { ValidationError } from "./validation-error";
import { ClientLocation, LeaderPlacementProps, QuorumModel, RoundTripTimes, Tuning, TuningProfile } from "./wan";
import { inputDoubts } from "./wan/input-doubts";
import { LeaderPlacement } from "./wan/leader-placement";
import { MemberPaths } from "./wan/member-paths";

/** etcd's own advice: beyond seven members writes only get slower; nine is where we stop. */
const MAXIMUM_MEMBERS = 9;

/** What an etcd cluster is made of. */
export interface EtcdClusterProps {
  /** The machines, one member on each: 1 to 9, an odd number for good reason. */
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
   * @default RoundTripTimes.digitalOcean()
   */
  readonly roundTripTimes?: RoundTripTimes;
  /**
   * How heartbeat and election timeout derive from the round-trip times.
   * @default TuningProfile.BALANCED
   */
  readonly tuningProfile?: TuningProfile;
  /**
   * Heartbeat interval in ms, if it is not to be derived.
   * @default - derived
   */
  readonly heartbeatMs?: number;
  /**
   * Election timeout in ms, if it is not to be derived.
   * @default - derived
   */
  readonly electionMs?: number;
  /**
   * Where the clients are and how much each place counts: the leader is placed for them.
   * @default - one at each member
   */
  readonly clients?: ClientLocation[];
  /**
   * Where the leader should be, and whether it is brought back there by itself.
   * @default - where the clients' writes are quickest; brought back when that member has been well for a minute
   */
  readonly leader?: LeaderPlacementProps;
  /**
   * Which addresses members dial each other at.
   * @default PeerNetwork.PUBLIC
   */
  readonly peerNetwork?: PeerNetwork;
  /**
   * Directory for the clients' certificates and environment files, absolute or relative to where the app runs.
   * @default "etcd-access"
   */
  readonly accessDirectory?: string;
  /**
   * Count up by one to found a new, empty cluster on the machines as they are now: only for a cluster that was never
   * healthy, or of which all data is lost for good. Members that hold data of a cluster that was healthy never found.
   * @default 1
   */
  readonly genesis?: number;
  /**
   * Name of the member from whose data the cluster is founded anew after a majority of its members was lost for good; to be
   * set in the same edit that counts `genesis` up. The other members join it as new ones. Writes that only lost members
   * held are lost, acknowledged ones too. Refused while the cluster commits writes, and while a member with more data
   * answers.
   * @default - none
   */
  readonly recoverFrom?: string;
  /**
   * Snapshots of the cluster, taken by themselves.
   * @default - none are taken
   */
  readonly backup?: EtcdBackupProps;
  /**
   * Found the cluster with the data of a backup. Only machines that found it, with a new `genesis`, take it from there;
   * it never touches a member that holds data.
   * @default - the cluster is founded empty
   */
  readonly restore?: EtcdRestoreProps;
  /**
   * A running cluster, made by other means, to take over: the machines join it, and its old members leave. To be taken out
   * once they have left.
   * @default - none: the cluster is founded
   */
  readonly adopt?: EtcdAdoptionProps;
  /**
   * When and for how much the databases are defragmented.
   * @default - nightly, where it pays: see EtcdUpkeepProps
   */
  readonly upkeep?: EtcdUpkeepProps;
}

/** A secure etcd cluster whose members may be continents apart. */
export class EtcdCluster extends Construct {
  /** Client URLs of all members, the leader's preferred place first. */
  public readonly endpoints: string[];
  /** Certificate of the authority that signs what speaks on 2379, PEM: during its rotation both generations, one after the other. */
  public readonly caCertificatePem: string;
  /** What distance does to the cluster: latencies, leaders, losses. */
  public readonly quorum: QuorumModel;
  /** The timeouts in use. */
  public readonly tuning: Tuning;
  /** The last step of a deploy: done means every member is healthy. Let what needs a running cluster depend on it. */
  public readonly ready: ITerraformDependable;

  private readonly pki: ClusterPki;
  private readonly accessModel: AccessModel;
  private readonly upkeepAlerts: TemplateVariables;
  private readonly accessDirectory: string;
  private readonly grpcGateway: boolean;
  private readonly clientNames: string[] = [];
  private readonly clientCertificates: Record<string, LeafCertificate> = {};

  /** @throws ValidationError if anything is given that can't work; the message says how to mend it */
  public constructor(scope: Construct, id: string, props: EtcdClusterProps) {
    super(scope, id);
    const { hosts } = props;
    requireDnsLabel("id of EtcdCluster", id);
    requireHosts(hosts);
    const genesisNumber = props.genesis ?? 1;
    requireInteger("genesis", genesisNumber, 1, 1_000_000, "");
    requireSurvivor(props.recoverFrom, genesisNumber, hosts);
    const adoption = resolveAdoption(props.adopt);
    requireAdoptionAlone(props);

    const version = props.version ?? EtcdVersion.V3_6_14;
    const mirror = resolveMirror(props.download);
    const settings = renderSettings(props.settings, version, hosts);
    this.grpcGateway = servesGrpcGateway(props.settings);
    const roundTripTimes = props.roundTripTimes ?? RoundTripTimes.digitalOcean();
    const memberLocations = hosts.map((host) => host.location);
    this.quorum = new QuorumModel({ roundTripTimes, memberLocations, clients: props.clients });
    this.tuning = Tuning.derive({
      roundTripTimes,
      memberLocations,
      clientLocations: props.clients?.map((client) => client.location),
      profile: props.tuningProfile,
      heartbeatMs: props.heartbeatMs,
      electionMs: props.electionMs,
    });
    this.warn(inputDoubts({ roundTripTimes, cluster: this.node.path, memberLocations, clients: props.clients ?? [] }));
    this.pki = new ClusterPki(this, "pki", id, props.pki);
    this.caCertificatePem = this.pki.clientAuthority.trustPem;
    this.record({
      version: 1,
      members: hosts.map((host) => ({ name: host.hostName, location: host.location })),
      clients: props.clients,
      profile: props.tuningProfile ?? TuningProfile.BALANCED,
      heartbeatMs: props.heartbeatMs,
      electionMs: props.electionMs,
      preferredLeaders: props.leader?.preferred,
      certificates: recordedCertificates(this.pki.settings),
      inUse: { heartbeatMs: this.tuning.heartbeatMs, electionMs: this.tuning.electionMs },
      roundTripTimes: recordedTimes(roundTripTimes, memberLocations, props.clients ?? []),
    });

    const backup = resolveBackup(props.backup, id, props.settings?.quotaGiB ?? DEFAULT_QUOTA_GIB, hosts);
    this.upkeepAlerts = upkeepAlertVariables(id, this.pki.settings, backup);
    const templates = Templates.of(this);
    const leader = new LeaderPlacement(
      this.quorum,
      hosts.map((host) => ({ name: host.hostName, location: host.location })),
      this.tuning,
      props.leader,
    );
    const byPreference = leader.order.map((name) => hosts.filter((host) => host.hostName === name)[0]);
    const plan = {
      declared: {
        members: hosts.map((host) => host.hostName),
        version,
        genesis: genesisNumber,
        recoverFrom: props.recoverFrom,
        restore: resolveRestore(props.restore, backup, props.recoverFrom),
        adoption,
      },
      pki: this.pki,
      peerNetwork: requirePeerNetwork(props.peerNetwork ?? PeerNetwork.PUBLIC, hosts),
      settings: {
        ...settings,
        ...version.slowRequestLogSettings(this.tuning.slowRequestLogMs),
        ETCD_INITIAL_CLUSTER_TOKEN: id,
      },
      grpcGateway: this.grpcGateway,
      tuning: this.tuning,
      roundTripTimes,
      paths: MemberPaths.among(roundTripTimes, memberLocations),
      leader,
      parts: [backupPart(templates, backup), upkeepPart(templates, id, resolveUpkeep(props.upkeep))],
    };
    const members = hosts.map((host) => new EtcdMember(this, host.hostName, host, plan));

    // Install: all at once; checks and stages, and touches nothing that runs.
    const installations = members.map((member) => {
      const download = downloadFor(member.host, version, mirror);
      member.host.downloadAtBoot(download);
      return member.install(download, members);
    });

    // Genesis: the machines that got this far may found the cluster; whoever comes later joins it.
    // A cluster that is taken over has been founded.
    const founders = (adoption.peerUrls.length > 0 ? [] : members).filter(
      ({ host }) => props.recoverFrom === undefined || host.hostName === props.recoverFrom,
    );
    const genesis = new Genesis(this, "genesis", {
      founders: Object.fromEntries(
        founders.map(({ host, peerUrl }) => [host.hostName, { machineId: host.machineId, peerUrl }]),
      ),
      generation: genesisNumber,
      restore: plan.declared.restore,
      preparations: founders.map((member) => member.prepareFounding(installations[members.indexOf(member)], members)),
      dependsOn: installations.map(({ step }) => step),
    });

    // Activate: one after the other, the leader's preferred place last; but a survivor that the cluster is founded anew from
    // first. The last step converges too: everybody healthy, nobody in the cluster who is not declared, leader in place.
    const order = [...byPreference]
      .reverse()
      .sort((a, b) => Number(b.hostName === props.recoverFrom) - Number(a.hostName === props.recoverFrom))
      .map((host) => members[hosts.indexOf(host)]);
    const activations: SshStep[] = [];
    order.forEach((member, position) => {
      const installation = installations[members.indexOf(member)];
      const last = position === order.length - 1;
      activations.push(
        last
          ? member.activateAndConverge(installation, genesis, members, [...activations])
          : member.activate(installation, genesis, members, [...activations]),
      );
    });
    const last = activations[activations.length - 1];
    this.ready = last;

    // Membership: machines that leave stay until nobody needs them.
    const machineIds = Object.fromEntries(hosts.map((host) => [host.hostName, host.machineId]));
    new Membership(this, "membership", machineIds, last);
    for (const resource of new Set(hosts.flatMap((host) => host.madeWhenReady ?? []))) {
      // CDKTF makes bare addresses of what is given to a constructor; this is one already.
      resource.dependsOn = [...(resource.dependsOn ?? []), `${last.terraformResourceType}.${last.friendlyUniqueId}`];
    }

    this.accessModel = {
      members: byPreference.map((host) => ({
        name: host.hostName,
        location: host.location,
        clientUrl: members[hosts.indexOf(host)].clientUrl,
      })),
      roundTripTimes,
      quorum: this.quorum,
      tuning: this.tuning,
      leader,
    };
    this.endpoints = this.clientAccess().endpoints;
    this.accessDirectory = props.accessDirectory ?? "etcd-access";
    this.writeOutputs(members, byPreference[0]);
  }

  /**
   * How to use the cluster from one place: endpoints, latencies, recommended settings. It makes nothing.
   *
   * @throws ValidationError if the round-trip times do not know the place
   */
  public clientAccess(props: EtcdClientAccessProps = {}): EtcdClientAccess {
    return EtcdClientAccess._of(this.accessModel, props.from);
  }

  /**
   * A client with a certificate in its name, and the files to connect with.
   *
   * @param name a DNS label, used once; etcd's user name
   * @param props where it connects from
   * @throws ValidationError if the name is no DNS label or was used before; if the round-trip times do not know the place
   */
  public addClient(name: string, props: EtcdClientAccessProps = {}): EtcdClient {
    requireDnsLabel("client name", name);
    requireDistinct(
      "client name",
      [...this.clientNames, name],
      "give every client a name of its own, so that each can be told apart and withdrawn",
    );
    const access = this.clientAccess(props);
    this.clientNames.push(name);
    const scope = new Construct(this, `client-${name}`);
    const certificate = this.pki.forClient(scope, name);
    this.clientCertificates[name] = certificate;
    return EtcdClient._of(scope, "access", name, certificate, access, {
      caPem: this.caCertificatePem,
      directory: this.accessDirectory,
      outputPrefix: this.outputPrefix,
      grpcGateway: this.grpcGateway,
    });
  }

  /**
   * Alerting rules for Prometheus, as YAML: members, leader, database, and round trips, commits and requests against what
   * this cluster's distances make of them. Known only once applied: write it to a file or upload it.
   *
   * @throws ValidationError if the job's name cannot stand in a rule
   */
  public alertRules(props: EtcdAlertRulesProps = {}): string {
    const job = props.job ?? this.node.id;
    requireJobName(job);
    return Templates.of(this).render("access/alerts.yaml.tftpl", {
      ...alertRuleVariables(this.accessModel, job),
      ...this.upkeepAlerts,
      client_expiry: this.clientExpiry.expression,
    });
  }

  /** Writes {@link EtcdCluster.alertRules} to `alerts.yaml` in the access directory. */
  public writeAlertRules(props: EtcdAlertRulesProps = {}): void {
    new File(this, "alerts", {
      filename: `${relativeToStack(this, this.accessDirectory)}/alerts.yaml`,
      content: this.alertRules(props),
      filePermission: "0644",
      directoryPermission: "0700",
    });
  }

  /** A local: what is known later can't stand in a function's arguments. */
  private get clientExpiry(): TerraformLocal {
    const id = "client-expiry";
    return (
      (this.node.tryFindChild(id) as TerraformLocal | undefined) ??
      new TerraformLocal(this, id, clientExpiry(this.clientCertificates))
    );
  }

  private get outputPrefix(): string {
    return this.node.id.replace(/-/g, "_");
  }

  private writeOutputs(members: readonly EtcdMember[], leader: IEtcdHost): void {
    const prefix = this.outputPrefix;
    output(this, `${prefix}_endpoints`, this.endpoints, false);
    output(this, `${prefix}_ca_certificate`, this.caCertificatePem, false);
    output(this, `${prefix}_preferred_leader`, leader.hostName, false);
    output(this, `${prefix}_peer_ca_certificate`, this.pki.peerAuthority.trustPem, false);
    const expiry = certificateExpiry(this.pki, members, this.clientCertificates);
    output(this, `${prefix}_certificate_expiry`, expiry, false);
    output(this, `${prefix}_members`, Object.fromEntries(members.map((m) => [m.host.hostName, m.clientUrl])), false);
    output(this, `${prefix}_ssh`, Object.fromEntries(members.map((m) => [m.host.hostName, machineAccess(m)])), true);
  }

  /** Leaves the model's inputs in the synthesized stack, where `cdktf-etcd report` and `measure` find them. */
  private record(record: ClusterRecord): void {
    // An override's path is split at its dots.
    const key = this.node.path.replace(/\./g, "-");
    TerraformStack.of(this).addOverride(`//.${RECORDS}.${key}`, record);
  }

  private warn(doubts: readonly string[]): void {
    const annotations = Annotations.of(this);
    const { quorum } = this;
    const count = quorum.memberCount;
    if (count % 2 === 0) {
      annotations.addWarning(
        `${count} members tolerate the loss of ${quorum.faultTolerance}, no more than ${count - 1} would, and each write ` +
          `waits for ${quorum.quorumSize} of them: choose ${count - 1} or ${count + 1} members`,
      );
    }
    for (const location of quorum.locationsThatStopTheCluster()) {
      annotations.addWarning(
        `the loss of ${location} alone would stop the cluster: ${quorum.quorumSize} of ${count} members must be left. ` +
          "Spread the members over more locations",
      );
    }
    for (const warning of [...this.tuning.warnings, ...doubts]) annotations.addWarning(warning);
  }
}

function requireHosts(hosts: readonly IEtcdHost[]): void {
  if (hosts.length < 1 || hosts.length > MAXIMUM_MEMBERS) {
    throw new ValidationError({
      what: "hosts",
      given: hosts.length === 0 ? "none" : String(hosts.length),
      expected: `1 to ${MAXIMUM_MEMBERS} hosts`,
      mend:
        hosts.length === 0
          ? 'give some, for example DigitalOceanHost.inRegions(this, ["lon1", "nyc3", "sgp1"], { ... })'
          : "take fewer: every write waits for a majority of them",
    });
  }
  for (const host of hosts) requireDnsLabel("name of a host", host.hostName);
  requireDistinct(
    "names of the hosts",
    hosts.map((host) => host.hostName),
    "give every host a name of its own: it is the member's name",
  );
}

/** What is taken over has its data: nothing else may claim to bring it. */
function requireAdoptionAlone({ adopt, recoverFrom, restore }: EtcdClusterProps): void {
  const other = recoverFrom !== undefined ? "recoverFrom" : restore !== undefined ? "restore" : undefined;
  if (adopt === undefined || other === undefined) return;
  throw new ValidationError({
    what: "adopt",
    given: `along with ${other}`,
    expected: "one of the two: both say where the cluster's data comes from",
    mend: `take ${other} out`,
  });
}

function requireSurvivor(name: string | undefined, genesis: number, hosts: readonly IEtcdHost[]): void {
  if (name === undefined) return;
  const names = hosts.map((host) => host.hostName);
  if (!names.includes(name)) {
    throw new ValidationError({
      what: "recoverFrom",
      given: JSON.stringify(name),
      expected: `the name of a member: ${names.join(", ")}`,
      mend: "name the survivor whose data is to be kept",
    });
  }
  if (genesis === 1) {
    throw new ValidationError({
      what: "recoverFrom",
      given: `${JSON.stringify(name)} with genesis 1`,
      expected: "a genesis of 2 or more",
      mend: "count genesis up by one in the same edit: the cluster is founded anew, from that member's data",
    });
  }
}

function requirePeerNetwork(network: PeerNetwork, hosts: readonly IEtcdHost[]): PeerNetwork {
  const without = hosts.find((host) => host.privateAddress === undefined);
  if (network === PeerNetwork.PRIVATE && without !== undefined) {
    throw new ValidationError({
      what: "peerNetwork",
      given: `PRIVATE, but ${without.hostName} has no private address`,
      expected: "a private address on every host",
      mend: "put the hosts into VPCs that reach each other, or use PeerNetwork.PUBLIC",
    });
  }
  return network;
}

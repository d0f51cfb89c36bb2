import { Annotations, ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { AccessDirectory } from "./access/access-directory";
import { EtcdAlertRulesProps } from "./access/alert-rules";
import { EtcdClientAccess, EtcdClientAccessProps } from "./access/client-access";
import { EtcdClientProps } from "./access/client-props";
import { ClusterAccess } from "./access/cluster-access";
import { EtcdClusterAttributes, EtcdClusterReference, IEtcdCluster } from "./access/etcd-cluster-reference";
import { EtcdClient } from "./access/etcd-client";
import { outputPrefix } from "./access/output-prefix";
import { authorizationPart } from "./authorization/authorization-part";
import { authorizationWarnings } from "./authorization/authorization-warnings";
import { AuthorizeTask } from "./authorization/authorize-task";
import { DeclaredAccess } from "./authorization/declared-access";
import { EtcdRole } from "./authorization/etcd-role";
import { EtcdPermissionProps } from "./authorization/permission-props";
import { backupPart } from "./backup/backup-part";
import { resolveBackup } from "./backup/backup-plan";
import { requireCluster, requireUnusedHosts } from "./cluster-checks";
import { clusterDistances } from "./cluster-distances";
import { EtcdClusterProps } from "./etcd-cluster-props";
import { downloadFor, resolveMirror } from "./etcd-download";
import { EtcdMember } from "./etcd-member";
import { DEFAULT_QUOTA_GIB, renderSettings, servesGrpcGateway } from "./etcd-settings";
import { EtcdVersion } from "./etcd-version";
import { checkedAt, constructId } from "./validation";
import { makeWhenReady } from "./hosts/when-ready";
import { resolveNetworks } from "./networks";
import { ClusterPki } from "./pki/cluster-pki";
import { requireDeclaredNames } from "./pki/own-authority-props";
import { resolvePki } from "./pki/pki-props";
import { hasRevocation, revocationPart, revocationSettings } from "./pki/revocation-part";
import { readyAfter } from "./ready-step";
import { recordCluster } from "./record-cluster";
import { ClusterOrigin } from "./rollout/cluster-origin";
import { Genesis } from "./rollout/genesis";
import { Membership } from "./rollout/membership";
import { SshStep } from "./node/ssh-step";
import { sayTheSameInHcl } from "./terraform/hcl-form";
import { Templates } from "./terraform/templates";
import { upkeepAlertVariables } from "./upkeep/upkeep-alerts";
import { upkeepPart } from "./upkeep/upkeep-part";
import { resolveUpkeep } from "./upkeep/upkeep-props";
import { QuorumModel, Tuning } from "./wan";

/** A secure etcd cluster whose members may be continents apart. */
export class EtcdCluster extends Construct implements IEtcdCluster {
  /**
   * A cluster that is declared elsewhere, for those who only use it. Creates no resource.
   *
   * @throws ValidationError if there is no endpoint, or one is no https URL
   */
  public static fromAttributes(scope: Construct, id: string, attributes: EtcdClusterAttributes): EtcdClusterReference {
    return EtcdClusterReference._of(scope, id, attributes);
  }

  /** Client URLs of all members, the leader's preferred place first. */
  public readonly endpoints: string[];
  /**
   * Certificate of the authority for port 2379, which signs members' server certificates and clients', PEM. During its
   * rotation the certificates of both generations, concatenated; and those of the issuers of one of your own, where you gave them.
   */
  public readonly caCertificatePem: string;
  /** The model of what distance does to the cluster: latencies, leaders, losses. */
  public readonly quorum: QuorumModel;
  /** The timeouts in use. */
  public readonly tuning: Tuning;
  /**
   * The last step of a deploy, after which every member is healthy. Have whatever needs a running cluster depend on it, in
   * this stack or in another one of the app.
   */
  public readonly ready: ITerraformDependable;

  private readonly access: ClusterAccess;

  /** @throws ValidationError if anything is given that can't work; the message says how to mend it */
  public constructor(scope: Construct, id: string, props: EtcdClusterProps) {
    super(scope, constructId("EtcdCluster", id));
    // Before anything is made: all that was given, and the distances with the timeouts that follow from them.
    const resolved = checkedAt(this, () => resolveCluster(this.node.path, id, props));
    const { backup, distances, grpcGateway, origin, settings, upkeep, version } = resolved;
    const { hosts } = props;
    requireUnusedHosts(this, hosts);
    sayTheSameInHcl(this);
    const { leader, roundTripTimes } = distances;
    this.quorum = distances.quorum;
    this.tuning = distances.tuning;
    for (const warning of [...distances.warnings, ...authorizationWarnings(props.authorization, grpcGateway)])
      Annotations.of(this).addWarning(warning);

    const pki = new ClusterPki(this, "pki", id, resolved.pki);
    this.caCertificatePem = pki.clientAuthority.clientTrustPem;
    const declaredAccess = new DeclaredAccess(this, props.authorization);
    recordCluster(this, { props, declaredAccess, pki: pki.settings, tuning: this.tuning, roundTripTimes });

    // Members: what they have in common, and each with its certificates.
    const templates = Templates.of(this);
    const plan = {
      declared: { members: hosts.map((host) => host.hostName), version, origin },
      pki,
      networks: resolved.networks,
      settings: {
        ...settings,
        ...version.slowRequestLogSettings(this.tuning.slowRequestLogMs),
        ...revocationSettings(pki.settings),
        ETCD_INITIAL_CLUSTER_TOKEN: id,
      },
      grpcGateway,
      authorizationDeclared: props.authorization !== undefined,
      ...distances,
      parts: [
        backupPart(templates, backup),
        upkeepPart(templates, id, upkeep),
        authorizationPart(templates),
        revocationPart(templates, pki.settings),
      ],
    };
    const members = hosts.map((host) => new EtcdMember(this, host.hostName, host, plan));

    // Install: in parallel; checks and stages, and touches nothing that runs.
    const installed = members.map((member, index) => {
      const download = resolved.downloads[index];
      member.host.downloadAtBoot(download);
      return { member, name: member.host.hostName, installation: member.install(download, members) };
    });

    // Genesis: the machines that are installed by now may found the cluster; later ones join it.
    // Nobody founds a cluster that is taken over; one that is recovered is founded by its survivor alone.
    const founders = (origin.adoption.peerUrls.length > 0 ? [] : installed).filter(
      ({ name }) => origin.survivor === undefined || name === origin.survivor,
    );
    const genesis = new Genesis(this, "genesis", {
      founders: Object.fromEntries(
        founders.map(({ name, member: { host, peerUrl } }) => [name, { machineId: host.machineId, peerUrl }]),
      ),
      founding: origin.founding,
      snapshot: origin.snapshot,
      preparations: founders.map(({ member, installation }) => member.prepareFounding(installation, members)),
      dependsOn: installed.map(({ installation }) => installation.step),
    });

    // Activate: one after the other, the preferred leader last, but a survivor first in a recovery.
    // The last step also converges: all members healthy, undeclared ones removed, leader in place.
    const order = leader.order
      .flatMap((place) => installed.filter(({ name }) => name === place))
      .reverse()
      .sort((a, b) => Number(b.name === origin.survivor) - Number(a.name === origin.survivor));
    const activations: SshStep[] = [];
    for (const { member, installation } of order.slice(0, -1))
      activations.push(member.activate(installation, genesis, members, [...activations]));
    const { member: lastMember, installation } = order[order.length - 1];
    const last = lastMember.activateAndConverge(installation, genesis, members, activations);

    // Membership: a machine that leaves is destroyed only once its member has left the cluster.
    const machineIds = Object.fromEntries(hosts.map((host) => [host.hostName, host.machineId]));
    const membership = new Membership(this, "membership", machineIds, last);
    makeWhenReady(hosts, last);

    // Authorization: steps of its own, as it changes with each client, and the machines do not. Then sessions end one member after
    // the other, the leader's last. Not beside the rollout: a Terraform that is killed counts what has begun as done when anything else
    // is done in a moment.
    const cuts: SshStep[] = [];
    if (props.authorization !== undefined) {
      const task = new AuthorizeTask(this, declaredAccess);
      const authorized = lastMember.authorize(this, installation, genesis, task, membership);
      for (const one of order) cuts.push(one.member.cutSessions(one.installation, task, authorized, [...cuts]));
    }

    // Revocation: once no member needs an earlier certificate, and beside nothing, as authorization.
    const revocations: SshStep[] = [];
    if (hasRevocation(pki.settings)) {
      for (const one of order)
        revocations.push(one.member.revoke(one.installation, cuts.at(-1) ?? membership, [...revocations]));
    }
    this.ready = readyAfter(revocations.at(-1) ?? cuts.at(-1) ?? last);

    // Access: clients' files, alerting rules, outputs.
    this.access = new ClusterAccess(this, {
      distances,
      members,
      pki,
      // etcd's gateway answers nobody who has a certificate while authorization is on.
      grpcGateway: grpcGateway && props.authorization !== true,
      declaredAccess,
      upkeepAlerts: upkeepAlertVariables(id, pki.settings, backup),
      outputPrefix: outputPrefix(id, props.outputPrefix),
      directory: new AccessDirectory(this, { given: props.accessDirectory }),
      clientFiles: props.clientFiles ?? true,
    });
    this.endpoints = this.access.from().endpoints;
  }

  /**
   * How to use the cluster from one place: endpoints, latencies, recommended settings. Creates no resource.
   *
   * @throws ValidationError if the round-trip times do not know the place
   */
  public clientAccess(props: EtcdClientAccessProps = {}): EtcdClientAccess {
    return checkedAt(this, () => this.access.from(props));
  }

  /**
   * A client with a certificate in its name, and the files to connect with.
   *
   * @param name a DNS label, used once; etcd's user name. Not `root`, nor a member's name: their certificates have these
   * @param props where it connects from, and, with authorization on, what it may do
   * @throws ValidationError if the name is no DNS label, is taken or was used before; if the round-trip times do not know the place;
   * if it does not say what the client may do though authorization is on, or does though it is not
   */
  public addClient(name: string, props: EtcdClientProps = {}): EtcdClient {
    return checkedAt(this, () => this.access.addClient(name, props));
  }

  /**
   * Permissions under a name, for several clients to share. With authorization only.
   *
   * @param name a DNS label, used once
   * @throws ValidationError if the name is no DNS label or was used before; if a prefix can't be used; if authorization is not on
   */
  public addRole(name: string, props: EtcdPermissionProps): EtcdRole {
    return checkedAt(this, () => this.access.addRole(name, props));
  }

  /**
   * Alerting rules for Prometheus, as YAML: members, leader, database; and round trips, commits and requests compared
   * with what this cluster's distances lead to expect. Known only once applied: write it to a file or upload it.
   *
   * @throws ValidationError if the job's name cannot be used in a rule
   */
  public alertRules(props: EtcdAlertRulesProps = {}): string {
    return checkedAt(this, () => this.access.alertRules(props));
  }

  /** Writes {@link EtcdCluster.alertRules} to `alerts.yaml` in the access directory. */
  public writeAlertRules(props: EtcdAlertRulesProps = {}): void {
    checkedAt(this, () => {
      this.access.writeAlertRules(props);
    });
  }
}

/** All that a cluster is given, checked and with every default filled in. Makes nothing. */
function resolveCluster(path: string, id: string, props: EtcdClusterProps) {
  requireCluster(id, props);
  const { authorization, hosts, settings, version = EtcdVersion.V3_6_14 } = props;
  const mirror = resolveMirror(props.download, hosts);
  const downloads = hosts.map((host) => downloadFor(host, version, mirror));
  const backup = resolveBackup(props.backup, id, settings?.quotaGiB ?? DEFAULT_QUOTA_GIB, hosts);
  const grpcGateway = servesGrpcGateway(settings, authorization);
  requireDeclaredNames(props.pki?.ownClientAuthorities, authorization);
  return {
    version,
    downloads,
    backup,
    grpcGateway,
    settings: renderSettings({ ...settings, grpcGateway }, version, hosts),
    networks: resolveNetworks(hosts, props),
    distances: clusterDistances(path, props),
    pki: resolvePki(props.pki),
    origin: (props.origin ?? ClusterOrigin.empty())._resolve(hosts.map((host) => host.hostName)),
    upkeep: resolveUpkeep(props.upkeep),
  };
}

import { Fn, IResolvable, ITerraformDependable, RemoteExecProvisioner, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { AuthorizeTask } from "./authorization/authorize-task";
import { BootDownload, IEtcdHost } from "./etcd-host";
import { leaderPart } from "./leader/leader-part";
import { etcdPart } from "./member/etcd-part";
import { metadataPart } from "./metadata/metadata-part";
import { ownSettings } from "./member/own-settings";
import { ClusterPki, MemberCertificates } from "./pki/cluster-pki";
import { adoptionPart } from "./rollout/adoption-part";
import { Genesis } from "./rollout/genesis";
import { addressIn, Networks } from "./networks";
import { NodeBundle } from "./node/node-bundle";
import { NodePart } from "./node/node-part";
import { recoveryPart } from "./rollout/recovery-part";
import { rolloutEnv } from "./rollout/rollout-env";
import { Declaration, rolloutPart } from "./rollout/rollout-part";
import { sshAccessPart } from "./node/ssh-access-part";
import { SshStep } from "./node/ssh-step";
import { overSsh } from "./ssh/over-ssh";
import { Templates, TemplateValue } from "./terraform/templates";
import { asItIs, shellWord } from "./terraform/writers";
import { streamsPart } from "./streams/streams-part";
import { RoundTripTimes, Tuning } from "./wan";
import { LeaderPlacement } from "./wan/leader-placement";
import { MemberPaths } from "./wan/member-paths";
import { nearestFirst } from "./wan/nearest";

/** What the members of a cluster have in common. */
export interface ClusterPlan {
  readonly declared: Declaration;
  readonly pki: ClusterPki;
  readonly networks: Networks;
  readonly settings: Record<string, string>;
  /** Whether etcd serves its gRPC gateway. */
  readonly grpcGateway: boolean;
  /** Whether the code says if authorization is on. */
  readonly authorizationDeclared: boolean;
  readonly tuning: Tuning;
  readonly roundTripTimes: RoundTripTimes;
  readonly paths: MemberPaths;
  readonly leader: LeaderPlacement;
  /** What other features add to every node. */
  readonly parts: readonly NodePart[];
}

/** What is to be on a member's machine, and the step that stages it there. */
export interface Installation {
  readonly bundle: NodeBundle;
  readonly step: SshStep;
}

/** One member of the cluster: its addresses, its certificates, what is laid down on its machine and in which step. */
export class EtcdMember extends Construct {
  /** Address that clients reach it at. */
  public readonly clientAddress: string;
  /** URL that clients reach it at. */
  public readonly clientUrl: string;
  /** URL that its peers reach it at. */
  public readonly peerUrl: string;
  public readonly certificates: MemberCertificates;
  private readonly templates: Templates;

  public constructor(
    scope: Construct,
    id: string,
    public readonly host: IEtcdHost,
    private readonly plan: ClusterPlan,
  ) {
    super(scope, id);
    const peerAddress = addressIn(plan.networks.peers, host);
    this.clientAddress = addressIn(plan.networks.clients, host);
    this.clientUrl = `https://${this.clientAddress}:2379`;
    this.peerUrl = `https://${peerAddress}:2380`;
    this.templates = Templates.of(this);
    this.certificates = plan.pki.forMember(this, {
      name: host.hostName,
      publicAddress: host.publicAddress,
      privateAddress: host.privateAddress,
      peerAddress,
      grpcGateway: plan.grpcGateway,
    });
  }

  /** Checks and stages everything on the machine, over one connection; touches nothing that runs. */
  public install(download: BootDownload, members: readonly EtcdMember[]): Installation {
    const { plan, host, certificates, templates } = this;
    const { declared, tuning } = plan;
    const { adoption } = declared.origin;
    const others = members.filter((member) => member !== this);
    const scope = new Construct(this, "bundle");
    const etcd = etcdPart(scope, {
      member: host.hostName,
      version: declared.version.version,
      settings: { ...plan.settings, ...ownSettings(host.hostName, this, tuning) },
      pem: {
        clientCa: adoption.clientTrust(plan.pki.clientAuthority.trustPem),
        peerCa: adoption.peerTrust(plan.pki.peerAuthority.trustPem),
        serverCertificate: certificates.server.certificatePem,
        serverKey: certificates.server.privateKeyPem,
        peerCertificate: certificates.peer.certificatePem,
        peerKey: certificates.peer.privateKeyPem,
        adminCertificate: certificates.admin.certificatePem,
        adminKey: certificates.admin.privateKeyPem,
      },
      endpoint: this.clientUrl,
      endpoints: [this, ...this.nearestFirst(others)].map((member) => member.clientUrl),
      peerUrls: [...others.map((member) => member.peerUrl), ...adoption.peerUrls],
      dialTimeoutMs: tuning.clientDialTimeoutMs,
      commandTimeoutMs: tuning.etcdctlCommandTimeoutMs,
      streamsByCubic: plan.paths.streamsByCubic,
      memoryMiB: host.memoryMiB,
    });
    const bundle = new NodeBundle(scope, {
      name: host.hostName,
      parts: [
        sshAccessPart(templates, host.connection),
        etcd,
        rolloutPart(templates, host.hostName, declared),
        recoveryPart(templates),
        adoptionPart(templates),
        leaderPart(templates, host.hostName, plan.leader),
        streamsPart(templates, plan.paths),
        metadataPart(templates, host),
        ...plan.parts,
      ],
      download,
      bootTimeoutSeconds: host.connection.timeoutSeconds ?? 300,
      validFrom: certificates.server.validFrom,
    });
    const step = new SshStep(this, "install", {
      host,
      triggers: {
        machine: host.machineId,
        bundle: bundle.digest,
        secrets: bundle.secretsDigest,
      },
      script: bundle.step("install"),
      first: true,
    });
    return { bundle, step };
  }

  /** Notes on the machine's disk, while the genesis record is made, that it may found the cluster. */
  public prepareFounding(installation: Installation, members: readonly EtcdMember[]): RemoteExecProvisioner {
    const unrecorded = this.rolloutEnv("founding-env", {}, members);
    return overSsh(this.host, this.script(installation.bundle, ["prepare-founding"], unrecorded), "prepare-founding");
  }

  /**
   * Puts what was installed into service, over one connection, once the members before it are in service.
   *
   * The id contains the step's position in the rollout. Terraform's state keeps what each step depended on: if two
   * steps kept their addresses and changed places, because another leader is preferred or another member survived, each
   * would depend on the other, which Terraform refuses as a cycle.
   */
  public activate(
    installation: Installation,
    genesis: Genesis,
    members: readonly EtcdMember[],
    earlier: SshStep[],
  ): SshStep {
    return new SshStep(this, `activate-${earlier.length + 1}`, {
      host: this.host,
      triggers: { installed: installation.step.id, genesis: genesis.id },
      script: this.script(installation.bundle, ["activate"], this.rolloutEnv("rollout-env", genesis.record, members)),
      dependsOn: earlier.slice(-1),
    });
  }

  /**
   * The last activation and, over the same connection, the end of the deploy: waits until the whole cluster is as
   * declared. It runs again whenever another activation did.
   */
  public activateAndConverge(
    installation: Installation,
    genesis: Genesis,
    members: readonly EtcdMember[],
    earlier: SshStep[],
  ): SshStep {
    const ids = earlier.map((step) => step.id);
    return new SshStep(this, "converge", {
      host: this.host,
      triggers: { installed: installation.step.id, genesis: genesis.id, activated: Fn.join(",", ids) },
      script: this.script(
        installation.bundle,
        ["activate", "converge", ...(this.plan.authorizationDeclared ? [] : ["tell-authorization"])],
        this.rolloutEnv("rollout-env", genesis.record, members),
      ),
      dependsOn: earlier.slice(-1),
    });
  }

  /**
   * Makes etcd's users, roles and permissions what is declared, once the whole cluster is as declared. It runs when they change, and
   * after a founding, which begins without any.
   *
   * @param scope the cluster: wherever the step runs, it is the same one
   * @param after the end of the rollout
   */
  public authorize(
    scope: Construct,
    installation: Installation,
    genesis: Genesis,
    task: AuthorizeTask,
    after: ITerraformDependable,
  ): SshStep {
    return new SshStep(scope, "authorize", {
      host: this.host,
      triggers: { genesis: genesis.id, declared: task.digest },
      script: installation.bundle.step("authorize", task.script(false)),
      dependsOn: [after],
    });
  }

  /**
   * Ends clients' sessions with this member if something was taken away. Its id contains the member's position: see {@link activate}.
   * The first one looks at all users, roles and permissions again: a Terraform that is killed may count a step as done that it has
   * only begun.
   *
   * @param authorized the step that makes users, roles and permissions what is declared
   * @param earlier the same of the members before it: one after the other, so that most clients stay connected
   */
  public cutSessions(
    installation: Installation,
    task: AuthorizeTask,
    authorized: SshStep,
    earlier: readonly SshStep[],
  ): SshStep {
    const script = earlier.length === 0 ? task.script(true) : "/usr/local/lib/cdktf-etcd/cut-sessions\n";
    return new SshStep(this, `cut-sessions-${earlier.length + 1}`, {
      host: this.host,
      triggers: { authorized: authorized.id },
      script: installation.bundle.step("cut-sessions", script),
      dependsOn: [authorized, ...earlier.slice(-1)],
    });
  }

  /**
   * Has this member refuse the certificates that are revoked, once the whole cluster is as declared, and ends the connections that it
   * has with their holders. Its id contains the member's position: see {@link activate}.
   *
   * @param after what has to be done first
   * @param earlier the same of the members before it: one after the other, so that most clients stay connected
   */
  public revoke(installation: Installation, after: ITerraformDependable, earlier: readonly SshStep[]): SshStep {
    return new SshStep(this, `revoke-${earlier.length + 1}`, {
      host: this.host,
      triggers: { installed: installation.step.id },
      script: installation.bundle.step("revoke", "/usr/local/lib/cdktf-etcd/revoke\n"),
      dependsOn: [after, ...earlier.slice(-1)],
    });
  }

  /** Script of a step that puts what is staged into its place, and then runs these node scripts. */
  private script(bundle: NodeBundle, commands: readonly string[], rolloutEnv: IResolvable): string {
    const task = this.templates.render("rollout/task.sh.tftpl", {
      commands: commands.map(asItIs),
      name: shellWord(this.host.hostName),
      rollout_env: rolloutEnv,
    });
    return bundle.step(commands.join(", then "), task);
  }

  /** Settings of this rollout for the node scripts, in a Terraform local. */
  private rolloutEnv(id: string, genesis: TemplateValue, members: readonly EtcdMember[]): IResolvable {
    const { tuning, declared } = this.plan;
    const told = rolloutEnv(this.templates, this, { members, genesis, adoption: declared.origin.adoption, tuning });
    return new TerraformLocal(this, id, told).expression as IResolvable;
  }

  private nearestFirst(members: readonly EtcdMember[]): EtcdMember[] {
    const { roundTripTimes } = this.plan;
    const placed = members.map((member) => ({ member, location: member.host.location }));
    return nearestFirst(roundTripTimes, this.host.location, placed).map(({ member }) => member);
  }
}

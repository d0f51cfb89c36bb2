import { File } from "@cdktf/provider-local/lib/file";
import { IResolvable, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { DeclaredAccess } from "../authorization/declared-access";
import { EtcdRole } from "../authorization/etcd-role";
import { EtcdPermissionProps, PERMISSION } from "../authorization/permission-props";
import { ClusterPki } from "../pki/cluster-pki";
import { ClientCertificate } from "../pki/client-certificate";
import { Templates, TemplateVariables } from "../terraform/templates";
import { read, requireDistinct, requireDnsLabel, required, shown, text } from "../validation";
import { ValidationError } from "../validation-error";
import { AccessDirectory } from "./access-directory";
import { alertRuleVariables, EtcdAlertRulesProps, jobName } from "./alert-rules";
import { clientExpiry } from "./certificate-expiry";
import { AccessModel, CLIENT_ACCESS, EtcdClientAccess, EtcdClientAccessProps } from "./client-access";
import { CLIENT, EtcdClientProps, requireClientCertificate } from "./client-props";
import { ClusterMember } from "./cluster-member";
import { writeClusterOutputs } from "./cluster-outputs";
import { EtcdClient } from "./etcd-client";

/** What the access to a cluster is made of. */
export interface ClusterAccessProps {
  readonly distances: Omit<AccessModel, "members">;
  readonly members: readonly ClusterMember[];
  readonly pki: ClusterPki;
  /** Whether the members answer curl: etcd's gRPC gateway is on. */
  readonly grpcGateway: boolean;
  /** Who may do what: clients and roles are noted there. */
  readonly declaredAccess: DeclaredAccess;
  /** Variables of the alerting rules about the nodes' upkeep. */
  readonly upkeepAlerts: TemplateVariables;
  /** First part of the outputs' names. */
  readonly outputPrefix: string;
  /** Directory for the clients' files and the alerting rules. */
  readonly directory: AccessDirectory;
  /** Whether the clients' files are written there. */
  readonly clientFiles: boolean;
}

/** The clients of one cluster and their files, its alerting rules, and its outputs. */
export class ClusterAccess {
  private readonly model: AccessModel;
  /** Certificates of the clients, by name. */
  private readonly clients: Record<string, ClientCertificate | undefined> = {};

  /** @param cluster the construct that all of it lies in */
  public constructor(
    private readonly cluster: Construct,
    private readonly props: ClusterAccessProps,
  ) {
    const { distances, members, pki } = props;
    const byPreference = distances.leader.order.flatMap((name) => members.filter(({ host }) => host.hostName === name));
    this.model = {
      ...distances,
      members: byPreference.map(({ host, clientUrl }) => ({ name: host.hostName, location: host.location, clientUrl })),
    };
    writeClusterOutputs(cluster, {
      prefix: props.outputPrefix,
      members,
      endpoints: this.from().endpoints,
      preferredLeader: distances.leader.order[0],
      pki,
      clients: this.clients,
    });
  }

  /** {@link EtcdCluster.clientAccess} */
  public from(props: EtcdClientAccessProps = {}): EtcdClientAccess {
    read("", props, CLIENT_ACCESS);
    return EtcdClientAccess._of(this.model, props.from);
  }

  /** {@link EtcdCluster.addClient} */
  public addClient(name: string, props: EtcdClientProps): EtcdClient {
    const { pki, declaredAccess, directory, clientFiles, grpcGateway } = this.props;
    read("client name", name, required(text));
    read(`addClient(${shown(name)})`, props, CLIENT);
    requireDnsLabel("client name", name);
    this.requireNoIdentity(name);
    requireDistinct(
      "client name",
      [...Object.keys(this.clients), name],
      "give every client a name of its own, so that each can be told apart and withdrawn",
    );
    requireClientCertificate(`addClient(${shown(name)})`, props, pki.settings);
    const access = this.from({ from: props.from });
    declaredAccess.addClient(name, props);
    const scope = new Construct(this.cluster, `client-${name}`);
    const certificate = props.ownCertificate === true ? undefined : pki.forClient(scope, name, props);
    this.clients[name] = certificate;
    return EtcdClient._of(scope, "access", name, certificate, access, {
      caPem: pki.clientAuthority.clientTrustPem,
      directory: clientFiles ? directory : undefined,
      outputPrefix: this.props.outputPrefix,
      grpcGateway,
    });
  }

  /** {@link EtcdCluster.addRole} */
  public addRole(name: string, props: EtcdPermissionProps): EtcdRole {
    read("role name", name, required(text));
    read(`addRole(${shown(name)})`, props, required(PERMISSION));
    return this.props.declaredAccess.addRole(name, props);
  }

  /** {@link EtcdCluster.alertRules} */
  public alertRules(props: EtcdAlertRulesProps): string {
    const job = jobName(props, this.cluster.node.id);
    // A local, because the template lies beside this stack, and another one may use the rules.
    const id = `alert-rules-${encodeURIComponent(job)}`;
    const made =
      (this.cluster.node.tryFindChild(id) as TerraformLocal | undefined) ??
      new TerraformLocal(
        this.cluster,
        id,
        Templates.of(this.cluster).render("access/alerts.yaml.tftpl", {
          ...alertRuleVariables(this.model, job),
          ...this.props.upkeepAlerts,
          client_expiry: this.clientExpiry.expression as IResolvable,
        }),
      );
    return made.asString;
  }

  /** {@link EtcdCluster.writeAlertRules} */
  public writeAlertRules(props: EtcdAlertRulesProps): void {
    new File(this.cluster, "alerts", {
      filename: this.props.directory.take(this.cluster, "alerts.yaml"),
      content: this.alertRules(props),
      filePermission: "0644",
      directoryPermission: "0700",
    });
  }

  /** A certificate is whom it names: a client's must not be taken for root's or a member's own. */
  private requireNoIdentity(name: string): void {
    const taken = ["root", ...this.props.members.map(({ host }) => host.hostName)];
    if (!taken.includes(name)) return;
    throw new ValidationError({
      what: "client name",
      given: shown(name),
      expected: "a name that no certificate of the members has",
      mend:
        name === "root"
          ? "name it after who uses it: root is etcd's administrator, whose certificate every machine has"
          : "name it after who uses it: the member of that name shows a certificate in it",
    });
  }

  /** A local, because a lazy value can't be among a function's arguments. */
  private get clientExpiry(): TerraformLocal {
    const id = "client-expiry";
    return (
      (this.cluster.node.tryFindChild(id) as TerraformLocal | undefined) ??
      new TerraformLocal(this.cluster, id, clientExpiry(this.clients))
    );
  }
}

import { File } from "@cdktf/provider-local/lib/file";
import { TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { ClusterPki } from "../pki/cluster-pki";
import { LeafCertificate } from "../pki/leaf-certificate";
import { Templates, TemplateVariables } from "../terraform/templates";
import { requireDistinct, requireDnsLabel } from "../validation";
import { alertRuleVariables, EtcdAlertRulesProps, requireJobName } from "./alert-rules";
import { clientExpiry } from "./certificate-expiry";
import { AccessModel, EtcdClientAccess, EtcdClientAccessProps } from "./client-access";
import { ClusterMember } from "./cluster-member";
import { writeClusterOutputs } from "./cluster-outputs";
import { EtcdClient } from "./etcd-client";
import { outputPrefix } from "./output-prefix";
import { relativeToStack } from "./stack-path";

/** What the access to a cluster is made of. */
export interface ClusterAccessProps {
  readonly distances: Omit<AccessModel, "members">;
  readonly members: readonly ClusterMember[];
  readonly pki: ClusterPki;
  /** Whether the members answer curl: etcd's gRPC gateway is on. */
  readonly grpcGateway: boolean;
  /** Variables of the alerting rules about the nodes' upkeep. */
  readonly upkeepAlerts: TemplateVariables;
  /** Directory for the clients' files, relative to where the app runs, or absolute. */
  readonly directory: string;
  /** Whether the clients' files are written there. */
  readonly clientFiles: boolean;
}

/** The clients of one cluster and their files, its alerting rules, and its outputs. */
export class ClusterAccess {
  private readonly model: AccessModel;
  private readonly outputPrefix: string;
  /** Certificates of the clients, by name. */
  private readonly clients: Record<string, LeafCertificate> = {};

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
    this.outputPrefix = outputPrefix(cluster.node.id);
    writeClusterOutputs(cluster, {
      prefix: this.outputPrefix,
      members,
      endpoints: this.from().endpoints,
      preferredLeader: distances.leader.order[0],
      pki,
      clients: this.clients,
    });
  }

  /** {@link EtcdCluster.clientAccess} */
  public from(location?: string): EtcdClientAccess {
    return EtcdClientAccess._of(this.model, location);
  }

  /** {@link EtcdCluster.addClient} */
  public addClient(name: string, props: EtcdClientAccessProps): EtcdClient {
    const { pki, directory, clientFiles, grpcGateway } = this.props;
    requireDnsLabel("client name", name);
    requireDistinct(
      "client name",
      [...Object.keys(this.clients), name],
      "give every client a name of its own, so that each can be told apart and withdrawn",
    );
    const access = this.from(props.from);
    const scope = new Construct(this.cluster, `client-${name}`);
    const certificate = pki.forClient(scope, name);
    this.clients[name] = certificate;
    return EtcdClient._of(scope, "access", name, certificate, access, {
      caPem: pki.clientAuthority.trustPem,
      directory: clientFiles ? directory : undefined,
      outputPrefix: this.outputPrefix,
      grpcGateway,
    });
  }

  /** {@link EtcdCluster.alertRules} */
  public alertRules(props: EtcdAlertRulesProps): string {
    const job = props.job ?? this.cluster.node.id;
    requireJobName(job);
    return Templates.of(this.cluster).render("access/alerts.yaml.tftpl", {
      ...alertRuleVariables(this.model, job),
      ...this.props.upkeepAlerts,
      client_expiry: this.clientExpiry.expression,
    });
  }

  /** {@link EtcdCluster.writeAlertRules} */
  public writeAlertRules(props: EtcdAlertRulesProps): void {
    new File(this.cluster, "alerts", {
      filename: `${relativeToStack(this.cluster, this.props.directory)}/alerts.yaml`,
      content: this.alertRules(props),
      filePermission: "0644",
      directoryPermission: "0700",
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

import { IEtcdHost } from "../etcd-host";
import { MemberCertificates } from "../pki/cluster-pki";

/** What clients, operators and other stacks need to know of a member. */
export interface ClusterMember {
  readonly host: IEtcdHost;
  /** URL that clients reach it at. */
  readonly clientUrl: string;
  /** URL that its peers reach it at. */
  readonly peerUrl: string;
  readonly certificates: MemberCertificates;
}

import { Construct } from "constructs";
import { ClusterPki } from "../pki/cluster-pki";
import { ClientCertificate } from "../pki/client-certificate";
import { certificateExpiry } from "./certificate-expiry";
import { ClusterMember } from "./cluster-member";
import { output } from "./etcd-client";
import { machineAccess } from "./machine-access";

/** What a cluster's outputs contain. */
export interface ClusterOutputs {
  /** First part of the outputs' names. */
  readonly prefix: string;
  readonly members: readonly ClusterMember[];
  /** Client URLs, the leader's preferred place first. */
  readonly endpoints: readonly string[];
  /** Name of the member that is preferred as leader. */
  readonly preferredLeader: string;
  readonly pki: ClusterPki;
  /** By name; the outputs include those that are added later. */
  readonly clients: Readonly<Record<string, ClientCertificate | undefined>>;
}

/** The outputs for other stacks, for operators, and for the command line. */
export function writeClusterOutputs(cluster: Construct, outputs: ClusterOutputs): void {
  const { prefix, members, pki } = outputs;
  const ofEach = (value: (member: ClusterMember) => unknown): Record<string, unknown> =>
    Object.fromEntries(members.map((member) => [member.host.hostName, value(member)]));
  const shown = {
    endpoints: outputs.endpoints,
    ca_certificate: pki.clientAuthority.clientTrustPem,
    preferred_leader: outputs.preferredLeader,
    peer_ca_certificate: pki.peerAuthority.trustPem,
    certificate_expiry: certificateExpiry(pki, members, outputs.clients),
    members: ofEach((member) => member.clientUrl),
  };
  for (const [name, value] of Object.entries(shown)) output(cluster, `${prefix}_${name}`, value, false);
  output(cluster, `${prefix}_ssh`, ofEach(machineAccess), true);
}

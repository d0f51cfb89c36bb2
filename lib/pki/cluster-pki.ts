import { Fn, Token } from "cdktf";
import { Construct } from "constructs";
import { literal } from "../terraform/literal";
import { Authority } from "./authority";
import { ClientCertificate, ClientCertificateProps } from "./client-certificate";
import { LeafCertificate } from "./leaf-certificate";
import { ResolvedPki } from "./pki-props";
import { RequestedCertificate } from "./requested-certificate";

/** What a member's certificates name. */
export interface MemberIdentity {
  readonly name: string;
  readonly publicAddress?: string;
  readonly privateAddress?: string;
  /** The address that the other members dial. */
  readonly peerAddress: string;
  /** Whether its etcd serves a gRPC gateway, which calls the member itself with the server certificate. */
  readonly grpcGateway: boolean;
}

/** The certificates that one member holds. */
export interface MemberCertificates {
  /** Shown to clients on 2379. Nothing but etcd's gRPC gateway uses it as a client, to call its own member. */
  readonly server: LeafCertificate;
  /** Shown to and by peers on 2380. */
  readonly peer: LeafCertificate;
  /** etcdctl on the machine itself, as the user root. */
  readonly admin: LeafCertificate;
}

/**
 * Two authorities: one for port 2379 (the members' server certificates, and clients), one for peers. So no client
 * certificate can ever act as a peer.
 */
export class ClusterPki extends Construct {
  public readonly clientAuthority: Authority;
  public readonly peerAuthority: Authority;

  /** @param settings the ones in use */
  public constructor(
    scope: Construct,
    id: string,
    clusterName: string,
    public readonly settings: ResolvedPki,
  ) {
    super(scope, id);
    this.clientAuthority = new Authority(
      this,
      "client",
      clusterName,
      settings.clientAuthority,
      settings,
      settings.ownClientAuthorities,
    );
    this.peerAuthority = new Authority(this, "peer", clusterName, settings.peerAuthority, settings);
  }

  /** The three certificates of a member. */
  public forMember(scope: Construct, member: MemberIdentity): MemberCertificates {
    const { name, publicAddress, privateAddress, peerAddress, grpcGateway } = member;
    return {
      server: new LeafCertificate(scope, "server", this.clientAuthority.signer, {
        commonName: name,
        dnsNames: [name, "localhost", ...this.settings.serverNames],
        // A machine may turn out to have no private address, and an empty text is no SAN.
        ipAddresses: Token.asList(
          Fn.compact([literal(publicAddress ?? ""), literal(privateAddress ?? ""), "127.0.0.1"]),
        ),
        serverAuth: true,
        clientAuth: grpcGateway,
      }),
      peer: new LeafCertificate(scope, "peer", this.peerAuthority.signer, {
        commonName: name,
        dnsNames: [name],
        ipAddresses: [peerAddress],
        serverAuth: true,
        clientAuth: true,
      }),
      admin: new LeafCertificate(scope, "admin", this.clientAuthority.signer, {
        commonName: "root",
        serverAuth: false,
        clientAuth: true,
      }),
    };
  }

  /** A certificate for a client; its name becomes etcd's user name. */
  public forClient(scope: Construct, name: string, props: ClientCertificateProps = {}): ClientCertificate {
    const { renew = 0, certificateRequestPem } = props;
    const { signer } = this.clientAuthority;
    if (certificateRequestPem !== undefined)
      return new RequestedCertificate(scope, "requested", signer, name, certificateRequestPem);
    // The first one has no number, so that ids in existing clusters stay as they are.
    return new LeafCertificate(scope, renew === 0 ? "certificate" : `certificate-${renew}`, signer, {
      commonName: name,
      serverAuth: false,
      clientAuth: true,
    });
  }
}

import { SensitiveFile } from "@cdktf/provider-local/lib/sensitive-file";
import { Token } from "cdktf";
import { Construct, IConstruct } from "constructs";
import { sayTheSameInHcl } from "../terraform/hcl-form";
import { requireDnsLabel } from "../validation";
import { ValidationError } from "../validation-error";
import { claimFile, relativeToStack } from "./stack-path";

/** An etcd cluster, as those see it who only use it: declared in this app, or anywhere else. */
export interface IEtcdCluster extends IConstruct {
  /** Client URLs of its members, the first to be tried first. */
  readonly endpoints: string[];
  /** Certificates of the authorities that signed the members' server certificates, PEM. */
  readonly caCertificatePem: string;
}

/** What is known of a cluster that is declared elsewhere: what its outputs hold. */
export interface EtcdClusterAttributes {
  /** Client URLs of its members, https: output `<cluster>_endpoints`, or that of a client. */
  readonly endpoints: string[];
  /** PEM of the authority that signed the members' server certificates: output `<cluster>_ca_certificate`. */
  readonly caCertificatePem: string;
}

/** A client's own certificate, and where its files go. */
export interface EtcdClientFilesProps {
  /** Name of the directory of its files, within `directory`: a DNS label, the client's name as a rule. */
  readonly clientName: string;
  /** Its certificate, PEM, which the cluster's authority for clients signed. */
  readonly certificatePem: string;
  /** Its private key, PEM; sensitive. */
  readonly privateKeyPem: string;
  /**
   * Directory for the clients' files, absolute or relative to where the app runs.
   * @default "etcd-access"
   */
  readonly directory?: string;
}

/** A cluster that is declared elsewhere: in another stack, another app, or by other means. */
export class EtcdClusterReference extends Construct implements IEtcdCluster {
  /** @internal made by {@link EtcdCluster.fromAttributes} */
  public static _of(scope: Construct, id: string, attributes: EtcdClusterAttributes): EtcdClusterReference {
    return new EtcdClusterReference(scope, id, attributes);
  }

  public readonly endpoints: string[];
  public readonly caCertificatePem: string;

  private constructor(scope: Construct, id: string, { endpoints, caCertificatePem }: EtcdClusterAttributes) {
    super(scope, id);
    requireEndpoints(endpoints);
    sayTheSameInHcl(this);
    this.endpoints = endpoints;
    this.caCertificatePem = caCertificatePem;
  }

  /**
   * Writes the files to connect with, 0600, in a directory of their own: `ca.crt`, `client.crt` and `client.key`.
   *
   * @throws ValidationError if the name is no DNS label, or if another construct of the app writes these files
   */
  public writeClientFiles(props: EtcdClientFilesProps): void {
    const { clientName, certificatePem, privateKeyPem, directory = "etcd-access" } = props;
    requireDnsLabel("client name", clientName);
    const scope = new Construct(this, `client-${clientName}`);
    const files = { "ca.crt": this.caCertificatePem, "client.crt": certificatePem, "client.key": privateKeyPem };
    for (const [name, content] of Object.entries(files)) {
      claimFile(scope, `${directory}/${clientName}/${name}`);
      new SensitiveFile(scope, name, {
        filename: `${relativeToStack(this, directory)}/${clientName}/${name}`,
        content,
        filePermission: "0600",
        directoryPermission: "0700",
      });
    }
  }
}

function requireEndpoints(endpoints: readonly string[]): void {
  const wrong = endpoints.find((url) => !Token.isUnresolved(url) && !/^https:\/\/[^\s/]+$/.test(url));
  if (endpoints.length > 0 && wrong === undefined) return;
  throw new ValidationError({
    what: "endpoints",
    given: wrong === undefined ? "none" : JSON.stringify(wrong),
    expected: "the https URLs of the members, without a path",
    mend: 'take them from the output <cluster>_endpoints, or write them like "https://192.0.2.7:2379"',
  });
}

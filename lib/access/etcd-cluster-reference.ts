import { Fn } from "cdktf";
import { Construct, IConstruct } from "constructs";
import { sayTheSameInHcl } from "../terraform/hcl-form";
import { Templates } from "../terraform/templates";
import {
  checkedAt,
  constructId,
  isLate,
  lateList,
  lateText,
  read,
  requireDirectory,
  requireDistinct,
  requireDnsLabel,
  required,
  secret,
  shape,
  shown,
  text,
} from "../validation";
import { ValidationError } from "../validation-error";
import { AccessDirectory } from "./access-directory";
import { clientEnv, EtcdClientTimeLimits, timeLimits } from "./client-env";
import { writeClientFile } from "./client-file";
import { DEFAULT_ACCESS_DIRECTORY } from "./default-directory";

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

/** What {@link EtcdClusterAttributes} are made of. */
const ATTRIBUTES = shape<EtcdClusterAttributes>({
  endpoints: required(lateList(lateText)),
  caCertificatePem: required(lateText),
});

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
   * @default - "etcd-access"; where a cluster of the app, or another reference, would write files of this client's name
   * there, "etcd-access/<path>", with the path of the reference in the app, for example "etcd-access/billing/etcd"
   */
  readonly directory?: string;
  /**
   * Time limits for the client's `etcd.env`: what {@link EtcdCluster.clientAccess} returns, or the numbers of output
   * `<cluster>_client_<client>_settings`.
   * @default - none: the programs' own
   */
  readonly timeLimits?: EtcdClientTimeLimits;
}

/** What {@link EtcdClientFilesProps} are made of. */
const CLIENT_FILES = shape<EtcdClientFilesProps>({
  clientName: required(text),
  certificatePem: required(lateText),
  privateKeyPem: required(secret),
  directory: text,
  timeLimits,
});

/** A cluster that is declared elsewhere: in another stack, another app, or by other means. */
export class EtcdClusterReference extends Construct implements IEtcdCluster {
  /** @internal made by {@link EtcdCluster.fromAttributes} */
  public static _of(scope: Construct, id: string, attributes: EtcdClusterAttributes): EtcdClusterReference {
    return new EtcdClusterReference(scope, id, attributes);
  }

  public readonly endpoints: string[];
  public readonly caCertificatePem: string;
  private readonly directory = new AccessDirectory(this, { ofReference: true });
  /** Names of those whose files are written. */
  private readonly clients: string[] = [];

  private constructor(scope: Construct, id: string, attributes: EtcdClusterAttributes) {
    super(scope, constructId("EtcdClusterReference", id));
    checkedAt(this, () => {
      read("", attributes, required(ATTRIBUTES));
      requireEndpoints(attributes.endpoints);
    });
    sayTheSameInHcl(this);
    this.endpoints = attributes.endpoints;
    this.caCertificatePem = attributes.caCertificatePem;
  }

  /**
   * Writes the files to connect with, 0600, in a directory of their own: `ca.crt`, `client.crt`, `client.key`, and
   * `etcd.env` to be sourced for etcdctl, with the endpoints in the order that they were given in.
   *
   * @throws ValidationError if the name is no DNS label, if it was called for that client before, or if another construct
   * of the app writes these files
   */
  public writeClientFiles(props: EtcdClientFilesProps): void {
    checkedAt(this, () => {
      read("", props, required(CLIENT_FILES));
      requireDnsLabel("clientName", props.clientName);
      // Whatever the directories: the files' addresses in the state are of the client's name alone.
      requireDistinct("clientName", [...this.clients, props.clientName], "leave out one of the two calls");
      requireDirectory("directory", props.directory ?? DEFAULT_ACCESS_DIRECTORY, DEFAULT_ACCESS_DIRECTORY);
    });
    const { clientName, certificatePem, privateKeyPem, directory: given, timeLimits: limits = {} } = props;
    this.clients.push(clientName);
    const scope = new Construct(this, `client-${clientName}`);
    const directory = given === undefined ? this.directory : new AccessDirectory(this, { given, ofReference: true });
    const env = clientEnv(Templates.of(this), {
      clientName,
      directory: Fn.abspath(directory.pathOf(this, clientName)),
      endpoints: this.endpoints,
      order: "as they were given",
      limits,
    });
    const files = {
      "ca.crt": this.caCertificatePem,
      "client.crt": certificatePem,
      "client.key": privateKeyPem,
      "etcd.env": env,
    };
    for (const [name, content] of Object.entries(files)) {
      writeClientFile(scope, directory, clientName, name, content);
    }
  }
}

function requireEndpoints(endpoints: readonly string[]): void {
  const wrong = endpoints.find((url) => !isLate(url) && !/^https:\/\/[^\s/]+$/.test(url));
  if (endpoints.length > 0 && wrong === undefined) return;
  throw new ValidationError({
    what: "endpoints",
    given: wrong === undefined ? "none" : shown(wrong),
    expected: "the https URLs of the members, without a path",
    mend: 'take them from the output <cluster>_endpoints, or write them like "https://192.0.2.7:2379"',
  });
}

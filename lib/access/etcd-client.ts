import { Fn, Lazy, TerraformOutput, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { ClientCertificate } from "../pki/client-certificate";
import { claim } from "../terraform/claims";
import { literals } from "../terraform/literal";
import { Templates } from "../terraform/templates";
import { asItIs, shellBare } from "../terraform/writers";
import { ValidationError } from "../validation-error";
import { AccessDirectory } from "./access-directory";
import { EtcdClientAccess } from "./client-access";
import { clientEnv, clientVariables, settingsOf } from "./client-env";
import { writeClientFile } from "./client-file";
import { clientFilesOutput, clientOutputs, DIRECTORY } from "./client-files-output";
import { KubeApiserverFlagsProps } from "./kube-apiserver";

/** Where a client's files and outputs go. */
export interface EtcdClientTarget {
  /** Certificate of the authority that signed the members' server certificates, PEM. */
  readonly caPem: string;
  /** Directory for the clients' files; undefined if none are written. */
  readonly directory?: AccessDirectory;
  /** First part of the output names. */
  readonly outputPrefix: string;
  /** Whether the members answer curl: etcd's gRPC gateway is on. */
  readonly grpcGateway: boolean;
}

/**
 * A client of the cluster: a certificate in its name, the files to connect with (0600, in a directory of its own) and
 * outputs for other stacks.
 */
export class EtcdClient extends Construct {
  /** @internal clients are made by {@link EtcdCluster.addClient} */
  public static _of(
    scope: Construct,
    id: string,
    clientName: string,
    certificate: ClientCertificate | undefined,
    access: EtcdClientAccess,
    target: EtcdClientTarget,
  ): EtcdClient {
    return new EtcdClient(scope, id, clientName, certificate, access, target);
  }

  /** What is in the files, by their names. */
  private readonly files: Record<string, string> = {};

  private constructor(
    scope: Construct,
    id: string,
    /** The client's name: etcd's user name. */
    public readonly clientName: string,
    private readonly certificate: ClientCertificate | undefined,
    /** The endpoints in its order, and the settings recommended to it. */
    public readonly access: EtcdClientAccess,
    private readonly target: EtcdClientTarget,
  ) {
    super(scope, id);
    const templates = Templates.of(this);
    const directory =
      target.directory === undefined ? DIRECTORY : Fn.abspath(target.directory.pathOf(this, clientName));
    const order = access.location === undefined ? "the preferred leader first" : `nearest to ${access.location} first`;
    const { certificatePem, privateKeyPem } = certificate ?? {};
    const env = {
      clientName,
      directory,
      endpoints: access.endpoints,
      order,
      limits: access,
      ownKey: privateKeyPem === undefined,
      ownCertificate: certificatePem === undefined,
    };
    this.write("ca.crt", target.caPem);
    if (certificatePem !== undefined) this.write("client.crt", certificatePem);
    if (privateKeyPem !== undefined) this.write("client.key", privateKeyPem);
    this.write("etcd.env", clientEnv(templates, env));
    if (target.grpcGateway)
      this.write(
        "curl.sh",
        templates.render("access/client-curl.sh.tftpl", {
          ...clientVariables(env),
          endpoints: asItIs(access.endpoints.map(shellBare).join(" ")),
        }),
      );

    const prefix = clientOutputs(target.outputPrefix, clientName);
    if (certificatePem !== undefined) output(this, `${prefix}_certificate`, certificatePem, true);
    if (privateKeyPem !== undefined) output(this, `${prefix}_key`, privateKeyPem, true);
    output(this, `${prefix}_endpoints`, access.endpoints, false);
    output(this, `${prefix}_settings`, settingsOf(access), false);
    if (certificate !== undefined) output(this, `${prefix}_certificate_expires`, certificate.expiry, false);
    if (target.directory === undefined) {
      const files = Lazy.anyValue({ produce: () => this.files });
      output(this, clientFilesOutput(target.outputPrefix, clientName), files, true);
    }
  }

  /**
   * Its certificate, PEM.
   *
   * @throws ValidationError for a client with a certificate of its own
   */
  public get certificatePem(): string {
    if (this.certificate !== undefined) return this.certificate.certificatePem;
    throw new ValidationError({
      what: `certificatePem of ${this.clientName}`,
      given: "a client with ownCertificate",
      expected: "a client whose certificate is made by a deploy",
      mend: "take the certificate from the authority that gave it to the client",
    });
  }

  /**
   * Its private key, PEM; sensitive.
   *
   * @throws ValidationError for a client that brought its own certificate, or its own request for one: its key is its own
   */
  public get privateKeyPem(): string {
    const privateKeyPem = this.certificate?.privateKeyPem;
    if (privateKeyPem !== undefined) return privateKeyPem;
    throw new ValidationError({
      what: `privateKeyPem of ${this.clientName}`,
      given: `a client with ${this.certificate === undefined ? "ownCertificate" : "a certificateRequestPem"}`,
      expected: "a client whose key was made by a deploy",
      mend: "take the key from where the request was made",
    });
  }

  /**
   * Writes `kube-apiserver.flags` beside the client's other files: the flags of a Kubernetes API server that uses them, one
   * per line. See {@link EtcdClientAccess.kubeApiserverFlags}.
   */
  public writeKubeApiserverFlags(props: KubeApiserverFlagsProps = {}): void {
    const lines = this.access.kubeApiserverFlags(props).map((flag) => `${flag}\n`);
    this.write("kube-apiserver.flags", lines.join(""));
  }

  private write(fileName: string, content: string): void {
    this.files[fileName] = content;
    const { directory } = this.target;
    if (directory !== undefined) writeClientFile(this, directory, this.clientName, fileName, content);
  }
}

/**
 * An output under exactly that name, whatever the construct's path.
 *
 * @throws ValidationError if the stack has one of that name: Terraform would get a mixture of both
 */
export function output(scope: Construct, name: string, value: unknown, sensitive: boolean): void {
  claim(TerraformStack.of(scope), `output ${name}`, scope, () => ({
    what: `output ${name}`,
    expected: "an output of that name only once in a stack",
    mend: 'give one of the clusters an outputPrefix of its own, for example outputPrefix: "events"',
  }));
  new TerraformOutput(scope, name, { value: literals(value), sensitive, staticId: true });
}

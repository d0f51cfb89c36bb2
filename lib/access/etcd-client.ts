import * as path from "node:path";
import { SensitiveFile } from "@cdktf/provider-local/lib/sensitive-file";
import { App, Fn, TerraformOutput, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { LeafCertificate } from "../pki/leaf-certificate";
import { Templates } from "../rollout/templates";
import { EtcdClientAccess } from "./client-access";

/** Where a client's files and outputs go. */
export interface EtcdClientTarget {
  /** Certificate of the authority that signed the members' server certificates, PEM. */
  readonly caPem: string;
  /** Directory for the clients' files, relative to where the app runs, or absolute. */
  readonly directory: string;
  /** First part of the output names. */
  readonly outputPrefix: string;
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
    certificate: LeafCertificate,
    access: EtcdClientAccess,
    target: EtcdClientTarget,
  ): EtcdClient {
    return new EtcdClient(scope, id, clientName, certificate, access, target);
  }

  /** The client's certificate, PEM. */
  public readonly certificatePem: string;
  /** Its private key, PEM; sensitive. */
  public readonly privateKeyPem: string;

  private constructor(
    scope: Construct,
    id: string,
    /** The client's name: etcd's user name. */
    public readonly clientName: string,
    certificate: LeafCertificate,
    /** The endpoints in its order, and the settings recommended to it. */
    public readonly access: EtcdClientAccess,
    target: EtcdClientTarget,
  ) {
    super(scope, id);
    this.certificatePem = certificate.certificatePem;
    this.privateKeyPem = certificate.privateKeyPem;

    const directory = `${relativeToStack(this, target.directory)}/${clientName}`;
    const write = (fileName: string, content: string): void => {
      new SensitiveFile(this, fileName, {
        filename: `${directory}/${fileName}`,
        content,
        filePermission: "0600",
        directoryPermission: "0700",
      });
    };
    const settings = {
      dial_timeout_ms: access.dialTimeoutMs,
      keepalive_time_ms: access.keepaliveTimeMs,
      keepalive_timeout_ms: access.keepaliveTimeoutMs,
      attempt_timeout_ms: access.attemptTimeoutMs,
      total_timeout_ms: access.totalTimeoutMs,
    };
    const templates = Templates.of(this);
    const variables = {
      client: clientName,
      directory: Fn.abspath(directory),
      order: access.location === undefined ? "the preferred leader first" : `nearest to ${access.location} first`,
      endpoints: access.endpoints,
      ...settings,
      command_timeout_ms: access.commandTimeoutMs,
    };
    write("ca.crt", target.caPem);
    write("client.crt", this.certificatePem);
    write("client.key", this.privateKeyPem);
    write("etcd.env", templates.render("client.env.tftpl", variables));
    write("curl.sh", templates.render("client-curl.sh.tftpl", variables));

    const prefix = `${target.outputPrefix}_client_${clientName.replace(/-/g, "_")}`;
    output(this, `${prefix}_certificate`, this.certificatePem, true);
    output(this, `${prefix}_key`, this.privateKeyPem, true);
    output(this, `${prefix}_endpoints`, access.endpoints, false);
    output(this, `${prefix}_settings`, settings, false);
    output(this, `${prefix}_certificate_expires`, certificate.expiry, false);
  }
}

/** An output under exactly that name, whatever the construct's path. */
export function output(scope: Construct, name: string, value: unknown, sensitive: boolean): void {
  new TerraformOutput(scope, name, { value, sensitive, staticId: true });
}

/** Terraform runs in the stack's folder; a path written relative to it is the same on every machine. */
function relativeToStack(scope: Construct, directory: string): string {
  if (path.isAbsolute(directory)) return directory;
  const stack = TerraformStack.of(scope);
  const app = stack.node.root;
  const outdir = App.isApp(app) ? app.outdir : "cdktf.out";
  const stackDirectory = path.resolve(outdir, "stacks", stack.node.id);
  return path.relative(stackDirectory, path.resolve(directory)).split(path.sep).join("/");
}

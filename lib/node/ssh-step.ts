import { ITerraformDependable, RemoteExecProvisioner } from "cdktf";
import { Construct } from "constructs";
import { IEtcdHost } from "../etcd-host";
import { literal } from "../terraform/literal";
import { TerraformData } from "../terraform/terraform-data";

/** One script, run once on one machine. */
export interface SshStepProps {
  readonly host: IEtcdHost;
  /** Runs as root under /bin/sh. */
  readonly script: string;
  /** The step runs again when one of these values changes. Hashes and ids only: they are shown in plans. */
  readonly triggers: Record<string, string>;
  readonly dependsOn?: ITerraformDependable[];
}

/** A step of the rollout: one SSH connection to one machine, pinned to the host key that was made for it. */
export class SshStep extends TerraformData {
  public constructor(scope: Construct, id: string, props: SshStepProps) {
    super(scope, id, {
      triggersReplace: props.triggers,
      dependsOn: props.dependsOn,
      provisioners: [overSsh(props.host, props.script, id)],
    });
  }
}

/**
 * Runs a script as root under /bin/sh, once, when the resource that it belongs to is made.
 *
 * @param name of the script's file on the machine
 */
export function overSsh(machine: IEtcdHost, script: string, name: string): RemoteExecProvisioner {
  const { host, user, port, privateKey, hostKey, timeoutSeconds } = machine.connection;
  return {
    type: "remote-exec",
    inline: [script],
    connection: {
      type: "ssh",
      host: literal(host),
      user: literal(user),
      port: port ?? 22,
      privateKey: literal(privateKey),
      hostKey: literal(hostKey),
      agent: "false",
      timeout: `${timeoutSeconds ?? 300}s`,
      // Terraform's default is a world-readable file in /tmp, and the script holds keys.
      scriptPath: `/root/.cdktf-etcd-${name}.sh`,
    },
  };
}

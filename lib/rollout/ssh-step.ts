import { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { IEtcdHost } from "../hosts/host";
import { TerraformData } from "./terraform-data";

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
    const { host, user, port, privateKey, hostKey, timeoutSeconds } = props.host.connection;
    super(scope, id, {
      triggersReplace: props.triggers,
      dependsOn: props.dependsOn,
      provisioners: [
        {
          type: "remote-exec",
          inline: [props.script],
          connection: {
            type: "ssh",
            host,
            user,
            port: port ?? 22,
            privateKey,
            hostKey,
            agent: "false",
            timeout: `${timeoutSeconds ?? 300}s`,
            // Terraform's default is a world-readable file in /tmp, and the script holds keys.
            scriptPath: `/root/.cdktf-etcd-${id}.sh`,
          },
        },
      ],
    });
  }
}

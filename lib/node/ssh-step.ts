import { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { IEtcdHost } from "../etcd-host";
import { beforeScripts, overSsh } from "../ssh/over-ssh";
import { TerraformData } from "../terraform/terraform-data";

/** One script, run once on one machine. */
export interface SshStepProps {
  readonly host: IEtcdHost;
  /** Runs as root under /bin/sh. */
  readonly script: string;
  /** The step runs again when one of these values changes. Hashes and ids only: they are shown in plans. */
  readonly triggers: Record<string, string>;
  readonly dependsOn?: ITerraformDependable[];
  /**
   * Whether no script has been on the machine before.
   * @default false
   */
  readonly first?: boolean;
}

/** A step of the rollout: one SSH connection to one machine, pinned to its host keys; one more before the first script. */
export class SshStep extends TerraformData {
  public constructor(scope: Construct, id: string, props: SshStepProps) {
    super(scope, id, {
      triggersReplace: props.triggers,
      dependsOn: props.dependsOn,
      provisioners: [...(props.first === true ? beforeScripts(props.host) : []), overSsh(props.host, props.script, id)],
    });
  }
}

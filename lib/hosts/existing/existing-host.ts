import { Annotations } from "cdktf";
import { Construct } from "constructs";
import { Architecture, BOOT_DOWNLOAD, BootDownload, IEtcdHost } from "../../etcd-host";
import { requireHost } from "../../host-checks";
import { bareHostKeys } from "../../ssh/host-keys";
import { SshConnection } from "../../ssh-connection";
import { checkedAt, constructId, read, required } from "../../validation";
import { EXISTING_HOST, ExistingHostProps } from "./existing-host-props";

/** Logins to a machine that is there already need no time for a boot. */
const LOGIN_SECONDS = 60;

/**
 * A machine that is there already: bare metal, a virtual machine of your own, or one that another tool makes. Deploys log in and
 * install what a member needs; they make and remove no machine. What they leave on one that is no longer a member is removed there by
 * `cdktf-etcd-uninstall`.
 */
export class ExistingHost extends Construct implements IEtcdHost {
  public readonly hostName: string;
  public readonly location: string;
  public readonly publicAddress?: string;
  public readonly privateAddress?: string;
  public readonly privateNetwork?: string;
  public readonly machineId: string;
  public readonly architecture: Architecture;
  public readonly memoryMiB?: number;
  public readonly diskGiB?: number;
  public readonly connection: SshConnection;

  /** @throws ValidationError if it could not be logged in to, or not be reached by other members */
  public constructor(scope: Construct, id: string, props: ExistingHostProps) {
    super(scope, constructId("ExistingHost", id));
    checkedAt(this, () => {
      read("", props, required(EXISTING_HOST));
    });
    const { publicAddress, privateAddress, hostKeys = [], acceptAnyHostKey = false } = props;
    this.hostName = props.hostName ?? id;
    this.location = props.location;
    this.publicAddress = publicAddress;
    this.privateAddress = privateAddress;
    this.privateNetwork = props.privateNetwork;
    this.architecture = props.architecture ?? Architecture.AMD64;
    this.memoryMiB = props.memoryMiB;
    this.diskGiB = props.diskGiB;
    const host = props.sshHost ?? publicAddress ?? privateAddress ?? "";
    this.machineId = props.machineId ?? identityOf(hostKeys) ?? host;
    this.connection = {
      host,
      port: props.sshPort,
      user: props.user,
      privateKey: props.privateKey,
      privateKeyFile: props.privateKeyFile,
      agent: props.agent,
      hostKeys,
      acceptAnyHostKey,
      bastion: props.bastion,
      authorizedKeys: props.authorizedKeys,
      configureSshd: props.configureSshd ?? false,
      timeoutSeconds: props.timeoutSeconds ?? LOGIN_SECONDS,
    };
    checkedAt(this, () => {
      requireHost(this);
    });
    if (!acceptAnyHostKey) return;
    Annotations.of(this).addWarning(
      `${this.hostName} is logged in to whatever host key it shows (acceptAnyHostKey): whoever answers at ${host} gets this member's keys. Give hostKeys: the lines that ssh-keyscan prints, compared with /etc/ssh/ssh_host_*_key.pub there.`,
    );
  }

  /** Does nothing more than to look at it: the machine has booted already, and the first deploy downloads. */
  public downloadAtBoot(download: BootDownload): void {
    checkedAt(this, () => {
      read("download", download, required(BOOT_DOWNLOAD));
    });
  }
}

/** A machine is told by its keys. Later on, lines of other types may be added: so by one of them. */
function identityOf(hostKeys: readonly string[]): string | undefined {
  const keys = bareHostKeys(hostKeys);
  return keys.find((key) => key.startsWith("ssh-ed25519 ")) ?? keys.at(0);
}

import { Fn, RemoteExecProvisioner, SSHProvisionerConnection } from "cdktf";
import { IConstruct } from "constructs";
import { relativeToStack } from "../terraform/stack-path";
import { literal } from "../terraform/literal";
import { pinnedBastionKey, pinnedHostKey } from "./host-keys";
import { SshBastion, SshConnection, SshLogin } from "../ssh-connection";

/** A machine that is logged in to. */
export interface SshMachine extends IConstruct {
  readonly hostName: string;
  readonly connection: SshConnection;
}

/** Where scripts lie in the home of a user who is not root, for that user alone. Terraform makes them executable and readable for all. */
const OWN_DIRECTORY = ".cdktf-etcd";

/**
 * Runs a script as root under /bin/sh, once, when the resource that it belongs to is made.
 *
 * @param script becomes root by itself
 * @param name of the script's file on the machine
 */
export function overSsh(machine: SshMachine, script: string, name: string): RemoteExecProvisioner {
  // Terraform's default is a world-readable file in /tmp, and the script holds keys.
  const at = isRoot(machine) ? `/root/.cdktf-etcd-${name}.sh` : `${OWN_DIRECTORY}/${name}.sh`;
  return { type: "remote-exec", inline: [script], connection: connectionTo(machine, at) };
}

/**
 * What has to be done before scripts with keys get to a machine: nothing for root, who has a directory that nobody else can enter.
 */
export function beforeScripts(machine: SshMachine): RemoteExecProvisioner[] {
  if (isRoot(machine)) return [];
  const script = [
    "set -eu",
    'rm -f -- "$0"',
    '[ "$(id -u)" = 0 ] || sudo -n true >/dev/null 2>&1 || {',
    `  echo "error: ${machine.hostName}: $(id -un) has no root's rights there: 'sudo -n true' fails. Let sudo run everything for $(id -un) without a password (NOPASSWD: ALL), or log in as another user (connection.user), then deploy again. Nothing was changed" >&2`,
    "  exit 1",
    "}",
    `install -d -m 0700 ${OWN_DIRECTORY}`,
    "",
  ].join("\n");
  return [{ type: "remote-exec", inline: [script], connection: connectionTo(machine, "./.cdktf-etcd-begin.sh") }];
}

function isRoot({ connection }: SshMachine): boolean {
  return connection.user === "root";
}

function connectionTo(machine: SshMachine, scriptPath: string): SSHProvisionerConnection {
  const { connection } = machine;
  const { host, user, port = 22, bastion, agent, timeoutSeconds = 300 } = connection;
  const hostKey = pinnedHostKey(connection);
  return {
    type: "ssh",
    host: literal(host),
    user: literal(user),
    port,
    privateKey: keyOf(machine, connection),
    hostKey: hostKey === undefined ? undefined : literal(hostKey),
    agent: String((agent ?? false) || (bastion?.agent ?? false)),
    timeout: `${timeoutSeconds}s`,
    scriptPath,
    ...(bastion === undefined ? {} : through(machine, bastion)),
  };
}

function through(machine: SshMachine, bastion: SshBastion): Partial<SSHProvisionerConnection> {
  const { host, user, port = 22 } = bastion;
  return {
    bastionHost: literal(host),
    bastionUser: literal(user),
    bastionPort: port,
    bastionPrivateKey: keyOf(machine, bastion),
    bastionHostKey: literal(pinnedBastionKey(bastion)),
  };
}

/** The private key as an argument of Terraform's; undefined where an agent has it. */
function keyOf(scope: IConstruct, { privateKey, privateKeyFile }: SshLogin): string | undefined {
  if (privateKey !== undefined) return literal(privateKey);
  if (privateKeyFile === undefined) return undefined;
  // Terraform has to be asked for what "~" is.
  if (privateKeyFile.startsWith("~")) return Fn.file(Fn.pathexpand(literal(privateKeyFile)));
  return Fn.file(literal(relativeToStack(scope, privateKeyFile)));
}

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { attempt, type CommandResult, type LabDroplet, run } from "terraform-lab";
import type { Deployed } from "./deployed";
import { onNodesOf } from "./on-nodes";

/** Where root's keys are. */
export const KEYS = "/root/.ssh/authorized_keys";

/** How to log in to a machine, as the output says. */
interface MachineAccess {
  readonly host: string;
  readonly host_key: string;
}

/** In which deploys tell sshd what to do. */
export const SSHD_CONF = "/etc/ssh/sshd_config.d/00-cdktf-etcd.conf";

/** What a deploy says once they have. */
export const CONFIGURED = "sshd offers the pinned host key alone, and no forwarding";

/** As machines have it that were made before sshd was told more. */
export const SSHD_CONF_BEFORE = `PasswordAuthentication no
ClientAliveInterval 10
ClientAliveCountMax 3
Match User root
  ForceCommand none
`;

/** What sshd goes by, as {@link WaysIn.settings} says it. */
export const SETTINGS = [
  "allowagentforwarding no",
  "allowstreamlocalforwarding no",
  "allowtcpforwarding no",
  "forcecommand none",
  "gatewayports no",
  "hostkeyalgorithms ssh-ed25519",
  "kbdinteractiveauthentication no",
  "passwordauthentication no",
  // As sshd calls prohibit-password.
  "permitrootlogin without-password",
  "permittunnel no",
  "x11forwarding no",
].join("\n");

/** All members, by name. */
export const ALL = ["etcd-lon1", "etcd-nyc3", "etcd-sgp1"];

/** How tests look at the ways into a cluster's machines. */
export function waysInto(deployed: Deployed) {
  const { harness } = deployed;
  const { on } = onNodesOf(() => deployed.cluster);
  const machine = (name: string): LabDroplet => deployed.cluster.machine(name);
  const scratch = path.join(harness.paths.root, "login");

  /** The name of a file in the scratch directory. */
  function scratchFile(name: string): string {
    mkdirSync(scratch, { recursive: true, mode: 0o700 });
    return path.join(scratch, name);
  }

  /** The same of one with that content, that its owner alone reads. */
  function privateFile(name: string, content: string): string {
    const file = scratchFile(name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  }

  /** The file of a login key that is in the state. */
  function loginKey(generation: number): string {
    const { resources } = JSON.parse(readFileSync(harness.stateFile, "utf8")) as {
      resources: { type: string; name: string; instances: { attributes: { private_key_openssh: string } }[] }[];
    };
    const name = new RegExp(`^hosts_login-key${generation === 1 ? "" : `-${generation}`}_[0-9A-F]{8}$`);
    const found = resources.find((resource) => resource.type === "tls_private_key" && name.test(resource.name));
    if (found === undefined) throw new Error(`login key ${generation} is not in the state`);
    return privateFile(`login-${generation}`, found.instances[0].attributes.private_key_openssh);
  }

  /** A key pair that somebody has made; returns the file of the private one, and the line of the public one. */
  async function keyOf(person: string): Promise<readonly [string, string]> {
    const file = scratchFile(person);
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `${person}@laptop`, "-f", file]);
    chmodSync(file, 0o600);
    return [file, readFileSync(`${file}.pub`, "utf8").trim()];
  }

  const accessTo = (name: string): MachineAccess =>
    (harness.output("etcd_ssh") as unknown as Record<string, MachineAccess>)[name];

  /** The operator's ssh to root of a machine, pinned to its host key. */
  function ssh(name: string, key: string, ...more: readonly string[]): Promise<CommandResult> {
    const { host, host_key } = accessTo(name);
    const options = {
      BatchMode: "yes",
      ConnectTimeout: "10",
      IdentitiesOnly: "yes",
      IdentityAgent: "none",
      LogLevel: "INFO",
      StrictHostKeyChecking: "yes",
      UserKnownHostsFile: privateFile(`${name}.known_hosts`, `${host} ${host_key}\n`),
    };
    const listed = Object.entries(options).flatMap(([option, value]) => ["-o", `${option}=${value}`]);
    const args = more.some((arg) => !arg.startsWith("-")) ? more : [...more, `root@${host}`, "echo in"];
    return attempt(["ssh", "-F", "none", "-i", key, ...listed, ...args]);
  }

  /** On which machines a key is accepted. */
  async function acceptedOn(key: string): Promise<string[]> {
    const names = deployed.cluster.machines.map(({ name }) => name).sort();
    const answers = await Promise.all(
      names.map(async (name) => {
        const { status, stdout, stderr } = await ssh(name, key);
        if (status === 0 && stdout.trim() === "in") return [name];
        expect([name, stderr]).toEqual([name, expect.stringContaining("Permission denied (publickey)")]);
        return [];
      }),
    );
    return answers.flat();
  }

  /** The comments of the keys that deploys look after, in order. */
  const managed = (name: string): Promise<string> =>
    on(machine(name), `sed -n 's/^ssh-ed25519 [^ ]* \\(.*\\) managed-by=cdktf-etcd$/\\1/p' ${KEYS} | xargs`);

  const lineCount = async (name: string): Promise<number> => Number(await on(machine(name), `grep -c . ${KEYS}`));

  /** What sshd of a machine goes by for root, one setting a line, as far as we have a say. */
  const settings = (name: string): Promise<string> =>
    on(
      machine(name),
      "sshd -T -C user=root,host=x,addr=192.0.2.1,laddr=192.0.2.2,lport=22 | " +
        "grep -E '^(hostkeyalgorithms|permitrootlogin|passwordauth|kbdinteractive|allow[a-z]*forwarding|x11forwarding|gatewayports|permittunnel|forcecommand)' | sort",
    );

  /** The types of host keys that a machine has for whoever asks. */
  async function offered({ publicAddress = "" }: LabDroplet): Promise<string[]> {
    const { stdout } = await attempt(["ssh-keyscan", "-T", "10", "-t", "rsa,ecdsa,ed25519", publicAddress]);
    return [...stdout.matchAll(/^\S+ (\S+) /gm)].map(([, type]) => type);
  }

  return { acceptedOn, accessTo, keyOf, lineCount, loginKey, managed, offered, scratch, settings, ssh };
}

import type { HostKeyType, Installation, MachineSpec } from "./machine-driver";
import { identityFiles, type SeedFile } from "./seed";

/** All types of host keys, as an ordinary installation of Debian has them. */
export const HOST_KEY_TYPES: readonly HostKeyType[] = ["ed25519", "ecdsa", "rsa"];

/** The files of a machine that was installed by hand: no cloud-init runs, and its network needs no name. */
export function installedFiles(spec: MachineSpec, installation: Installation): SeedFile[] {
  const { hostKeyTypes, forwardsFor, users } = installation;
  const hosts = ["127.0.0.1 localhost", `127.0.1.1 ${spec.name}`, "::1 localhost ip6-localhost ip6-loopback", ""];
  return [
    ...identityFiles(spec),
    { path: "etc/hosts", content: hosts.join("\n"), mode: 0o644 },
    { path: "etc/cloud/cloud-init.disabled", content: "", mode: 0o644 },
    ...(HOST_KEY_TYPES.every((type) => hostKeyTypes.includes(type)) ? [] : [onlyHostKeys(hostKeyTypes)]),
    ...users
      .filter(({ sudo }) => sudo)
      .map(({ name }) => ({
        path: `etc/sudoers.d/90-${name}`,
        content: `${name} ALL=(ALL) NOPASSWD:ALL\n`,
        mode: 0o440,
      })),
    ...(forwardsFor === undefined ? [] : forwardingFiles(forwardsFor)),
  ];
}

/** What runs, as root on the machine's disk, once these files are there: it makes users and host keys. */
export function installScript(spec: MachineSpec, { login, users, hostKeyTypes }: Installation): string {
  const root = spec.sshKeys.map((key) => (login === undefined ? key : `${refusalOf(login)} ${key}`));
  return [
    ...hostKeyTypes.map((type) => `ssh-keygen -q -t ${type} -N '' -C root@${spec.name} -f ${hostKeyFile(type)}`),
    ...authorize("root", "/root", root),
    ...users.flatMap(({ name, sshKeys }) => [
      `useradd --create-home --shell /bin/bash ${name}`,
      ...authorize(name, `/home/${name}`, sshKeys),
    ]),
    "",
  ].join("\n");
}

/** Names the host keys, because Debian makes those that are missing at the first boot. */
function onlyHostKeys(types: readonly HostKeyType[]): SeedFile {
  return {
    path: "etc/ssh/sshd_config.d/10-host-keys.conf",
    content: types.map((type) => `HostKey ${hostKeyFile(type)}\n`).join(""),
    mode: 0o644,
  };
}

function hostKeyFile(type: HostKeyType): string {
  return `/etc/ssh/ssh_host_${type}_key`;
}

/** As cloud images have it, of Ubuntu and of others: whoever logs in as root is told the name of the user to take. */
function refusalOf(user: string): string {
  const words = `Please login as the user \\"${user}\\" rather than the user \\"root\\".`;
  return `no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="echo '${words}';echo;sleep 10;exit 142"`;
}

function authorize(user: string, home: string, keys: readonly string[]): string[] {
  const file = `${home}/.ssh/authorized_keys`;
  return [
    `install -d -m 700 -o ${user} -g ${user} ${home}/.ssh`,
    `install -m 600 -o ${user} -g ${user} /dev/null ${file}`,
    `cat > ${file} <<'KEYS'`,
    ...keys.map((key) => key.trim()),
    "KEYS",
  ];
}

/** Has a machine forward the packets of a private network, under its own public address. */
function forwardingFiles(network: string): SeedFile[] {
  const rules = [
    "#!/usr/sbin/nft -f",
    "flush ruleset",
    "table ip nat {",
    "  chain postrouting {",
    "    type nat hook postrouting priority srcnat;",
    `    ip saddr ${network} oifname "eth0" masquerade`,
    "  }",
    "}",
    "",
  ];
  return [
    { path: "etc/sysctl.d/90-forward.conf", content: "net.ipv4.ip_forward = 1\n", mode: 0o644 },
    { path: "etc/nftables.conf", content: rules.join("\n"), mode: 0o755 },
    {
      // The same as `systemctl enable nftables`, which the image has disabled.
      path: "etc/systemd/system/sysinit.target.d/nftables.conf",
      content: "[Unit]\nWants=nftables.service\n",
      mode: 0o644,
    },
  ];
}

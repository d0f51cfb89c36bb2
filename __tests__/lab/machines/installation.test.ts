import { installedFiles, installScript } from "../../../lab/machines/installation";
import type { Installation, MachineSpec } from "../../../lab/machines/machine-driver";

const spec: MachineSpec = {
  id: 1,
  name: "one",
  region: "lon1",
  image: "debian-13-x64",
  vcpus: 1,
  memoryMiB: 512,
  publicIpv4: "198.18.210.10",
  sshKeys: ["ssh-ed25519 AAAA me\n"],
};
const bare: Installation = { users: [], hostKeyTypes: ["ed25519", "rsa"] };

function contentOf(path: string, installation: Installation): string | undefined {
  return installedFiles(spec, installation).find((file) => file.path === path)?.content;
}

describe("what an installer leaves", () => {
  it("runs no cloud-init", () => {
    expect(contentOf("etc/cloud/cloud-init.disabled", bare)).toBe("");
    expect(installedFiles(spec, bare).filter(({ path }) => path.includes("nocloud"))).toEqual([]);
  });

  it("has the host keys that it is told, and no others that Debian might make", () => {
    expect(contentOf("etc/ssh/sshd_config.d/10-host-keys.conf", bare)).toBe(
      "HostKey /etc/ssh/ssh_host_ed25519_key\nHostKey /etc/ssh/ssh_host_rsa_key\n",
    );
    const all: Installation = { ...bare, hostKeyTypes: ["ed25519", "ecdsa", "rsa"] };
    expect(contentOf("etc/ssh/sshd_config.d/10-host-keys.conf", all)).toBeUndefined();
    const made = installScript(spec, bare).match(/ssh-keygen -q -t \w+/g);
    expect(made).toEqual(["ssh-keygen -q -t ed25519", "ssh-keygen -q -t rsa"]);
  });

  it("lets root in if there is nobody else to log in as", () => {
    expect(installScript(spec, bare)).toContain("\nssh-ed25519 AAAA me\n");
    const users = [{ name: "guest", sudo: false, sshKeys: ["ssh-ed25519 BBBB"] }];
    expect(installScript(spec, { ...bare, users })).toContain("\nssh-ed25519 AAAA me\n");
  });

  it("sends root to the user who may become root", () => {
    const users = [
      { name: "admin", sudo: true, sshKeys: ["ssh-ed25519 AAAA me"] },
      { name: "guest", sudo: false, sshKeys: ["ssh-ed25519 BBBB"] },
    ];
    const installation = { ...bare, login: "admin", users };
    const script = installScript(spec, installation);
    expect(script).toMatch(/^no-port-forwarding,.*user \\"admin\\" rather than .*exit 142" ssh-ed25519 AAAA me$/m);
    expect(script.match(/useradd .*/g)).toEqual([
      "useradd --create-home --shell /bin/bash admin",
      "useradd --create-home --shell /bin/bash guest",
    ]);
    expect(installedFiles(spec, installation).filter(({ path }) => path.includes("sudoers"))).toEqual([
      { path: "etc/sudoers.d/90-admin", content: "admin ALL=(ALL) NOPASSWD:ALL\n", mode: 0o440 },
    ]);
  });

  it("forwards for a private network only where it is to", () => {
    expect(contentOf("etc/nftables.conf", bare)).toBeUndefined();
    const forwarding = { ...bare, forwardsFor: "10.198.1.0/24" };
    expect(contentOf("etc/nftables.conf", forwarding)).toContain('ip saddr 10.198.1.0/24 oifname "eth0" masquerade');
    expect(contentOf("etc/sysctl.d/90-forward.conf", forwarding)).toBe("net.ipv4.ip_forward = 1\n");
  });
});

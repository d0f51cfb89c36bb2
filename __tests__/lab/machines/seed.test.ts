import type { MachineSpec } from "../../../lab/machines/machine-driver";
import { notReadySshdConfig, seedFiles } from "../../../lab/machines/seed";

const spec: MachineSpec = {
  id: 4711,
  name: "etcd-lon1",
  region: "lon1",
  image: "debian-13-x64",
  vcpus: 1,
  memoryMiB: 1024,
  publicIpv4: "198.18.1.10",
  sshKeys: ["ssh-ed25519 AAAA one\n", "ssh-ed25519 BBBB two"],
  userData: "#cloud-config\nssh_authorized_keys:\n  - ssh-ed25519 CCCC three\n",
};

function contentOf(path: string, of: MachineSpec = spec): string {
  const file = seedFiles(of).find((candidate) => candidate.path === path);
  if (!file) {
    throw new Error(`nothing is put at ${path}`);
  }
  return file.content;
}

describe("what a machine finds at its first boot", () => {
  it("is known by the droplet's id and name", () => {
    const metaData = JSON.parse(contentOf("var/lib/cloud/seed/nocloud/meta-data")) as Record<string, unknown>;
    expect(metaData["instance-id"]).toBe("4711");
    expect(metaData["local-hostname"]).toBe("etcd-lon1");
    expect(contentOf("etc/hostname")).toBe("etcd-lon1\n");
  });

  it("gets its keys as metadata, to which user data can only add", () => {
    const metaData = JSON.parse(contentOf("var/lib/cloud/seed/nocloud/meta-data")) as Record<string, unknown>;
    expect(metaData["public-keys"]).toEqual(["ssh-ed25519 AAAA one", "ssh-ed25519 BBBB two"]);
    expect(contentOf("var/lib/cloud/seed/nocloud/vendor-data")).not.toContain("ssh-ed25519");
  });

  it("gets the user data as it was given", () => {
    expect(contentOf("var/lib/cloud/seed/nocloud/user-data")).toBe(spec.userData);
    expect(contentOf("var/lib/cloud/seed/nocloud/user-data", { ...spec, userData: undefined })).toBe("");
  });

  it("lets root in and has no other user", () => {
    const [header, body = ""] = contentOf("var/lib/cloud/seed/nocloud/vendor-data").split("\n");
    expect(header).toBe("#cloud-config");
    expect(JSON.parse(body)).toMatchObject({ disable_root: false, users: [] });
  });

  it("keeps secrets of user data from other users of the machine", () => {
    for (const file of seedFiles(spec).filter(({ path }) => path.includes("nocloud"))) {
      expect(file.mode).toBe(0o600);
    }
  });

  it("has no name servers and an identity of its own", () => {
    expect(contentOf("etc/resolv.conf")).toBe("");
    expect(contentOf("etc/machine-id")).toBe("");
  });
});

describe("a droplet that is not ready yet", () => {
  it("is ready at once by default", () => {
    expect(notReadySshdConfig(spec)).toBe("");
    expect(seedFiles(spec).some(({ path }) => path.includes("droplet-ready"))).toBe(false);
  });

  it("answers root with DigitalOcean's words", () => {
    const config = notReadySshdConfig({ ...spec, sshNotReadySeconds: 20 });
    expect(config).toContain("Match User root\n");
    expect(config).toContain('ForceCommand echo "Please wait while we get your droplet ready..."');
  });

  it("counts from the machine's own start and then removes all of it", () => {
    const late = { ...spec, sshNotReadySeconds: 20 };
    expect(contentOf("etc/systemd/system/droplet-ready.timer", late)).toContain("OnStartupSec=20s");
    const service = contentOf("etc/systemd/system/droplet-ready.service", late);
    const mark = /sed -i "\/\^(.*)\/,/.exec(service)?.[1] ?? "no mark";
    expect(notReadySshdConfig(late).split("\n")).toContain(mark);
    expect(service).toContain("try-reload-or-restart ssh.service");
  });
});

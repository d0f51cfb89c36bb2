import { parseHierarchies } from "../../../lab/machines/control-groups";
import { parseMountInfo } from "../../../lab/machines/disk";
import { attachmentOf, gatewayOf, machineNames } from "../../../lab/machines/network";

describe("the host's mounts", () => {
  it("are read with optional fields and escaped characters", () => {
    const text = [
      "36 35 98:0 / /mnt\\040two rw,noatime master:1 shared:2 - ext4 /dev/root rw,errors=continue",
      "37 35 0:41 / /lab/root rw - overlay lab-7 rw,lowerdir=/image",
      "",
    ].join("\n");
    expect(parseMountInfo(text)).toEqual([
      { path: "/mnt two", type: "ext4", source: "/dev/root" },
      { path: "/lab/root", type: "overlay", source: "lab-7" },
    ]);
  });
});

describe("the host's control groups", () => {
  it("may be unified", () => {
    const text = "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate";
    expect(parseHierarchies(text)).toEqual({ unified: "/sys/fs/cgroup", legacy: {} });
  });

  it("may be both old and new", () => {
    const text = [
      "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
      "32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
      "33 30 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd",
      "34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
    ].join("\n");
    const { unified, legacy } = parseHierarchies(text);
    expect(unified).toBe("/sys/fs/cgroup/unified");
    expect(legacy).toMatchObject({
      memory: "/sys/fs/cgroup/memory",
      cpu: "/sys/fs/cgroup/cpu,cpuacct",
      systemd: "/sys/fs/cgroup/systemd",
    });
  });
});

describe("a machine's place in the network", () => {
  const spec = {
    id: 7,
    name: "a",
    region: "nyc3",
    image: "debian-13-x64",
    vcpus: 1,
    memoryMiB: 512,
    publicIpv4: "198.18.2.10",
    sshKeys: [],
  };

  it("has the first address of its range as gateway, unless that is its own", () => {
    expect(gatewayOf("198.18.2.10")).toBe("198.18.2.1");
    expect(gatewayOf("198.18.2.1")).toBe("198.18.2.254");
  });

  it("is where its region is, by its public address", () => {
    expect(attachmentOf(spec, machineNames("lab", 7))).toMatchObject({
      id: "7",
      netns: "/run/netns/lab-edge-7",
      location: "nyc3",
      addresses: [{ ip: "198.18.2.10" }],
    });
  });

  it.each([
    ["10.108.0.2", 20],
    ["10.108.0.2/20", undefined],
  ])("and within its VPC by its private one (%s, %p)", (privateIpv4, privatePrefix) => {
    const { addresses } = attachmentOf({ ...spec, privateIpv4, privatePrefix }, machineNames("lab", 7));
    expect(addresses[1]).toEqual({ ip: "10.108.0.2", privatePrefix: 20 });
  });
});

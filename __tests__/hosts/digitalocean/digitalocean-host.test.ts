import {
  Architecture,
  DigitalOceanHost,
  DigitalOceanHostGroup,
  DigitalOceanHostProps,
  DigitalOceanHostsProps,
} from "../../../lib";
import { resources, SSH_FROM, synth } from "../../synth";

interface Made {
  readonly host: DigitalOceanHost;
  readonly droplet: Record<string, unknown>;
  readonly generation: Record<string, unknown>;
}

/** One machine in London. */
function machine(props: Partial<DigitalOceanHostProps> = {}): Made {
  let host: DigitalOceanHost | undefined;
  const synthesized = synth((stack) => {
    const group = new DigitalOceanHostGroup(stack, "group", { sshFrom: SSH_FROM, clientsFrom: ["203.0.113.0/24"] });
    host = new DigitalOceanHost(stack, "host", { group, region: "lon1", ...props });
  });
  if (host === undefined) throw new Error("no host was made");
  return {
    host,
    droplet: resources(synthesized, "digitalocean_droplet")["host/droplet"],
    generation: resources(synthesized, "terraform_data")["host/generation"],
  };
}

function inRegions(
  regions: string[],
  props: Partial<DigitalOceanHostsProps> = {},
): Record<string, Record<string, unknown>> {
  return resources(
    synth((stack) => {
      DigitalOceanHost.inRegions(stack, regions, { sshFrom: SSH_FROM, ...props });
    }),
    "digitalocean_droplet",
  );
}

describe("a droplet", () => {
  it("is made from a snapshot or an image of one's own by its id, where it says of which family that is", () => {
    expect(machine({ image: "12345678", imageFamily: "ubuntu-24-04-x64" }).droplet.image).toBe("12345678");
    const [droplet] = Object.values(inRegions(["lon1"], { image: "12345678", imageFamily: "debian-12-x64" }));
    expect(droplet.image).toBe("12345678");
  });

  it("has the defaults that the documentation states", () => {
    expect(machine().droplet).toMatchObject({
      name: "etcd-lon1",
      region: "lon1",
      image: "debian-13-x64",
      size: "s-2vcpu-2gb",
      monitoring: true,
      timeouts: { create: "300s" },
      tags: [expect.stringMatching(/^\$\{digitalocean_tag\.group_tag_\w+\.id\}$/)],
      ssh_keys: [expect.stringMatching(/^\$\{digitalocean_ssh_key\.group_ssh-key_\w+\.id\}$/)],
    });
    expect(machine().droplet).not.toHaveProperty("vpc_uuid");
  });

  it("takes what is given instead", () => {
    const { droplet } = machine({
      hostName: "store-1",
      image: "ubuntu-24-04-x64",
      size: "g-2vcpu-8gb",
      monitoring: false,
      tags: ["team-a"],
      vpcId: "5a4981aa-9653-4bd1-bef5-d6bff52042e4",
      bootTimeoutSeconds: 600,
    });
    expect(droplet).toMatchObject({
      name: "store-1",
      image: "ubuntu-24-04-x64",
      size: "g-2vcpu-8gb",
      monitoring: false,
      vpc_uuid: "5a4981aa-9653-4bd1-bef5-d6bff52042e4",
      timeouts: { create: "600s" },
      tags: [expect.any(String), "team-a"],
    });
  });

  it("is not replaced for an edit of what only a fresh machine reads, and never changed in place to another size", () => {
    expect(machine().droplet.lifecycle).toEqual({
      create_before_destroy: true,
      ignore_changes: ["user_data", "image", "ssh_keys", "size", "monitoring", "vpc_uuid"],
      replace_triggered_by: [expect.stringMatching(/^terraform_data\.host_generation_\w+$/)],
    });
  });

  it("is replaced for a new size or generation, and for nothing else", () => {
    expect(machine().generation.triggers_replace).toEqual({ size: "s-2vcpu-2gb", generation: 1 });
    expect(machine({ size: "s-4vcpu-8gb", generation: 2, image: "debian-12-x64" }).generation.triggers_replace).toEqual(
      {
        size: "s-4vcpu-8gb",
        generation: 2,
      },
    );
  });

  it("is what the cluster knows as a host: location, room, login", () => {
    const { host } = machine({ bootTimeoutSeconds: 90 });
    expect(host).toMatchObject({
      hostName: "etcd-lon1",
      location: "lon1",
      architecture: Architecture.AMD64,
      memoryMiB: 2048,
      diskGiB: 60,
    });
    expect(host.connection).toMatchObject({ user: "root", timeoutSeconds: 90, host: host.publicAddress });
  });

  it("of a size that is not in the table is accepted, with its room unknown", () => {
    expect(machine({ size: "s-128vcpu-1tb" }).host).toMatchObject({ memoryMiB: undefined, diskGiB: undefined });
  });

  it("fetches at boot what it is told to, before the deploy asks for it", () => {
    const droplets = resources(
      synth((stack) => {
        const [host] = DigitalOceanHost.inRegions(stack, ["lon1"], { sshFrom: SSH_FROM });
        host.downloadAtBoot({ version: "3.6.14", url: "https://mirror.example/etcd.tar.gz", sha256: "0".repeat(64) });
      }),
      "digitalocean_droplet",
    );
    expect(droplets["hosts/lon1/droplet"].user_data).toMatch(
      /"downloads" = \[\{"version" = "'3\.6\.14'", "sha256" = "'0+'", "url" = "'https:\/\/mirror\.example\/etcd\.tar\.gz'"/,
    );
  });
});

describe("machines by region", () => {
  it("have the path and the name of their region, and all share what is given", () => {
    const droplets = inRegions(["lon1", "sgp1"], { namePrefix: "store", size: "s-4vcpu-8gb", tags: ["team-a"] });
    expect(Object.entries(droplets).map(([path, { name, region, size }]) => [path, name, region, size])).toEqual([
      ["hosts/lon1/droplet", "store-lon1", "lon1", "s-4vcpu-8gb"],
      ["hosts/sgp1/droplet", "store-sgp1", "sgp1", "s-4vcpu-8gb"],
    ]);
    for (const { tags } of Object.values(droplets)) expect(tags).toEqual([expect.any(String), "team-a"]);
  });

  it("are numbered where a region stands again; the first keeps its name", () => {
    const names = Object.values(inRegions(["lon1", "nyc3", "lon1", "lon1"])).map(({ name }) => name);
    expect(names).toEqual(["etcd-lon1", "etcd-nyc3", "etcd-lon1-2", "etcd-lon1-3"]);
  });

  it("keep their identity when a region is added in front: nothing is replaced", () => {
    const ids = (regions: string[]): string[] =>
      Object.values(inRegions(regions)).map(
        (droplet) => (droplet["//"] as { metadata: { uniqueId: string } }).metadata.uniqueId,
      );
    expect(ids(["fra1", "lon1", "nyc3"]).slice(1)).toEqual(ids(["lon1", "nyc3"]));
  });
});

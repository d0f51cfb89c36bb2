import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { DigitalOceanHost, DigitalOceanHostGroup, DigitalOceanHostGroupProps } from "../../../lib";
import { resources, SSH_FROM, synth } from "../../synth";

const ANYWHERE = ["0.0.0.0/0", "::/0"];

function group(props: Partial<DigitalOceanHostGroupProps> = {}) {
  const synthesized = synth((stack) => {
    new DigitalOceanHostGroup(stack, "group", { sshFrom: SSH_FROM, ...props });
  });
  const only = (type: string): Record<string, unknown> => Object.values(resources(synthesized, type))[0];
  return { only, all: synthesized.resource, check: synthesized.check };
}

/** The tag's reference, whatever id CDKTF gives it. */
function tagOf(made: ReturnType<typeof group>): string {
  return `\${digitalocean_tag.${Object.keys(made.all.digitalocean_tag)[0]}.id}`;
}

describe("the firewall of a group", () => {
  it("lets in SSH from sshFrom, etcd's clients and peers from the group, and nothing else", () => {
    const made = group();
    expect(made.only("digitalocean_firewall").inbound_rule).toEqual([
      { protocol: "tcp", port_range: "22", source_addresses: SSH_FROM },
      { protocol: "tcp", port_range: "2379", source_tags: [tagOf(made)] },
      { protocol: "tcp", port_range: "2380", source_tags: [tagOf(made)] },
    ]);
  });

  it("lets clients in on 2379 only", () => {
    const made = group({ clientsFrom: ["203.0.113.0/24", "2001:db8::/64"] });
    expect(made.only("digitalocean_firewall").inbound_rule).toEqual([
      { protocol: "tcp", port_range: "22", source_addresses: SSH_FROM },
      {
        protocol: "tcp",
        port_range: "2379",
        source_tags: [tagOf(made)],
        source_addresses: ["203.0.113.0/24", "2001:db8::/64"],
      },
      { protocol: "tcp", port_range: "2380", source_tags: [tagOf(made)] },
    ]);
  });

  it("lets resources in by what they are, clients on 2379 and operators on 22", () => {
    const made = group({
      clientSources: { tags: ["web"], dropletIds: [7], loadBalancerIds: ["lb-1"], kubernetesIds: ["k8s-1"] },
      sshSources: { tags: ["bastion"] },
    });
    expect(made.only("digitalocean_firewall").inbound_rule).toEqual([
      { protocol: "tcp", port_range: "22", source_addresses: SSH_FROM, source_tags: ["bastion"] },
      {
        protocol: "tcp",
        port_range: "2379",
        source_tags: [tagOf(made), "web"],
        source_droplet_ids: [7],
        source_load_balancer_uids: ["lb-1"],
        source_kubernetes_ids: ["k8s-1"],
      },
      { protocol: "tcp", port_range: "2380", source_tags: [tagOf(made)] },
    ]);
    const nobody = { tags: [], dropletIds: [], loadBalancerIds: [], kubernetesIds: [] };
    const none = group({ clientSources: nobody, sshSources: nobody });
    expect(none.only("digitalocean_firewall")).toEqual(group().only("digitalocean_firewall"));
  });

  it("lets out to the other members, and to names, packages, downloads and time", () => {
    const made = group();
    expect(made.only("digitalocean_firewall").outbound_rule).toEqual([
      { protocol: "tcp", port_range: "2379-2380", destination_tags: [tagOf(made)] },
      { protocol: "udp", port_range: "53", destination_addresses: ANYWHERE },
      { protocol: "tcp", port_range: "53", destination_addresses: ANYWHERE },
      { protocol: "tcp", port_range: "80", destination_addresses: ANYWHERE },
      { protocol: "tcp", port_range: "443", destination_addresses: ANYWHERE },
      { protocol: "udp", port_range: "123", destination_addresses: ANYWHERE },
    ]);
  });

  it("is bound to the tag, so that no machine of the group is ever without it", () => {
    const made = group();
    expect(made.only("digitalocean_firewall").tags).toEqual([tagOf(made)]);
    expect(made.only("digitalocean_firewall")).not.toHaveProperty("droplet_ids");
  });
});

describe("a group", () => {
  it("has the firewall and its hosts' droplets for others to refer to, and puts the droplets into a project", () => {
    const made = synth((stack) => {
      const hosts = new DigitalOceanHostGroup(stack, "group", { sshFrom: SSH_FROM, projectId: "project-1" });
      const host = new DigitalOceanHost(stack, "host", { group: hosts, region: "lon1" });
      expect(hosts.droplets).toEqual([host.droplet]);
      expect(hosts.firewall.nameInput).toBe("etcd");
    });
    const [project] = Object.values(resources(made, "digitalocean_project_resources"));
    const [droplet] = Object.keys(made.resource.digitalocean_droplet);
    expect([project.project, project.resources]).toEqual(["project-1", [`\${digitalocean_droplet.${droplet}.urn}`]]);
    expect(group().all).not.toHaveProperty("digitalocean_project_resources");
  });

  it("has all its resources at DigitalOcean made by the provider that it is given", () => {
    const made = synth((stack) => {
      new DigitaloceanProvider(stack, "digitalocean");
      const provider = new DigitaloceanProvider(stack, "other", { alias: "other" });
      DigitalOceanHost.inRegions(stack, ["lon1"], { sshFrom: SSH_FROM, projectId: "project-1", provider });
    });
    const { data } = made as unknown as { data: Record<string, Record<string, { provider?: string }>> };
    const all = [...Object.entries(made.resource), ...Object.entries(data)].filter(([type]) =>
      type.startsWith("digitalocean_"),
    );
    expect(all.map(([type]) => type).sort()).toEqual([
      "digitalocean_droplet",
      "digitalocean_droplets",
      "digitalocean_firewall",
      "digitalocean_project_resources",
      "digitalocean_ssh_key",
      "digitalocean_tag",
    ]);
    for (const [type, made] of all) {
      const providers = new Set(Object.values(made).map(({ provider }) => provider));
      expect([type, [...providers]]).toEqual([type, ["digitalocean.other"]]);
    }
  });

  it("names everything after its prefix", () => {
    const made = group({ namePrefix: "store-eu" });
    for (const type of ["digitalocean_firewall", "digitalocean_tag", "digitalocean_ssh_key"]) {
      expect(made.only(type).name).toBe("store-eu");
    }
  });

  it("logs in with a key of its own, of which DigitalOcean gets the public half", () => {
    const made = group();
    expect(made.only("tls_private_key")).toMatchObject({ algorithm: "ED25519" });
    expect(made.only("digitalocean_ssh_key").public_key).toMatch(
      /^\$\{trimspace\(tls_private_key\.\S+_login-key_\w+\.public_key_openssh\)\}$/,
    );
  });

  it("opens SSH to the world only when that is asked for", () => {
    const made = group({ sshFrom: ["0.0.0.0/0"], allowSshFromAnywhere: true });
    expect(made.only("digitalocean_firewall").inbound_rule).toContainEqual({
      protocol: "tcp",
      port_range: "22",
      source_addresses: ["0.0.0.0/0"],
    });
  });
});

// That Terraform warns of what it should is proven in lab/hosts.
describe("the look for droplets that no state knows", () => {
  it("is for as many machines of a name as are declared, and there is none without machines", () => {
    const { check = {} } = synth((stack) => {
      DigitalOceanHost.inRegions(stack, ["lon1", "lon1", "sgp1"], { sshFrom: SSH_FROM });
    });
    const [{ assert }] = Object.values(check);
    expect(assert[0].condition).toContain('for name in ["etcd-lon1","etcd-lon1-2","etcd-sgp1"] :');
    expect(group().check).toBeUndefined();
  });
});

// That Terraform refuses what it should is proven in lab/hosts.
describe("the check for a lost state", () => {
  const made = synth((stack) => {
    DigitalOceanHost.inRegions(stack, ["lon1", "lon1", "sgp1"], { sshFrom: SSH_FROM });
  });
  const data = resources(made, "terraform_data");

  it("goes by what each machine's record found of its name, and keeps that for good", () => {
    const records = Object.keys(made.resource.terraform_data).filter((name) => name.includes("generation"));
    expect(records).toHaveLength(3);
    for (const record of records) {
      expect(data["hosts/lost-state"].input).toContain(`terraform_data.${record}.input`);
    }
    expect(data["hosts/lon1-2/generation"].input).toMatch(/if d\.name == "etcd-lon1-2"\]\)\}$/);
    for (const { lifecycle } of Object.values(data)) expect(lifecycle).toMatchObject({ ignore_changes: ["input"] });
  });

  it("comes before any machine, so that no state has a machine without it", () => {
    const check = Object.keys(made.resource.terraform_data).find((name) => name.includes("lost-state"));
    for (const droplet of Object.values(resources(made, "digitalocean_droplet"))) {
      expect(droplet.depends_on).toEqual([`terraform_data.${check ?? ""}`]);
    }
  });
});

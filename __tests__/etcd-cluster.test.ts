import { ClusterOrigin, EtcdClusterProps, RoundTripTimes } from "../lib";
import { cluster, resources, synth, warnings } from "./synth";

describe("a cluster on three continents", () => {
  const synthesized = synth((stack) => {
    cluster(stack).addClient("billing");
  });
  const steps = resources(synthesized, "terraform_data");

  it("has a machine per region, and nothing else of DigitalOcean's than tag, key and firewall", () => {
    const types = Object.keys(synthesized.resource).filter((type) => type.startsWith("digitalocean_"));
    expect(types.sort()).toEqual([
      "digitalocean_droplet",
      "digitalocean_firewall",
      "digitalocean_ssh_key",
      "digitalocean_tag",
    ]);
    expect(Object.values(resources(synthesized, "digitalocean_droplet")).map((droplet) => droplet.region)).toEqual([
      "lon1",
      "nyc3",
      "sgp1",
    ]);
  });

  it("activates one member after the other, the leader's preferred place last", () => {
    const after = (path: string): unknown => steps[path].depends_on;
    expect(after("etcd/etcd-sgp1/activate-1")).toEqual([]);
    expect(after("etcd/etcd-nyc3/activate-2")).toEqual([expect.stringMatching(/etcd-sgp1_activate-1/)]);
    expect(after("etcd/etcd-lon1/converge")).toEqual([expect.stringMatching(/etcd-nyc3_activate-2/)]);
  });

  it("installs all members before it writes the genesis record, and never rewrites that", () => {
    const genesis = steps["etcd/genesis"];
    expect(genesis.depends_on).toEqual([
      expect.stringMatching(/etcd-lon1_install/),
      expect.stringMatching(/etcd-nyc3_install/),
      expect.stringMatching(/etcd-sgp1_install/),
    ]);
    expect(genesis.lifecycle).toEqual({ ignore_changes: ["input"] });
    expect(Object.keys(genesis.input as object)).toEqual(["etcd-lon1", "etcd-nyc3", "etcd-sgp1"]);
  });

  it("holds machines that leave until the last step is through, by a resource that cannot fail", () => {
    const membership = steps["etcd/membership"];
    expect(membership).toMatchObject({
      lifecycle: { create_before_destroy: true },
      triggers_replace: {
        converged: expect.stringMatching(/etcd-lon1_converge_\w+\.id/) as string,
        machines: {
          "etcd-lon1": expect.stringMatching(/digitalocean_droplet\.hosts_lon1_droplet_\w+\.id/) as string,
          "etcd-nyc3": expect.stringMatching(/digitalocean_droplet\.hosts_nyc3_droplet_\w+\.id/) as string,
          "etcd-sgp1": expect.stringMatching(/digitalocean_droplet\.hosts_sgp1_droplet_\w+\.id/) as string,
        },
      },
    });
    expect(membership.provisioner).toBeUndefined();
  });

  it("logs in with a pinned host key and leaves its script where only root can read it", () => {
    for (const [path, step] of Object.entries(steps)) {
      if (step.provisioner === undefined) continue;
      for (const { "remote-exec": remote } of step.provisioner as {
        "remote-exec": { connection: Record<string, string> };
      }[]) {
        expect({ path, ...remote.connection }).toMatchObject({
          path,
          host_key: expect.stringMatching(/tls_private_key\.hosts_\w+_host-key/) as string,
          script_path: expect.stringMatching(/^\/root\//) as string,
          agent: "false",
        });
      }
    }
  });

  it("connects to each member twice: to install, and to activate, the last time to converge too; and once more to found", () => {
    const connections = Object.entries(steps)
      .filter(([, step]) => step.provisioner !== undefined)
      .map(([path]) => path);
    expect(connections.sort()).toEqual([
      "etcd/etcd-lon1/converge",
      "etcd/etcd-lon1/install",
      "etcd/etcd-nyc3/activate-2",
      "etcd/etcd-nyc3/install",
      "etcd/etcd-sgp1/activate-1",
      "etcd/etcd-sgp1/install",
      "etcd/genesis",
    ]);
    const hosts = (steps["etcd/genesis"].provisioner as { "remote-exec": { connection: { host: string } } }[]).map(
      (one) => one["remote-exec"].connection.host,
    );
    expect(hosts).toEqual(
      ["lon1", "nyc3", "sgp1"].map((region) => expect.stringContaining(`_${region}_droplet_`) as string),
    );
  });

  it("lets no address of another member trigger a restart: they are no part of the unit or its environment", () => {
    const [, env] = Object.entries(synthesized.locals).find(([name]) => name.includes("lon1_bundle_env")) ?? [];
    expect(env).not.toMatch(/nyc3|sgp1/);
    expect(env).not.toContain('ETCD_INITIAL_CLUSTER"');
  });

  it("keeps keys out of user data, triggers and unmarked outputs", () => {
    for (const droplet of Object.values(resources(synthesized, "digitalocean_droplet"))) {
      // The SSH host key is the only key that a machine gets with its user data.
      const keys = [...String(droplet.user_data).matchAll(/tls_private_key\.(\S+?)\.private_key/g)].map(
        (match) => match[1],
      );
      expect(keys).toEqual([expect.stringMatching(/_host-key_/)]);
    }
    for (const { input, triggers_replace } of Object.values(steps)) {
      expect(JSON.stringify([input, triggers_replace])).not.toMatch(/private_key/);
    }
    for (const [name, { value, sensitive }] of Object.entries(synthesized.output)) {
      expect([name, /private_key/.test(JSON.stringify(value)) && sensitive !== true]).toEqual([name, false]);
    }
  });

  it("gives a client files that only its owner can read, and outputs", () => {
    const files = resources(synthesized, "local_sensitive_file");
    const names = Object.keys(files).map((path) => path.split("/").pop());
    expect(names.sort()).toEqual(["ca.crt", "client.crt", "client.key", "curl.sh", "etcd.env"]);
    for (const file of Object.values(files)) {
      expect(file).toMatchObject({ file_permission: "0600", directory_permission: "0700" });
      expect(file.filename).toMatch(/^(\.\.\/)+etcd-access\/billing\//);
    }
    expect(Object.keys(synthesized.output).sort()).toEqual([
      "etcd_ca_certificate",
      "etcd_certificate_expiry",
      "etcd_client_billing_certificate",
      "etcd_client_billing_certificate_expires",
      "etcd_client_billing_endpoints",
      "etcd_client_billing_key",
      "etcd_client_billing_settings",
      "etcd_endpoints",
      "etcd_members",
      "etcd_peer_ca_certificate",
      "etcd_preferred_leader",
      "etcd_ssh",
    ]);
    expect(synthesized.output.etcd_ssh.sensitive).toBe(true);
    expect(synthesized.output.etcd_preferred_leader.value).toBe("etcd-lon1");
  });

  it("warns of nothing", () => {
    expect(
      warnings((stack) => {
        cluster(stack);
      }),
    ).toEqual([]);
  });
});

describe("the order of a rollout", () => {
  const REGIONS = ["lon1", "nyc3", "sgp1", "sfo3", "ams3"];

  /** Addresses of the steps, in the order that depends_on gives them. */
  function order(regions: string[], props: Partial<EtcdClusterProps> = {}): string[] {
    const synthesized = synth((stack) => void cluster(stack, regions, props));
    const addresses = Object.keys(synthesized.resource.terraform_data).filter((name) => /activate|converge/.test(name));
    const before = (address: string): string | undefined =>
      (synthesized.resource.terraform_data[address].depends_on as string[]).at(0)?.replace("terraform_data.", "");
    const ordered: string[] = [];
    for (;;) {
      const next = addresses.find((address) => before(address) === ordered.at(-1));
      if (next === undefined) return ordered;
      ordered.push(next);
    }
  }

  it("may change in any way: no two steps that keep their addresses change places, which Terraform refuses as a cycle", () => {
    const names = REGIONS.map((region) => `etcd-${region}`);
    const orders = [
      order(REGIONS),
      order(REGIONS.slice(0, 3)),
      order(REGIONS.slice(1)),
      ...names.map((name) => order(REGIONS, { leader: { preferred: [name] } })),
      ...names.map((member) => order(REGIONS, { origin: ClusterOrigin.fromSurvivor({ member, founding: 2 }) })),
    ];
    expect(orders.map((steps) => steps.length)).toEqual([5, 3, 4, ...Array<number>(10).fill(5)]);
    for (const one of orders) {
      for (const other of orders) {
        const kept = one.filter((address) => other.includes(address));
        expect(kept).toEqual(other.filter((address) => one.includes(address)));
      }
    }
  });
});

describe("a cluster that is founded anew from a survivor's data", () => {
  const synthesized = synth((stack) => {
    cluster(stack, undefined, { origin: ClusterOrigin.fromSurvivor({ member: "etcd-lon1", founding: 2 }) });
  });
  const steps = resources(synthesized, "terraform_data");

  it("activates the survivor first: the others join it", () => {
    expect(steps["etcd/etcd-lon1/activate-1"].depends_on).toEqual([]);
    expect(steps["etcd/etcd-nyc3/converge"].depends_on).toEqual([expect.stringMatching(/etcd-sgp1_activate-2/)]);
  });

  it("has the survivor alone in its genesis record: nobody else may found", () => {
    expect(Object.keys(steps["etcd/genesis"].input as object)).toEqual(["etcd-lon1"]);
  });

  it("needs a name that is there, and a founding of its own", () => {
    const recover = (member: string, founding: number) => () =>
      synth((stack) => void cluster(stack, undefined, { origin: ClusterOrigin.fromSurvivor({ member, founding }) }));
    expect(recover("etcd-ams3", 2)).toThrow(
      /^origin\.member: given "etcd-ams3".*etcd-lon1, etcd-nyc3, etcd-sgp1.*in test\/etcd/,
    );
    expect(recover("etcd-lon1", 1)).toThrow(/^origin\.founding: given 1 .*; count it up by one in the same edit/);
  });
});

describe("other shapes", () => {
  it.each([[1], [3], [5], [9]])("takes %i members", (count) => {
    const regions = ["lon1", "nyc3", "sgp1", "sfo3", "ams3", "fra1", "tor1", "blr1", "syd1"].slice(0, count);
    const synthesized = synth((stack) => {
      cluster(stack, regions);
    });
    expect(Object.keys(synthesized.resource.digitalocean_droplet)).toHaveLength(count);
  });

  it("takes a region twice, with names of their own", () => {
    const synthesized = synth((stack) => {
      cluster(stack, ["lon1", "lon1", "nyc3"]);
    });
    const names = Object.values(synthesized.resource.digitalocean_droplet).map((droplet) => droplet.name);
    expect(names).toEqual(["etcd-lon1", "etcd-lon1-2", "etcd-nyc3"]);
  });

  it("warns at an even count", () => {
    expect(
      warnings((stack) => {
        cluster(stack, ["lon1", "nyc3", "sgp1", "sfo3"]);
      }),
    ).toEqual([expect.stringMatching(/^4 members tolerate the loss of 1, no more than 3 would/)]);
  });

  it("warns of round-trip times that are old, or of another cluster", () => {
    const pair = { a: "lon1", b: "nyc3", p50: 78, samples: 100 };
    const pairs = [pair, { ...pair, b: "sgp1", p50: 167 }, { ...pair, a: "sgp1", p50: 224 }];
    const { measuredAt, ...file } = {
      measuredAt: "2024-01-01",
      schema: "cdktf-etcd/round-trip-times",
      version: 1,
      pairs,
    };
    const warningsWith = (given: object): string[] =>
      warnings((stack) => {
        cluster(stack, undefined, { roundTripTimes: RoundTripTimes.fromJson(JSON.stringify({ ...file, ...given })) });
      });
    const now = new Date().toISOString();
    expect(warningsWith({ measuredAt: now, cluster: "test/etcd" })).toEqual([]);
    expect(warningsWith({ measuredAt: now, cluster: "staging/etcd" })).toEqual([
      expect.stringMatching(/^the round-trip times were measured on the cluster staging\/etcd, and this is test\/etcd/),
    ]);
    expect(warningsWith({ measuredAt })).toEqual([expect.stringMatching(/measured \d+ days ago.*measure again/)]);
  });

  it("warns of clients that are nowhere near a member, where they count", () => {
    const warningsWith = (location: string, weight?: number): string[] =>
      warnings((stack) => {
        cluster(stack, ["lon1", "ams3", "fra1"], { clientLocations: [{ location: "lon1" }, { location, weight }] });
      });
    expect(warningsWith("nyc3", 9)).toEqual([]);
    expect(warningsWith("syd1", 0)).toEqual([]);
    expect(warningsWith("syd1", 9)).toEqual([
      expect.stringMatching(
        /^clients in syd1 \(weight 9\) are \d+ ms from \w+, the nearest member.*Put a member near them/,
      ),
    ]);
  });

  it("warns where the loss of one location would stop the cluster", () => {
    expect(
      warnings((stack) => {
        cluster(stack, ["lon1", "lon1", "nyc3"]);
      }),
    ).toEqual([expect.stringMatching(/^the loss of lon1 alone would stop the cluster: 2 of 3/)]);
  });
});

import { File } from "@cdktf/provider-local/lib/file";
import { App, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { DigitalOceanHost, DigitalOceanHostGroup, EtcdCluster, EtcdClusterProps, ValidationError } from "../lib";
import { resources, SSH_FROM, synth, Synthesized } from "./synth";

const REGIONS = ["lon1", "nyc3", "sgp1"];

/** A cluster with a scope and hosts of its own. */
function clusterIn(
  scope: Construct,
  namePrefix: string,
  props: Partial<EtcdClusterProps> = {},
  id = "etcd",
): EtcdCluster {
  const hosts = DigitalOceanHost.inRegions(scope, REGIONS, { sshFrom: SSH_FROM, namePrefix });
  return new EtcdCluster(scope, id, { hosts, ...props });
}

function errorOf(build: (stack: TerraformStack) => void): string {
  try {
    synth(build);
  } catch (error) {
    if (error instanceof ValidationError) return error.message;
    throw error;
  }
  throw new Error("it was accepted");
}

/** The addresses at start that a member's steps are told. */
function atStart(synthesized: Synthesized, member: string): string {
  const [, text] = Object.entries(synthesized.locals).find(([name]) => name.includes(`${member}_rollout-env`)) ?? [];
  return /"addresses_at_start" = (\[for .*?\]), "other_client_urls"/.exec(String(text))?.[1] ?? "";
}

describe("outputs of clusters of the same id in one stack", () => {
  const nested = (stack: TerraformStack, props: Partial<EtcdClusterProps> = {}): void => {
    clusterIn(new Construct(stack, "a"), "a");
    clusterIn(new Construct(stack, "b"), "b", props);
  };

  it("are refused, with both clusters' paths and the prop that tells them apart", () => {
    expect(errorOf(nested)).toMatch(
      /^output etcd_endpoints: given twice, in test\/a\/etcd and in test\/b\/etcd, .*outputPrefix: "events"/,
    );
  });

  it("stand beside each other where one has a prefix, and the one without keeps its names", () => {
    const { output, "//": comments } = synth((stack) => {
      nested(stack, { outputPrefix: "main-events" });
    });
    expect(Object.keys(output)).toEqual(expect.arrayContaining(["etcd_endpoints", "main_events_endpoints"]));
    expect(String(output.etcd_endpoints.value)).toContain("a_hosts_lon1");
    expect(String(output.main_events_endpoints.value)).toContain("b_hosts_lon1");
    expect(comments["cdktf-etcd"]).toMatchObject({ "test/b/etcd": { outputPrefix: "main-events" } });
  });

  it("are refused where a client's name makes them those of another cluster", () => {
    expect(
      errorOf((stack) => {
        clusterIn(new Construct(stack, "a"), "a").addClient("billing");
        clusterIn(new Construct(stack, "b"), "b", {}, "etcd-client-billing");
      }),
    ).toMatch(/^output etcd_client_billing_endpoints: given twice/);
  });
});

describe("client files", () => {
  const app = (directory?: string): void => {
    const made = new App();
    for (const name of ["staging", "production"]) {
      clusterIn(new TerraformStack(made, name), "etcd", {
        accessDirectory: name === "production" ? directory : undefined,
      }).addClient("operator");
    }
  };

  it("are refused where two clusters of an app write the same", () => {
    expect(app).toThrow(
      /^file etcd-access\/operator\/ca\.crt: given twice, in staging\/.* and in production\/.*accessDirectory: "etcd-access\/production"/,
    );
  });

  it("are written by both where one has a directory of its own", () => {
    expect(() => {
      app("etcd-access/production");
    }).not.toThrow();
  });

  it("of different clients may lie in one directory; the alerting rules may not", () => {
    const two = (rules: boolean): string =>
      errorOf((stack) => {
        const a = clusterIn(new Construct(stack, "a"), "a", {}, "one");
        const b = clusterIn(new Construct(stack, "b"), "b", {}, "two");
        a.addClient("x");
        b.addClient("y");
        if (!rules) throw new ValidationError({ what: "none", given: "", expected: "", mend: "" });
        a.writeAlertRules();
        b.writeAlertRules();
      });
    expect(two(false)).toMatch(/^none/);
    expect(two(true)).toMatch(/^file etcd-access\/alerts\.yaml: given twice, in test\/a\/one and in test\/b\/two/);
  });
});

describe("machines", () => {
  it("are refused to a second cluster, by name", () => {
    expect(
      errorOf((stack) => {
        const hosts = DigitalOceanHost.inRegions(stack, REGIONS, { sshFrom: SSH_FROM });
        new EtcdCluster(stack, "main", { hosts });
        new EtcdCluster(stack, "events", { hosts: hosts.slice(1) });
      }),
    ).toMatch(/^hosts of test\/events: given etcd-nyc3, on which test\/main runs, expected machines of its own/);
  });

  it("come by inRegions once in a scope, and the error says where to go", () => {
    expect(
      errorOf((stack) => {
        DigitalOceanHost.inRegions(stack, ["lon1"], { sshFrom: SSH_FROM });
        DigitalOceanHost.inRegions(stack, ["lon1"], { sshFrom: SSH_FROM, namePrefix: "events" });
      }),
    ).toMatch(
      /^DigitalOceanHost\.inRegions: given test, which has a construct "hosts" already, .*new Construct\(this, "events"\)/,
    );
  });

  it("of two groups of one prefix in a stack are refused", () => {
    expect(
      errorOf((stack) => {
        DigitalOceanHost.inRegions(new Construct(stack, "a"), ["lon1"], { sshFrom: SSH_FROM });
        DigitalOceanHost.inRegions(new Construct(stack, "b"), ["nyc3"], { sshFrom: SSH_FROM });
      }),
    ).toMatch(/^namePrefix "etcd": given twice, in test\/a\/hosts and in test\/b\/hosts/);
  });
});

describe("a group that two clusters share", () => {
  const shared = (names: (region: string) => string): Synthesized =>
    synth((stack) => {
      const group = new DigitalOceanHostGroup(stack, "group", { sshFrom: SSH_FROM });
      const main = REGIONS.map((region) => new DigitalOceanHost(stack, region, { group, region }));
      new EtcdCluster(stack, "main", { hosts: main });
      const events = new DigitalOceanHost(stack, "events-lon1", { group, region: "lon1", hostName: names("lon1") });
      new EtcdCluster(stack, "events", { hosts: [events] });
    });

  it("has each cluster know its own machines alone, and no foreign ones that carry the tag", () => {
    const made = shared((region) => `etcd-events-${region}`);
    expect(atStart(made, "etcd-events-lon1")).toMatch(
      /^\[for d in data\.\S+\.droplets : d\.ipv4_address if startswith\(d\.name, "etcd-"\) && !contains\(\["etcd-lon1","etcd-nyc3","etcd-sgp1"\], d\.name\)\]$/,
    );
    expect(atStart(made, "main_etcd-lon1")).toContain('&& !contains(["etcd-events-lon1"], d.name)');
  });

  it("takes no machine for a foreign one where names do not tell", () => {
    const told = atStart(
      shared((region) => `events-${region}`),
      "main_etcd-lon1",
    );
    expect(told).toContain('if true && !contains(["events-lon1"], d.name)');
  });

  it("names the droplets of both to the second firewall, and leaves it out beyond DigitalOcean's ten", () => {
    const firewalls = resources(
      shared((region) => `etcd-events-${region}`),
      "digitalocean_firewall",
    );
    expect(String(firewalls["group/machines-firewall"].droplet_ids).match(/digitalocean_droplet\./g)).toHaveLength(4);
    expect(firewalls["group/firewall"].droplet_ids).toBeUndefined();
    const eleven = synth((stack) => {
      DigitalOceanHost.inRegions(stack, Array<string>(11).fill("lon1"), { sshFrom: SSH_FROM });
    });
    expect(Object.keys(resources(eleven, "digitalocean_firewall"))).toEqual(["hosts/firewall"]);
  });
});

describe("another stack", () => {
  function consumer(): { readonly of: Synthesized; readonly from: Synthesized } {
    const app = new App();
    const [from, of] = ["cluster", "consumer"].map((name) => new TerraformStack(app, name));
    const cluster = clusterIn(from, "etcd");
    new File(of, "rules", { filename: "rules", content: cluster.alertRules(), dependsOn: [cluster.ready] });
    new File(from, "rules", { filename: "rules", content: cluster.alertRules(), dependsOn: [cluster.ready] });
    for (const stack of [from, of]) stack.prepareStack();
    expect(of.dependencies).toEqual([from]);
    const json = (stack: TerraformStack): Synthesized => JSON.parse(JSON.stringify(stack.toTerraform())) as Synthesized;
    return { of: json(of), from: json(from) };
  }

  it("depends on the cluster's state, and has its alerting rules out of it", () => {
    const { of, from } = consumer();
    const { content, depends_on } = of.resource.local_file.rules;
    expect(depends_on).toEqual(["data.terraform_remote_state.cross-stack-reference-input-cluster"]);
    expect(content).toMatch(/^\$\{data\.terraform_remote_state\.cross-stack-reference-input-cluster\.outputs\.\S+\}$/);
    const own = from.resource.local_file.rules;
    expect(own.depends_on).toEqual([expect.stringMatching(/^terraform_data\.etcd_etcd-lon1_converge_/)]);
    expect(own.content).toMatch(/^\$\{local\.etcd_alert-rules-etcd_\w+\}$/);
  });
});

describe("a cluster that is declared elsewhere", () => {
  const ATTRIBUTES = { endpoints: ["https://192.0.2.7:2379"], caCertificatePem: "CA" };

  it("is what its attributes say, and writes the files of a client that is brought along", () => {
    const files = resources(
      synth((stack) => {
        const cluster = EtcdCluster.fromAttributes(stack, "etcd", ATTRIBUTES);
        expect(cluster).toMatchObject(ATTRIBUTES);
        cluster.writeClientFiles({
          clientName: "billing",
          certificatePem: "CERTIFICATE",
          privateKeyPem: "KEY",
          directory: "/srv/keys",
        });
      }),
      "local_sensitive_file",
    );
    expect(
      Object.values(files).map(({ filename, content, file_permission }) => [filename, content, file_permission]),
    ).toEqual([
      ["/srv/keys/billing/ca.crt", "CA", "0600"],
      ["/srv/keys/billing/client.crt", "CERTIFICATE", "0600"],
      ["/srv/keys/billing/client.key", "KEY", "0600"],
    ]);
  });

  it.each([
    [[], /^endpoints: given none, expected the https URLs/],
    [["http://192.0.2.7:2379"], /^endpoints: given "http:\/\/192\.0\.2\.7:2379"/],
    [["https://192.0.2.7:2379/"], /^endpoints: given "https:\/\/192\.0\.2\.7:2379\/"/],
  ])("is refused with the endpoints %j", (endpoints, message) => {
    expect(
      errorOf((stack) => {
        EtcdCluster.fromAttributes(stack, "etcd", { ...ATTRIBUTES, endpoints });
      }),
    ).toMatch(message);
  });

  it("does not write over the files of a cluster of the app", () => {
    expect(
      errorOf((stack) => {
        clusterIn(stack, "etcd").addClient("billing");
        EtcdCluster.fromAttributes(stack, "other", ATTRIBUTES).writeClientFiles({
          clientName: "billing",
          certificatePem: "CERTIFICATE",
          privateKeyPem: "KEY",
        });
      }),
    ).toMatch(/^file etcd-access\/billing\/ca\.crt: given twice/);
  });
});

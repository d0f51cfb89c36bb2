import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { File } from "@cdktf/provider-local/lib/file";
import { App, TerraformStack, TerraformVariable } from "cdktf";
import { Construct } from "constructs";
import { DigitalOceanHost, DigitalOceanHostGroup, EtcdCluster, EtcdClusterProps } from "../lib";
import { resources, SSH_FROM, synth, Synthesized, refusalOf, warningsIn } from "./synth";

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

const errorOf = (build: (stack: TerraformStack) => void): string => refusalOf(build).message;

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

/** What each stack of an app synthesizes to, with CDKTF's validation before. */
function synthApp(build: (app: App) => void): Readonly<Record<string, Synthesized>> {
  const app = new App();
  build(app);
  const stacks = app.node.findAll().filter((one) => TerraformStack.isStack(one));
  for (const stack of stacks) stack.prepareStack();
  for (const one of app.node.findAll()) one.node.validate();
  const json = (stack: TerraformStack): Synthesized => JSON.parse(JSON.stringify(stack.toTerraform())) as Synthesized;
  return Object.fromEntries(stacks.map((stack) => [stack.node.id, json(stack)]));
}

/** Where each stack writes its certificates, by stack. */
function directories(build: (app: App) => void): Readonly<Record<string, string[]>> {
  const written = Object.entries(synthApp(build)).map(([name, synthesized]) => {
    const files = Object.values(resources(synthesized, "local_sensitive_file")).map(({ filename }) => String(filename));
    return [name, files.filter((file) => file.endsWith("/ca.crt")).map((file) => file.slice("../../../".length, -7))];
  });
  return Object.fromEntries(written) as Record<string, string[]>;
}

describe("client files", () => {
  interface Declared {
    readonly clients?: string[];
    readonly accessDirectory?: string;
  }
  const app =
    (clusters: Readonly<Record<string, Declared>>) =>
    (made: App): void => {
      for (const [name, { clients = ["operator"], accessDirectory }] of Object.entries(clusters)) {
        const cluster = clusterIn(new TerraformStack(made, name), name, { accessDirectory });
        for (const client of clients) cluster.addClient(client);
      }
    };

  it("lie in one directory for the app where no two clusters write the same", () => {
    expect(directories(app({ staging: {}, production: { clients: ["billing"] } }))).toEqual({
      staging: ["etcd-access/operator"],
      production: ["etcd-access/billing"],
    });
  });

  it("lie in a directory for each stack and cluster where two would write the same, whichever is declared first", () => {
    const declared = { staging: {}, production: { clients: ["billing", "operator"] }, test: { clients: ["billing"] } };
    const expected = {
      staging: ["etcd-access/staging/etcd/operator"],
      production: ["etcd-access/production/etcd/billing", "etcd-access/production/etcd/operator"],
      test: ["etcd-access/test/etcd/billing"],
    };
    for (const names of [
      ["staging", "production", "test"],
      ["test", "production", "staging"],
      ["production", "test", "staging"],
    ] as const) {
      const inOrder = Object.fromEntries(names.map((name) => [name, declared[name]]));
      expect([names, directories(app(inOrder))]).toEqual([names, expected]);
    }
  });

  it("are told of where they move, with what keeps them where they are", () => {
    const told = (clusters: Parameters<typeof app>[0]): string[] => {
      const made = new App();
      app(clusters)(made);
      // Twice, as an app may be synthesized again.
      for (const one of [...made.node.findAll(), ...made.node.findAll()]) one.node.validate();
      return made.node
        .findAll()
        .flatMap(({ node }) => node.metadata)
        .filter(({ type }) => type === "@cdktf/info")
        .map(({ data }) => String(data));
    };
    expect(told({ staging: {}, production: { accessDirectory: "etcd-access" } })).toEqual([
      "Clients' files go to etcd-access/staging/etcd, as another cluster of the app would write the same in etcd-access. " +
        'To keep them there, where they are in use: accessDirectory: "etcd-access"',
    ]);
    expect(told({ staging: {}, production: { clients: ["billing"] } })).toEqual([]);
  });

  it("say in each of them where the others are", () => {
    const synthesized = synthApp(app({ staging: {}, production: {} }));
    const env = resources(synthesized.staging, "local_sensitive_file")["staging/etcd/client-operator/access/etcd.env"]
      .content;
    expect(String(env)).toContain('abspath("../../../etcd-access/staging/etcd/operator")');
  });

  it("stay where they are for a cluster that is told so", () => {
    expect(directories(app({ production: {}, staging: { accessDirectory: "etcd-access" } }))).toEqual({
      production: ["etcd-access/production/etcd/operator"],
      staging: ["etcd-access/operator"],
    });
  });

  it("are refused where two clusters are given one directory for the same", () => {
    expect(() =>
      synthApp(app({ staging: { accessDirectory: "keys" }, production: { accessDirectory: "./keys" } })),
    ).toThrow(
      /^file \.\/keys\/operator\/ca\.crt: given twice, in staging\/.* and in production\/.*accessDirectory: "etcd-access\/production\/etcd"/,
    );
  });

  it("are refused where a cluster is given the directory that another has by default", () => {
    expect(() =>
      synthApp(app({ staging: {}, production: {}, test: { accessDirectory: "etcd-access/production/etcd" } })),
    ).toThrow(/file etcd-access\/production\/etcd\/operator\/ca\.crt: given twice, in test\/.* and in production\//);
  });

  it("and alerting rules of two clusters of a stack are told apart by the clusters' paths", () => {
    const rules = (accessDirectory?: string) =>
      synth((stack) => {
        clusterIn(new Construct(stack, "a"), "a", { accessDirectory }, "one").writeAlertRules();
        clusterIn(new Construct(stack, "b"), "b", { accessDirectory }, "two").writeAlertRules();
      });
    expect(Object.values(resources(rules(), "local_file")).map(({ filename }) => filename)).toEqual([
      "../../../etcd-access/test/a/one/alerts.yaml",
      "../../../etcd-access/test/b/two/alerts.yaml",
    ]);
    expect(() => rules("keys")).toThrow(/^file keys\/alerts\.yaml: given twice, in test\/a\/one and in test\/b\/two/);
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

  describe("of two groups of one prefix in two stacks", () => {
    const groups =
      (token: (stack: TerraformStack) => string | undefined, prefixes: Readonly<Record<string, string>>) =>
      (app: App): void => {
        for (const [name, namePrefix] of Object.entries(prefixes)) {
          const stack = new TerraformStack(app, name);
          DigitalOceanHost.inRegions(stack, ["lon1"], { sshFrom: SSH_FROM, namePrefix });
          // After the group: nobody has to say it first.
          new DigitaloceanProvider(stack, "digitalocean", { token: token(stack) });
        }
      };
    const same = { staging: "etcd", production: "etcd" };
    const variable = (stack: TerraformStack): string => new TerraformVariable(stack, "token", {}).stringValue;

    it("are refused with one token", () => {
      expect(() => synthApp(groups(() => "one token", same))).toThrow(
        /^namePrefix "etcd": given twice, in staging\/hosts and in production\/hosts, .*namePrefix: "events"/,
      );
    });

    it("get a warning where the token comes from the environment: each stack may be deployed with another", () => {
      let app: App | undefined;
      synthApp((made) => {
        groups(() => undefined, same)(made);
        app = made;
      });
      expect(app && warningsIn(app)).toEqual([
        expect.stringMatching(
          /^namePrefix "etcd" is also that of staging\/hosts\. .*namePrefix: "events".*different accounts/,
        ),
      ]);
    });

    it("are accepted with another prefix, or with a provider of another token", () => {
      expect(() => synthApp(groups(() => undefined, { staging: "etcd", production: "etcd-live" }))).not.toThrow();
      expect(() => synthApp(groups(variable, same))).not.toThrow();
      expect(() => synthApp(groups((stack) => stack.node.id, same))).not.toThrow();
    });

    it("are told by the provider that the group was given, where it has one", () => {
      const withAlias = (token: string) => (app: App) => {
        for (const name of ["staging", "production"]) {
          const stack = new TerraformStack(app, name);
          new DigitaloceanProvider(stack, "digitalocean");
          const provider = new DigitaloceanProvider(stack, "other", { alias: "other", token: `${token}${name}` });
          new DigitalOceanHostGroup(stack, "hosts", {
            sshFrom: SSH_FROM,
            provider: name === "production" ? provider : undefined,
          });
        }
      };
      expect(() => synthApp(withAlias("token of "))).not.toThrow();
    });
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

  const CLIENT = { clientName: "billing", certificatePem: "CERTIFICATE", privateKeyPem: "KEY" };

  it("is what its attributes say, and writes the files of a client that is brought along", () => {
    const files = resources(
      synth((stack) => {
        const cluster = EtcdCluster.fromAttributes(stack, "etcd", ATTRIBUTES);
        expect(cluster).toMatchObject(ATTRIBUTES);
        cluster.writeClientFiles({ ...CLIENT, directory: "/srv/keys" });
      }),
      "local_sensitive_file",
    );
    expect(
      Object.values(files).map(({ filename, content, file_permission }) => [filename, content, file_permission]),
    ).toEqual([
      ["/srv/keys/billing/ca.crt", "CA", "0600"],
      ["/srv/keys/billing/client.crt", "CERTIFICATE", "0600"],
      ["/srv/keys/billing/client.key", "KEY", "0600"],
      ["/srv/keys/billing/etcd.env", expect.stringContaining("access/client.env.tftpl"), "0600"],
    ]);
  });

  it("does not write over the files of a cluster of the app: its own give way", () => {
    const build = (accessDirectory?: string) => (app: App) => {
      const other = EtcdCluster.fromAttributes(new TerraformStack(app, "billing"), "etcd", ATTRIBUTES);
      other.writeClientFiles({ ...CLIENT, directory: accessDirectory });
      clusterIn(new TerraformStack(app, "main"), "etcd", { accessDirectory }).addClient("billing");
    };
    expect(directories(build())).toEqual({
      billing: ["etcd-access/billing/etcd/billing"],
      main: ["etcd-access/billing"],
    });
    expect(() => synthApp(build("keys"))).toThrow(/^file keys\/billing\/ca\.crt: given twice/);
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
});

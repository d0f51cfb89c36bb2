import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import * as path from "node:path";
import { attempt, type LabDroplet } from "terraform-lab";
import { CloudInitPartType } from "../../lib";
import type { Knobs } from "../../proofs/apps/cluster-stack";
import { LabHarness, NO_CHANGES } from "../../proofs/harness";
import { onNodesOf } from "./on-nodes";
import type { LabCluster } from "../../proofs/lab-cluster";

jest.setTimeout(900_000);

const harness = new LabHarness();
const { on } = onNodesOf(() => cluster);
const MEMBERS = ["etcd-lon1", "etcd-nyc3", "etcd-sgp1"];
/** Of the image that the family's slug stands for, in the lab's catalog. */
const IMAGE_ID = "209381525";
/** What is syntax to Terraform, JSON, YAML or the shell, and what is not of ASCII. */
const ODD = "'\"\\ ${x} %{y} $(z) `q` <&> # é 🦜";
const { CLOUD_CONFIG, SHELL_SCRIPT } = CloudInitPartType;

const settings = `#cloud-config
write_files:
  - path: /etc/motd.d/ours
    permissions: "0640"
    content: |
      ${ODD}
runcmd:
  - [sh, -c, "id -u >/var/lib/ours.runcmd"]
fqdn: ours.example
`;
const script = `#!/bin/sh
set -eu
cat >/var/lib/ours.script <<'END'
${ODD}
END
id -un >>/var/lib/ours.script
`;
const knobs = {
  cloudInitParts: [
    { contentType: CLOUD_CONFIG, content: settings },
    { contentType: SHELL_SCRIPT, content: "#!/bin/sh\nexit 3\n" },
    { contentType: SHELL_SCRIPT, content: script },
  ],
  clientSources: { tags: ["app"] },
  image: IMAGE_ID,
  imageFamily: "debian-13-x64",
  provider: "elsewhere",
  clientFiles: false,
} satisfies Knobs;

let cluster: LabCluster;
let all: Knobs;

const members = (): LabDroplet[] => MEMBERS.map((name) => cluster.machine(name));

const urns = (): string[] =>
  members()
    .map(({ id }) => `do:droplet:${id}`)
    .sort();

/** A machine that is none of the cluster's. */
async function makeClient(name: string, tags: string[]): Promise<void> {
  const region = "lon1";
  const body = { name, region, size: "s-1vcpu-1gb", image: "debian-13-x64", tags };
  await harness.lab.api().request("POST", "/v2/droplets", body);
}

async function inProject(): Promise<string[]> {
  const { resources } = (await harness.lab.api().request("GET", `/v2/projects/${all.projectId ?? ""}/resources`)) as {
    resources: { urn: string }[];
  };
  return resources.map(({ urn }) => urn).sort();
}

/** Whether a machine gets a connection, within some seconds, to the clients' port of each member. */
async function reached(from: string): Promise<boolean[]> {
  const ports = members().map(({ publicAddress }) => `/dev/tcp/${publicAddress ?? ""}/2379`);
  return Promise.all(
    ports.map(async (port) => (await cluster.on(cluster.machine(from), `timeout 5 bash -c '<${port}'`)).ok),
  );
}

beforeAll(async () => {
  await harness.up();
  await makeClient("app-1", ["app"]);
  await makeClient("other-1", ["other"]);
  const { project } = (await harness.lab
    .api()
    .request("POST", "/v2/projects", { name: "store", purpose: "Service or API", environment: "Production" })) as {
    project: { id: string };
  };
  all = { ...knobs, projectId: project.id };
  await harness.deploy(all);
  cluster = await harness.cluster();
});
afterAll(async () => {
  await harness.down();
});

// One story, in order.
describe("a cluster with all that an operator may choose of its machines", () => {
  it("is made by the provider that was named, out of the image that was named, and there is nothing left to do", async () => {
    // The one without an alias has a token that the API refuses.
    const { droplets } = (await harness.lab.api().request("GET", "/v2/droplets")) as {
      droplets: { name: string; image: { id: number } }[];
    };
    const images = droplets.filter(({ name }) => MEMBERS.includes(name)).map(({ image }) => image.id);
    expect(images).toEqual(MEMBERS.map(() => Number(IMAGE_ID)));
    expect((await harness.run("diff", all)).output).toContain(NO_CHANGES);
  });

  it("has its droplets, and no others, in the project", async () => {
    expect(await inProject()).toEqual(urns());
  });

  it("lets droplets with the tag reach its clients' port, and no others; both nothing else", async () => {
    expect(await reached("app-1")).toEqual([true, true, true]);
    expect(await reached("other-1")).toEqual([false, false, false]);
    const [london] = members();
    const ssh = await cluster.on(
      cluster.machine("app-1"),
      `timeout 5 bash -c '</dev/tcp/${london.publicAddress ?? ""}/22'`,
    );
    expect(ssh.ok).toBe(false);
  });

  it("follows the tag: a droplet that gets it is let in, and one that loses it is not", async () => {
    const api = harness.lab.api();
    const tag = (method: string, name: string): Promise<unknown> =>
      api.request(method, "/v2/tags/app/resources", {
        resources: [{ resource_id: String(cluster.machine(name).id), resource_type: "droplet" }],
      });
    await tag("POST", "other-1");
    await tag("DELETE", "app-1");
    expect(await reached("other-1")).toEqual([true, true, true]);
    expect(await reached("app-1")).toEqual([false, false, false]);
    await tag("POST", "app-1");
    await tag("DELETE", "other-1");
  });

  it("did on every machine what the parts for cloud-init say, and all of the library's own", async () => {
    for (const machine of members()) {
      expect(await on(machine, "cat /etc/motd.d/ours")).toBe(ODD);
      expect(await on(machine, "stat -c %a /etc/motd.d/ours")).toBe("640");
      expect(await on(machine, "cat /var/lib/ours.runcmd")).toBe("0");
      expect(await on(machine, "cat /var/lib/ours.script")).toBe(`${ODD}\nroot`);
      // runcmd is a list of both: this is the library's entry.
      expect(await on(machine, "grep -c 'downloading etcd' /var/log/cloud-init-output.log")).toBe("1");
      const ours = await on(machine, "cat /var/lib/cloud/instance/cloud-config.txt");
      for (const kept of [/^ssh_pwauth: false$/m, /^disable_root: false$/m, /^fqdn: ours\.example$/m, /get-etcd/])
        expect(ours).toMatch(kept);
      // The part that fails was seen to, and stopped nothing.
      expect(await on(machine, "cloud-init status --long || true")).toMatch(/error|Failed/);
    }
  });

  it("has written no client's files; the command line writes them from the outputs, for their owner alone", async () => {
    const folder = path.join(harness.paths.access, "operator");
    expect(existsSync(folder)).toBe(false);
    const root = path.resolve(__dirname, "..", "..");
    const stack = path.join(harness.paths.synthesized, "stacks", "test");
    const tool = [process.execPath, "--require", "tsx/cjs", path.join(root, "lib", "cli", "main.ts"), "access"];
    const args = ["--client", "operator", "--stack", stack, "--out", harness.paths.access];
    const { status, stdout, stderr } = await attempt([...tool, ...args], { cwd: root });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(path.join(folder, "client.key"));
    for (const file of readdirSync(folder))
      expect([file, statSync(path.join(folder, file)).mode & 0o777]).toEqual([file, 0o600]);
    expect((await cluster.etcdctl(["put", "/kept", "yes"], cluster.environment(members()))).stdout).toBe("OK\n");
    // To Terraform it makes no difference whether they are there.
    expect((await harness.run("diff", all)).output).toContain(NO_CHANGES);
    rmSync(folder, { recursive: true });
    expect((await harness.run("diff", all)).output).toContain(NO_CHANGES);
    await attempt([...tool, ...args], { cwd: root });
  });

  it("is left alone when a part changes, until the machines are replaced one by one", async () => {
    const before = members().map(({ id }) => id);
    const edited = {
      ...all,
      cloudInitParts: [{ contentType: SHELL_SCRIPT, content: "#!/bin/sh\ntouch /var/lib/second\n" }],
    };
    expect((await harness.run("diff", edited)).output).toContain(NO_CHANGES);
    await harness.deploy({ ...edited, generation: 2 });
    cluster = await harness.cluster();
    expect(members().filter(({ id }) => before.includes(id))).toEqual([]);
    for (const machine of members()) await on(machine, "test -e /var/lib/second && ! test -e /var/lib/ours.script");
    expect((await cluster.etcdctl(["get", "/kept"], cluster.environment(members()))).stdout).toBe("/kept\nyes\n");
    expect(await inProject()).toEqual(urns());
    expect((await harness.run("diff", { ...edited, generation: 2 })).output).toContain(NO_CHANGES);
  });
});

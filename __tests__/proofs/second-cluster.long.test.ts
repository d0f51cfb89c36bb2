import { existsSync, mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { App } from "cdktf";
import { attempt } from "terraform-lab";
import { CONSUMER, declareTwoStacks, STRANGER, WITH_CLUSTER } from "../../proofs/apps/two-stacks";
import { etcdIn } from "../../proofs/etcd/in-lab";
import { LabHarness, NO_CHANGES, said } from "../../proofs/harness";

jest.setTimeout(900_000);

const harness = new LabHarness();
const MAIN = ["etcd-lon1", "etcd-nyc3", "etcd-sgp1"];
const EVENTS = "etcd-events-nyc3";

/** What tells whether anything happened to the first cluster: its processes, its members, what it holds. */
async function traces(): Promise<unknown> {
  const cluster = await harness.cluster();
  const machines = MAIN.map((name) => cluster.machine(name));
  await cluster.mustBeHealthy(machines);
  const etcd = await Promise.all(
    machines.map(async (machine) => (await cluster.on(machine, "systemctl show -P MainPID etcd")).stdout.trim()),
  );
  const env = cluster.environment(machines);
  const members = (await cluster.etcdctl(["member", "list"], env)).stdout;
  return {
    etcd,
    ids: machines.map(({ id }) => id),
    members,
    kept: (await cluster.etcdctl(["get", "/kept"], env)).stdout,
  };
}

async function onEvents(command: string): Promise<string> {
  const cluster = await harness.cluster();
  const { ok, stdout, stderr } = await cluster.on(cluster.machine(EVENTS), command);
  if (!ok) throw new Error(stderr);
  return stdout.trim();
}

/** The steps that ran on machines of the first cluster. */
const saidByMain = (output: string): string[] =>
  said(output).filter((line) => MAIN.some((name) => line.startsWith(`${name}: `)));

let before: unknown;

beforeAll(async () => {
  await harness.up();
  await harness.deploy();
  const cluster = await harness.cluster();
  await cluster.etcdctl(["put", "/kept", "yes"]);
  before = await traces();
});
afterAll(async () => {
  await harness.down();
});

// One story, in order.
describe("a second etcd for Kubernetes' events, in the group of the first", () => {
  it("is added to a cluster that runs, founds its own, and touches nothing of the first", async () => {
    const output = await harness.deploy({ events: ["nyc3"] });
    expect(output).toMatch(/Apply complete! Resources: \d+ added, 1 changed, 0 destroyed/);
    expect(saidByMain(output)).toEqual([]);
    expect(await traces()).toEqual(before);
    expect(await onEvents("etcdctl member list")).toMatch(/^[0-9a-f]+, started, etcd-events-nyc3, [^\n]+$/);
    expect(await onEvents("etcdctl put /events/1 one && etcdctl get --prefix --keys-only /")).toBe("OK\n/events/1");
    for (const directory of ["operator", "events/operator"]) {
      expect(existsSync(path.join(harness.paths.access, directory, "client.key"))).toBe(true);
    }
    expect((await harness.run("diff", { events: ["nyc3"] })).output).toContain(NO_CHANGES);
  });

  it("is known to the second firewall by its droplet, and so are the first cluster's", async () => {
    const { firewalls } = (await harness.lab.api().request("GET", "/v2/firewalls")) as {
      firewalls: { name: string; droplet_ids: number[] }[];
    };
    const cluster = await harness.cluster();
    const bound = firewalls.find(({ name }) => name === "etcd-machines")?.droplet_ids ?? [];
    expect([...bound].sort()).toEqual(cluster.machines.map(({ id }) => id).sort());
  });

  it("keeps the first cluster together when the tag is deleted, as by a cluster of the same prefix", async () => {
    await harness.lab.api().request("DELETE", "/v2/tags/etcd");
    expect(await traces()).toEqual(before);
    const cluster = await harness.cluster();
    const lon1 = cluster.machine("etcd-lon1");
    const peer = `https://${cluster.machine("etcd-sgp1").publicAddress ?? ""}:2380/members`;
    await cluster.on(lon1, "true");
    const { ok } = await cluster.on(lon1, `curl -sk --max-time 5 -o /dev/null ${peer}; [ $? -ne 28 ]`);
    expect(ok).toBe(true);
    await harness.deploy({ events: ["nyc3"] });
    expect((await harness.run("diff", { events: ["nyc3"] })).output).toContain(NO_CHANGES);
  });

  it("is taken out of the code: its machine goes, the first cluster stays as it was", async () => {
    const output = await harness.deploy();
    expect(saidByMain(output)).toEqual([]);
    expect(await traces()).toEqual(before);
    expect((await harness.cluster()).machines.map(({ name }) => name).sort()).toEqual(MAIN);
    expect((await harness.run("diff")).output).toContain(NO_CHANGES);
  });
});

/** The app of two clusters and of those who use them, beside the story's first cluster. */
class SeveralStacks {
  private readonly directory = path.join(harness.paths.root, "several-stacks");
  private readonly outdir = path.join(this.directory, "cdktf.out");

  /** Synthesizes it as in a directory of its own, which is where its files go by default. Returns each stack's dependencies. */
  public synthesize(): Readonly<Record<string, readonly string[]>> {
    mkdirSync(this.directory, { recursive: true });
    const before = process.cwd();
    process.chdir(this.directory);
    try {
      const app = new App({ outdir: this.outdir });
      declareTwoStacks(app, harness.environment());
      app.synth();
    } finally {
      process.chdir(before);
    }
    const { stacks } = JSON.parse(readFileSync(path.join(this.outdir, "manifest.json"), "utf8")) as {
      stacks: Record<string, { dependencies: string[] }>;
    };
    return Object.fromEntries(Object.entries(stacks).map(([name, { dependencies }]) => [name, dependencies]));
  }

  public async terraform(stack: string, args: readonly string[]): Promise<string> {
    const { exitCode, output } = await harness.terraform([...args, "-input=false", "-no-color"], {
      cwd: path.join(this.outdir, "stacks", stack),
    });
    if (exitCode !== 0) throw new Error(`${args[0]} of ${stack} failed:\n${output}`);
    return output;
  }

  public async apply(stack: string): Promise<string> {
    await this.terraform(stack, ["init"]);
    return this.terraform(stack, ["apply", "-auto-approve"]);
  }

  public file(...names: string[]): string {
    return path.join(this.directory, "etcd-access", ...names);
  }

  /** What etcdctl says to one who has sourced that etcd.env. */
  public async etcdctl(env: string, command: string): Promise<string> {
    const etcdctl = path.join(etcdIn(harness.paths).binDir, "etcdctl");
    const { status, stdout, stderr } = await attempt(["sh", "-c", `. '${env}' && '${etcdctl}' ${command}`], {
      timeoutMs: 60_000,
    });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  }
}

// Goes on from there: the first cluster is still running.
describe("two stacks of one app, each with a cluster of the same id", () => {
  const app = new SeveralStacks();
  const names = [...WITH_CLUSTER, CONSUMER, STRANGER];
  const operator = (stack: string): string => app.file(stack, "etcd", "operator", "etcd.env");

  it("are deployed beside a third cluster, those who use them after them", async () => {
    expect(app.synthesize()).toEqual({ one: [], two: [], [CONSUMER]: ["one"], [STRANGER]: [] });
    for (const stack of names) {
      expect(await app.apply(stack)).toMatch(/Apply complete! Resources: \d+ added, 0 changed, 0 destroyed/);
    }
    expect(await traces()).toEqual(before);
  });

  it("have nothing left to do at a second look", async () => {
    for (const stack of names)
      expect([stack, await app.terraform(stack, ["plan"])]).toEqual([stack, expect.stringContaining(NO_CHANGES)]);
  });

  it("have clients' files of their own, though nobody said where", async () => {
    for (const stack of WITH_CLUSTER) await app.etcdctl(operator(stack), `put /stack ${stack}`);
    const get = "get --print-value-only /stack";
    expect([await app.etcdctl(operator("one"), get), await app.etcdctl(operator("two"), get)]).toEqual(WITH_CLUSTER);
    // Those who only use a cluster: one with references of CDKTF's, one by what the other's state holds.
    expect(await app.etcdctl(app.file(CONSUMER, "etcd", "reader", "etcd.env"), get)).toBe("one");
    expect(await app.etcdctl(app.file(STRANGER, "etcd", "operator", "etcd.env"), get)).toBe("two");
  });

  it("tell time limits and alerting rules to those who use them", () => {
    const limits = (file: string): string[] =>
      readFileSync(file, "utf8").match(/^export ETCD\w+TIME\w*=\d+ms$/gm) ?? [];
    const all = limits(app.file("one", "etcd", "reader", "etcd.env"));
    expect(all).toHaveLength(6);
    expect(limits(app.file(CONSUMER, "etcd", "reader", "etcd.env"))).toEqual(all);
    expect(limits(app.file(STRANGER, "etcd", "operator", "etcd.env"))).toEqual(
      limits(operator("two")).filter((line) => line.includes("DIAL_TIMEOUT")),
    );
    const rules = readFileSync(path.join(harness.environment().ETCD_STATE_DIRECTORY, "rules.yaml"), "utf8");
    expect(rules).toContain('up{job="one"} == 0');
  });

  it("are destroyed one by one, the others untouched", async () => {
    const firewalls = async (): Promise<string[]> => {
      const found = (await harness.lab.api().request("GET", "/v2/firewalls")) as { firewalls: { name: string }[] };
      return found.firewalls.map(({ name }) => name).sort();
    };
    for (const stack of [CONSUMER, "one"]) await app.terraform(stack, ["destroy", "-auto-approve"]);
    expect(await firewalls()).toEqual(["etcd", "etcd-machines", "two", "two-machines"]);
    expect(existsSync(operator("one"))).toBe(false);
    expect(await app.etcdctl(operator("two"), "get --print-value-only /stack")).toBe("two");
    expect(await app.terraform("two", ["plan"])).toContain(NO_CHANGES);
    for (const stack of [STRANGER, "two"]) await app.terraform(stack, ["destroy", "-auto-approve"]);
    expect(await firewalls()).toEqual(["etcd", "etcd-machines"]);
    expect(await traces()).toEqual(before);
    expect((await harness.run("diff")).output).toContain(NO_CHANGES);
  });
});

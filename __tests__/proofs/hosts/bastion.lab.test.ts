import type { BareMachine } from "terraform-lab";
import type { ExistingHostProps, SshBastion } from "../../../lib";
import type { Machine } from "../../../lib/machines/machines";
import { withSsh } from "../../../lib/machines/ssh";
import { declareExisting } from "../../../proofs/apps/existing-machines";
import { LabHarness, NO_CHANGES } from "../../../proofs/harness";
import { MachinesOfOnesOwn } from "./machines-of-ones-own";

jest.setTimeout(300_000);

const harness = new LabHarness();
let machines: MachinesOfOnesOwn;
let bastion: BareMachine;
/** By the names of the members on them. */
const members: Record<string, BareMachine> = {};

/** All have keys of the same types, which Terraform by itself can't tell apart. */
function declared(
  change: Partial<SshBastion> = {},
  changes: Readonly<Record<string, Partial<ExistingHostProps>>> = {},
  timeoutSeconds = 60,
) {
  const { publicAddress = "", user, hostKeys } = bastion;
  const through = { host: publicAddress, user, privateKeyFile: machines.keyFile, hostKeys: [...hostKeys], ...change };
  return {
    declare: declareExisting({
      hosts: Object.fromEntries(
        Object.entries(members).map(([name, machine]) => [
          name,
          {
            ...machines.host(machine),
            privateNetwork: machine.network,
            bastion: through,
            timeoutSeconds,
            ...changes[name],
          },
        ]),
      ),
    }),
  };
}

const first = (): BareMachine => members["etcd-a"];

beforeAll(async () => {
  await harness.up();
  machines = await MachinesOfOnesOwn.of(harness);
  bastion = await machines.boot({ name: "bastion", location: "lon1", network: "rack", bastion: true });
  const behind = { behind: "bastion", user: { name: "admin" } };
  [members["etcd-a"], members["etcd-b"], members["etcd-c"]] = await Promise.all([
    machines.boot({ name: "a", location: "lon1", ...behind }),
    machines.boot({ name: "b", location: "nyc3", ...behind }),
    machines.boot({ name: "c", location: "sgp1", ...behind }),
  ]);
}, 600_000);
afterAll(() => harness.down());

// One story, in order.
describe("members in a private network, behind a bastion", () => {
  it.each<[string, () => ReturnType<typeof declared>]>([
    ["bastion", () => declared({ hostKeys: [...first().hostKeys] }, {}, 10)],
    ["member", () => declared({}, { "etcd-a": { hostKeys: [...bastion.hostKeys] } }, 10)],
  ])("are not reached where another %s answers", async (_who, wrong) => {
    const { exitCode, output } = await harness.run("deploy", {}, wrong());
    expect([exitCode, output]).toEqual([1, expect.stringContaining("knownhosts: key mismatch")]);
    expect(await machines.on(first(), "ls -d /home/admin/.cdktf-etcd /etc/etcd 2>/dev/null")).toBe("");
  });

  it("become a cluster that is reached at private addresses alone", async () => {
    await harness.deploy({}, declared());
    const health = await machines.tried(first(), "etcdctl endpoint health --cluster");
    expect(health.stdout.match(/https:\/\/10\.[\d.]+:2379 is healthy/g)).toHaveLength(3);
    expect(harness.output("etcd_endpoints")).toEqual(
      expect.arrayContaining(Object.values(members).map(({ privateAddress = "" }) => `https://${privateAddress}:2379`)),
    );
    expect((await harness.run("diff", {}, declared())).output).toContain(NO_CHANGES);
  });

  it("are reached by the command line the same way, as root", async () => {
    const found = harness.output("etcd_ssh") as unknown as Record<string, Machine>;
    const { signal } = new AbortController();
    const ids = await withSsh(process.env, (run) =>
      Promise.all(
        Object.entries(found).map(async ([name, machine]) => {
          const said: string[] = [];
          const failure = await run({
            name,
            machine,
            command: ["id", "-u"],
            signal,
            onLine: (line) => said.push(line),
          });
          return failure ?? said.join("\n");
        }),
      ),
    );
    expect(ids).toEqual(["0", "0", "0"]);
  });

  it("refuse, by the command line too, a bastion that is another one", async () => {
    const found = harness.output("etcd_ssh") as unknown as Record<string, Machine>;
    const machine = found["etcd-a"];
    const { host_keys = [] } = found["etcd-b"];
    if (machine.bastion === undefined) throw new Error("the output has no bastion");
    const wrong = { ...machine, bastion: { ...machine.bastion, host_keys } };
    const { signal } = new AbortController();
    const failure = await withSsh(process.env, (run) =>
      run({ name: "etcd-a", machine: wrong, command: ["id"], signal, onLine: () => undefined }),
    );
    expect(failure).toMatch(/Host key verification failed|UNKNOWN port|Connection closed/);
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import { recordOf } from "terraform-lab";
import type { EtcdClientProps } from "../../lib";
import { DeclaredAccess } from "../../lib/authorization/declared-access";
import type { Knobs } from "../../proofs/apps/cluster-stack";
import { median } from "../../proofs/figures/statistics";
import { LabHarness, NO_CHANGES } from "../../proofs/harness";
import type { LabCluster } from "../../proofs/lab-cluster";
import { interruptionNamed } from "../../proofs/operations/interruption";
import { Random } from "../../proofs/random";

jest.setTimeout(1_800_000);

const OFF: Knobs = { grpcGateway: false, authorization: false };
const STAYS: EtcdClientProps = { readWrite: ["/app/"] };
/** A declaration, and what the client "other" may and may not do with it. */
interface Stage {
  readonly name: string;
  readonly other: EtcdClientProps;
  readonly may: readonly string[];
  readonly mayNot: readonly string[];
}
/** Switched on, then with more, then with less: what is cut off, and completed. */
const STAGES: readonly Stage[] = [
  { name: "switching on", other: { read: ["/a/"] }, may: ["get /a/x"], mayNot: ["put /a/x 1", "get /b/x"] },
  { name: "granting", other: { readWrite: ["/a/", "/b/"] }, may: ["put /a/x 1", "put /b/x 1"], mayNot: ["get /app/x"] },
  { name: "taking away", other: { read: ["/b/"] }, may: ["get /b/x"], mayNot: ["get /a/x", "put /b/x 1"] },
];
const knobsOf = ({ other }: Stage): Knobs => ({ ...OFF, authorization: true, clients: { app: STAYS, other } });
const UNDECLARED: Knobs = { ...OFF, clients: { app: {}, other: {} } };

/** As parts of the time that an apply takes from when it begins to edit. */
const MOMENTS = Array.from({ length: 20 }, (_, index) => index / 20);

/** Terraform's line as its step begins. */
const EDITING = /authorize_\w+: Creating/;

const CLIENTS = 200;
const PREFIXES = 10;

const harness = new LabHarness();
const random = new Random(20261130);
let cluster: LabCluster;

/** Deploys. Returns milliseconds from when it began to edit until it was through. */
async function deployWhole(stage: Stage): Promise<number> {
  let began: number | undefined;
  await harness.deploy(knobsOf(stage), {
    onLine: (line) => {
      if (EDITING.test(line)) began ??= Date.now();
    },
  });
  if (began === undefined) throw new Error("the deploy never came to edit permissions");
  return Date.now() - began;
}

/** Deploys, and kills Terraform or an SSH connection of its so long after it began to edit. Returns what it met, or why it met nothing. */
async function deployKilled(knobs: Knobs, kill: string, delayMs: number): Promise<string> {
  let pid = 0;
  let strike: Promise<string | undefined> | undefined;
  await harness.run("deploy", knobs, {
    onSpawn: (spawned) => (pid = spawned),
    onLine: (line) => {
      const apply = recordOf(pid);
      if (strike !== undefined || apply === undefined || !EDITING.test(line)) return;
      strike = sleep(delayMs).then(() => interruptionNamed(kill).strike(harness, apply, random));
    },
  });
  if (strike === undefined) throw new Error("the deploy never came to edit permissions");
  return (await strike) ?? kill;
}

/** What is there, as the machines' administrator sees it; fails if that has been lost. */
async function mustHaveRoot(): Promise<void> {
  for (const machine of cluster.machines) {
    const { ok, stderr } = await cluster.on(machine, "etcdctl user list && etcdctl role list");
    expect([machine.name, ok, stderr]).toEqual([machine.name, true, ""]);
  }
}

/** Those who stay may do what they could, through each member. */
async function mustBeIn(): Promise<void> {
  for (const machine of cluster.machines) {
    for (const [client, key] of [
      ["app", "/app/x"],
      ["operator", "/x"],
    ]) {
      const { ok, stderr } = await cluster.as(client, ["put", key, "1"], [machine]);
      expect([machine.name, client, ok, stderr]).toEqual([machine.name, client, true, ""]);
    }
  }
}

/** Seconds that a command takes on the machine whose step it is. */
async function edited(lines: readonly string[]): Promise<number> {
  const [machine] = cluster.machines;
  const began = Date.now();
  const { status, stdout, stderr } = await harness.lab
    .driver()
    .exec(machine.id, ["/usr/local/lib/cdktf-etcd/authorize"], { stdin: `${lines.join("\n")}\n`, timeoutMs: 900_000 });
  expect([status, stderr, stdout]).toEqual([0, "", expect.stringContaining("are as declared")]);
  return (Date.now() - began) / 1000;
}

/** As many clients as a large company has services, each with prefixes of its own; and one of them changed. */
function many(changed?: EtcdClientProps): string[] {
  const access = new DeclaredAccess({}, true);
  for (let client = 0; client < CLIENTS; client += 1) {
    const readWrite = Array.from({ length: PREFIXES }, (_, prefix) => `/client-${client}/${prefix}/`);
    access.addClient(`client-${client}`, client === 7 && changed !== undefined ? changed : { readWrite });
  }
  return access.lines();
}

/** Milliseconds that a write takes on each member's machine, through it, off and on by turns: each one's median of runs of nine. */
async function writesMs(): Promise<Record<"on" | "off", number[]>> {
  const runs = { on: cluster.machines.map((): number[] => []), off: cluster.machines.map((): number[] => []) };
  for (let round = 0; round < 16; round += 1) {
    // on, off, off, on: so that a drift meets both alike.
    const state = round % 4 === 0 || round % 4 === 3 ? "on" : "off";
    const turned = await cluster.on(cluster.machines[0], `etcdctl auth ${state === "on" ? "enable" : "disable"}`);
    expect(turned).toMatchObject({ ok: true });
    for (const [index, machine] of cluster.machines.entries()) runs[state][index].push(await cluster.writeMs(machine));
  }
  return { on: runs.on.map(median), off: runs.off.map(median) };
}

function report(line: string): void {
  process.stderr.write(`      ${line}\n`);
}

beforeAll(async () => {
  await harness.up();
  await harness.deploy(UNDECLARED);
  cluster = await harness.cluster();
}, 900_000);
afterAll(() => harness.down());

// One story, in order.
describe("edits of permissions", () => {
  it("cost a write nothing that can be measured", async () => {
    await harness.deploy(knobsOf(STAGES[0]));
    const { on, off } = await writesMs();
    const roundTrip = cluster.model().commitMs("lon1");
    for (const [index, { name }] of cluster.machines.entries()) {
      const percent = ((on[index] / off[index] - 1) * 100).toFixed(1);
      report(
        `a write on ${name}: ${off[index].toFixed(1)} ms without authorization, ${on[index].toFixed(1)} with: ${percent} % more`,
      );
      if (name === "etcd-lon1") report(`at the leader that is ${(on[index] / roundTrip).toFixed(3)} of its round trip`);
    }
  });

  it("are completed by the next deploy wherever one is killed; nobody is locked out, and root is never lost", async () => {
    const kills = ["SIGKILL to Terraform", "SSH connections of a machine killed"];
    await harness.deploy(UNDECLARED);
    const whole: number[] = [];
    for (const stage of STAGES) whole.push(await deployWhole(stage));
    for (const [index, moment] of MOMENTS.entries()) {
      const at = index % STAGES.length;
      const stage = STAGES[at];
      const delay = Math.round(moment * whole[at]);
      if (at === 0) await harness.deploy(UNDECLARED);
      const met = await deployKilled(knobsOf(stage), kills[(index >> 1) % kills.length], delay);
      report(`${stage.name}, ${delay} of about ${whole[at]} ms after its edits began: ${met}`);
      await mustHaveRoot();
      await mustBeIn();
      await harness.deploy(knobsOf(stage));
      await mustHaveRoot();
      await mustBeIn();
      const done = async (command: string): Promise<unknown> => [
        command,
        (await cluster.as("other", command.split(" "))).ok,
      ];
      for (const command of stage.may) expect([stage.name, await done(command)]).toEqual([stage.name, [command, true]]);
      for (const command of stage.mayNot)
        expect([stage.name, await done(command)]).toEqual([stage.name, [command, false]]);
    }
    expect((await harness.run("diff", knobsOf(STAGES[(MOMENTS.length - 1) % STAGES.length]))).output).toContain(
      NO_CHANGES,
    );
  });

  it(`are few: ${CLIENTS} clients with ${PREFIXES} prefixes each, nothing changed, and one of them changed`, async () => {
    report(`${many().length} edits: ${(await edited(many())).toFixed(1)} s`);
    report(`nothing changed: ${(await edited(many())).toFixed(1)} s`);
    report(`one client's permissions changed: ${(await edited(many({ read: ["/elsewhere/"] }))).toFixed(1)} s`);
  });
});

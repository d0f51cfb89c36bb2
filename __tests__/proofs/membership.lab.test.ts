import { LabCluster } from "../../proofs/lab-cluster";
import { LabHarness, said } from "../../proofs/harness";
import { ascending, keys, memberNames, positions, putKey, refuse } from "./members";

jest.setTimeout(600_000);

const harness = new LabHarness();
let cluster: LabCluster;

/** Whoever joins has to be let in by name, and members pass on less of what they are asked. */
const ON = { authorization: true };
const THREE = ["lon1", "nyc3", "sgp1"];
const NEW = ["ams3", "fra1"];
const FIVE = [...THREE, ...NEW];

beforeAll(async () => {
  await harness.up();
});
afterAll(async () => {
  await harness.down();
});

// One story, in order: each test starts from what the one before left.
describe("the members of a cluster, by editing the list", () => {
  it("begin with one, whose machine answers SSH with 'please wait' at first", async () => {
    await harness.lab.api().injectFault({ kind: "ssh-not-ready", namePattern: "etcd-lon1", seconds: 10 });
    await harness.deploy({ ...ON, regions: ["lon1"] });
    cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    await putKey(cluster, "/alone");
  });

  it("grow from one to three: each joins as a learner, and nobody restarts for it but for other timeouts", async () => {
    // As a machine leaves it that is gone before its etcd has ever answered.
    const added = await cluster.on(
      cluster.machine("etcd-lon1"),
      "etcdctl member add gone --learner --peer-urls=https://198.18.255.254:2380",
    );
    expect(added).toMatchObject({ ok: true });
    const lines = said(await harness.deploy({ ...ON, regions: THREE }));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^etcd-sgp1: removing the learner [0-9a-f]+ \(https:\/\/198\.18\.255\.254:2380\), which never/,
      ),
    );
    const order = lines.filter((line) => /added as a learner|promoted|: restarting/.test(line));
    expect(order).toEqual([
      "etcd-sgp1: added as a learner",
      "etcd-sgp1: caught up: promoted to a voting member",
      "etcd-nyc3: added as a learner",
      "etcd-nyc3: caught up: promoted to a voting member",
      "etcd-lon1: restarting",
    ]);
    cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    expect([await memberNames(cluster), await keys(cluster)]).toEqual([
      ["etcd-lon1", "etcd-nyc3", "etcd-sgp1"],
      ["/alone"],
    ]);
  });

  it("are not touched beyond the first by a setting that etcd refuses, which the error shows; a revert repairs", async () => {
    const output = await harness.deployFails({ ...ON, regions: THREE, extra: { ETCD_SNAPSHOT_COUNT: "many" } });
    const lines = said(output);
    expect(lines.filter((line) => line.endsWith(": restarting"))).toEqual(["etcd-sgp1: restarting"]);
    expect(output).toMatch(/etcd: failed to verify flags: invalid value "many" for ETCD_SNAPSHOT_COUNT/);
    expect(lines).toContainEqual(expect.stringMatching(/^error: etcd-sgp1: etcd did not get ready after its restart/));
    await cluster.mustBeHealthy(cluster.machines.filter((machine) => machine.name !== "etcd-sgp1"));
    await harness.deploy({ ...ON, regions: THREE });
    await cluster.mustBeHealthy();
  });

  it("grow from three to five, interrupted while the first new one is a learner: the old ones serve", async () => {
    const controller = new AbortController();
    const held: Promise<() => Promise<unknown>>[] = [];
    const { exitCode } = await harness.run(
      "deploy",
      { ...ON, regions: FIVE },
      {
        signal: controller.signal,
        onLine: (line) => {
          const name = /(etcd-(?:ams3|fra1)): etcd \S+ is staged/.exec(line)?.[1];
          // So that it can't have been promoted before the interrupt arrives.
          if (name !== undefined) {
            held.push(harness.cluster().then((now) => refuse(now, now.machine(name), "member promote")));
          }
          if (/etcd-(ams3|fra1): catching up/.test(line)) controller.abort();
        },
      },
    );
    const release = await Promise.all(held);
    expect(exitCode).not.toBe(0);
    expect([controller.signal.aborted, release.length]).toEqual([true, 2]);
    await cluster.mustBeHealthy();
    const { stdout } = await cluster.etcdctl(["member", "list"]);
    const learners = stdout.split("\n").filter((line) => line.endsWith(", true"));
    expect([stdout.trim().split("\n").length, learners.length]).toEqual([4, 1]);
    for (const end of release) await end();
  });

  it("go on with that: both get votes, one after the other, and all that was written is there", async () => {
    const lines = said(await harness.deploy({ ...ON, regions: FIVE }));
    expect(lines).toContainEqual(expect.stringMatching(/^etcd-(ams3|fra1): carrying on a join that was interrupted$/));
    expect(lines.filter((line) => line.endsWith(": caught up: promoted to a voting member"))).toHaveLength(2);
    cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    expect([await memberNames(cluster), await keys(cluster)]).toEqual([
      FIVE.map((region) => `etcd-${region}`).sort(),
      ["/alone"],
    ]);
  });

  it("do not skip a stage of an authority's rotation: refused before any member is touched", async () => {
    const edit = { ...ON, regions: FIVE, clientAuthority: { stage: "signing", generation: 2 } } as const;
    const lines = said(await harness.deployFails(edit));
    expect(lines).toContainEqual(
      expect.stringMatching(/^error: etcd-\w+: this deploy skips a stage: .* do not trust yet.*Nothing was changed/),
    );
    expect(lines.filter((line) => line.endsWith(": restarting"))).toEqual([]);
    // The operator's own files were written anew before the members refused.
    const { ok, stderr } = await cluster.on(cluster.machine("etcd-lon1"), "etcdctl endpoint health --cluster");
    expect([ok, stderr]).toEqual([true, expect.not.stringContaining("unhealthy")]);
  });

  it("shrink from five to three: those that go leave the cluster before their machines do", async () => {
    const output = await harness.deploy({ ...ON, regions: THREE });
    const inOrder = positions(output, /: removing etcd-(ams3|fra1) /, /droplet.*: Destroying\.\.\./);
    expect(inOrder).toEqual(ascending(inOrder));
    expect(said(output).filter((line) => /: removing etcd-/.test(line))).toHaveLength(2);
    cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    expect([await memberNames(cluster), await keys(cluster)]).toEqual([
      THREE.map((region) => `etcd-${region}`).sort(),
      ["/alone"],
    ]);
  });
});

import { type LabDroplet, terraformErrors } from "terraform-lab";
import type { Knobs } from "../../proofs/apps/cluster-stack";
import { LabCluster } from "../../proofs/lab-cluster";
import { LabHarness, said } from "../../proofs/harness";
import { PeerNetwork } from "../../lib";
import { ascending, keys, memberNames, positions, putKey, refuse } from "./members";

jest.setTimeout(600_000);

const harness = new LabHarness();
let cluster: LabCluster;

const THREE = ["lon1", "nyc3", "sgp1"];
const MOVED = ["lon1", "ams3", "sgp1"];

beforeAll(async () => {
  await harness.up();
});
afterAll(async () => {
  await harness.down();
});

// One story, in order: each test starts from what the one before left.
describe("the members of a cluster", () => {
  it("are not started while one of their machines never gets ready, and found the cluster once it does", async () => {
    const api = harness.lab.api();
    await api.injectFault({ kind: "droplet-stays-new", namePattern: "etcd-sgp1", times: "forever" });
    const failed = await harness.deployFails({ regions: THREE, bootTimeoutSeconds: 30 });
    // The provider's own clock and its library's run out at the same moment, and either may be first.
    expect(terraformErrors(failed)).toEqual([
      expect.stringMatching(
        /^Error waiting for droplet \(\d+\) to become ready: (context deadline exceeded|timeout while waiting for state) .*with digitalocean_droplet\.hosts_sgp1_droplet_/,
      ),
    ]);
    // The birth is all or nothing.
    expect(said(failed).filter((line) => line.includes("founding"))).toEqual([]);
    await api.clearFaults();
    const lines = said(await harness.deploy({ regions: THREE }));
    expect(lines.filter((line) => line.includes("founding the cluster"))).toHaveLength(3);
    cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    await putKey(cluster, "/alone");
  });

  it("keep the addresses that their peers know: another network is refused before any member is touched", async () => {
    // A machine that is there does not move: the ids only say that the VPCs are peered, which they are not.
    const vpcIds = Object.fromEntries(THREE.map((region) => [region, "5a4981aa-9653-4bd1-bef5-d6bff52042e4"]));
    const lines = said(await harness.deployFails({ regions: THREE, peerNetwork: PeerNetwork.PRIVATE, vpcIds }));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd-\w+: this deploy has peers reach this member at \S+ \(peerNetwork\), .* Nothing was changed/,
      ),
    );
    const reverted = said(await harness.deploy({ regions: THREE }));
    expect([...lines, ...reverted].filter((line) => line.endsWith(": restarting"))).toEqual([]);
    await cluster.mustBeHealthy();
  });

  const successor = async (): Promise<LabDroplet> => {
    const named = (await harness.cluster()).machines.filter(({ name }) => name === "etcd-sgp1");
    return named.reduce((a, b) => (a.id > b.id ? a : b));
  };

  it("are replaced, interrupted while the first new one is a learner: the old ones serve", async () => {
    const controller = new AbortController();
    let held: Promise<() => Promise<unknown>> | undefined;
    const { exitCode } = await harness.run(
      "deploy",
      { regions: THREE, generation: 2 },
      {
        signal: controller.signal,
        onLine: (line) => {
          if (/etcd-sgp1: etcd \S+ is staged/.test(line))
            held = successor().then((machine) => refuse(cluster, machine, "member promote"));
          if (line.includes("etcd-sgp1: catching up")) controller.abort();
        },
      },
    );
    const release = await held;
    expect([exitCode === 0, controller.signal.aborted, release === undefined]).toEqual([false, true, false]);
    const started = await cluster.on(
      await successor(),
      "timeout 60 sh -c 'until [ -e /var/lib/cdktf-etcd-node/born ]; do sleep 0.2; done' && etcdctl endpoint status -w fields",
    );
    expect(started.stdout).toContain('"IsLearner" : true');
    await cluster.mustBeHealthy();
    await release?.();
  });

  it("are replaced, interrupted between the promotion of one and the end of its predecessor: both are members", async () => {
    const script = "/usr/local/lib/cdktf-etcd/retire-predecessor";
    const machine = await successor();
    await cluster.on(
      machine,
      `mv ${script} ${script}.held; printf '#!/bin/sh\nsleep 60\n' >${script}; chmod 755 ${script}`,
    );
    const edit = { regions: THREE, generation: 2 };
    const { exitCode, output } = await harness.interrupt("deploy", /etcd-sgp1: caught up: promoted/, edit);
    await cluster.on(machine, `mv ${script}.held ${script}`);
    expect(said(output)).toContain("etcd-sgp1: carrying on a join that was interrupted");
    expect(exitCode).not.toBe(0);
    expect(await memberNames(cluster)).toEqual(["etcd-lon1", "etcd-nyc3", "etcd-sgp1", "etcd-sgp1"]);
  });

  it("are all replaced by the next one: one after the other, and no old machine goes before its successor serves", async () => {
    await putKey(cluster, "/before-new-machines");
    const before = cluster.machines.map((machine) => machine.id);
    const output = await harness.deploy({ regions: THREE, generation: 2 });
    const lines = said(output);
    expect(
      lines.filter((line) => /promoted|retiring/.test(line)).map((line) => line.replace(/ [0-9a-f]+ \(.*/, "")),
    ).toEqual(
      ["etcd-sgp1", "etcd-nyc3", "etcd-lon1"]
        .flatMap((name) => [`${name}: caught up: promoted to a voting member`, `${name}: retiring its predecessor`])
        // This one was promoted before.
        .slice(1),
    );
    const inOrder = positions(output, /etcd-lon1: retiring its predecessor/, /droplet.*: Destroying\.\.\./);
    expect(inOrder).toEqual(ascending(inOrder));
    cluster = await harness.cluster();
    expect(cluster.machines.map((machine) => machine.id).filter((id) => before.includes(id))).toEqual([]);
    await cluster.mustBeHealthy();
    expect(await keys(cluster)).toEqual(["/alone", "/before-new-machines"]);
  });

  it("change a location, interrupted while the new one catches up: it stays a learner, and the others serve", async () => {
    const wan = harness.lab.wan();
    const edit = { regions: MOVED, generation: 2 };
    let cut: Promise<unknown> = Promise.resolve();
    const { exitCode } = await harness.interrupt("deploy", /etcd-ams3: catching up/, edit, () => {
      // So that it can't have caught up before the interrupt arrives.
      cut = Promise.all(["lon1", "nyc3", "sgp1"].map((b) => wan.link({ a: "ams3", b, down: true })));
    });
    await cut;
    expect(exitCode).not.toBe(0);
    await cluster.mustBeHealthy();
    const { stdout } = await cluster.etcdctl(["member", "list"]);
    expect(stdout).toMatch(/etcd-ams3, .*, true$|, unstarted, , https:[^,]+, , true$/m);
    await wan.heal();
  });

  it("go on with that: the new one joins, then the old one leaves, then its machine goes", async () => {
    const output = await harness.deploy({ regions: MOVED, generation: 2 });
    expect(said(output)).toContain("etcd-ams3: carrying on a join that was interrupted");
    const inOrder = positions(
      output,
      /etcd-ams3: caught up: promoted/,
      /: removing etcd-nyc3 /,
      /nyc3_droplet.*: Destroying\.\.\./,
    );
    expect(inOrder).toEqual(ascending(inOrder));
    cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    expect([await memberNames(cluster), await keys(cluster)]).toEqual([
      ["etcd-ams3", "etcd-lon1", "etcd-sgp1"],
      ["/alone", "/before-new-machines"],
    ]);
  });

  it("come back from the loss of a majority by the data of the one that is left", async () => {
    await putKey(cluster, "/before-the-loss");
    const api = harness.lab.api();
    for (const name of ["etcd-lon1", "etcd-sgp1"])
      await api.request("DELETE", `/v2/droplets/${cluster.machine(name).id}`);
    // So nobody answers clients any more: without a quorum etcd does not begin to.
    await cluster.on(cluster.machine("etcd-ams3"), "systemctl restart --no-block etcd");
    const edit = { regions: MOVED, generation: 2 };
    const from = (member: string): Knobs => ({ ...edit, origin: { fromSurvivor: { member, founding: 2 } } });
    expect(said(await harness.deployFails(from("etcd-sgp1")))).toContainEqual(
      expect.stringMatching(/^error: etcd-sgp1: this machine has no data to found the cluster anew from/),
    );
    const founding = /etcd-ams3: founding the cluster anew from this member's data/;
    const interrupted = await harness.interrupt("deploy", founding, from("etcd-ams3"));
    expect(interrupted.exitCode).not.toBe(0);
    const again = said(await harness.deploy(from("etcd-ams3")));
    const lines = [...said(interrupted.output), ...again];
    expect(lines[lines.findIndex((line) => line.includes("founding"))]).toMatch(
      /^etcd-ams3: founding the cluster anew from this member's data, which goes up to entry \d+/,
    );
    expect(lines.filter((line) => line.includes("promoted"))).toHaveLength(2);
    cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    expect([await memberNames(cluster), await keys(cluster)]).toEqual([
      ["etcd-ams3", "etcd-lon1", "etcd-sgp1"],
      ["/alone", "/before-new-machines", "/before-the-loss"],
    ]);
  });

  it("are not founded anew while they are well, whatever is typed", async () => {
    const output = await harness.deployFails({
      regions: MOVED,
      generation: 2,
      origin: { fromSurvivor: { member: "etcd-sgp1", founding: 3 } },
    });
    expect(output).toContain("there is nothing to recover: the cluster commits writes");
    await cluster.mustBeHealthy();
  });

  it("do not leave where too few of those that stay are well: refused before any member is touched", async () => {
    const down = cluster.machine("etcd-ams3");
    await cluster.on(down, "systemctl stop etcd");
    const edit = { regions: ["lon1", "ams3"], generation: 2, origin: { empty: { founding: 2 } }, quotaGiB: 1 };
    const lines = said(await harness.deployFails(edit));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd-lon1: this deploy takes etcd-sgp1 out .* etcd-ams3 can't be reached .*Nothing was changed/,
      ),
    );
    expect(lines.filter((line) => /: (restarting|removing)/.test(line))).toEqual([]);
    await cluster.on(down, "systemctl start etcd");
    await cluster.untilHealthy();
  });

  it("do not leave in the same deploy that changes an authority: refused before any member is touched", async () => {
    const lines = said(
      await harness.deployFails({
        regions: ["lon1", "ams3"],
        generation: 2,
        origin: { empty: { founding: 2 } },
        clientAuthority: { stage: "introducing", generation: 2 },
      }),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd-lon1: this deploy would change the list of members, the client authority at once/,
      ),
    );
    expect(lines.filter((line) => /: (restarting|removing)/.test(line))).toEqual([]);
    await cluster.mustBeHealthy();
  });

  it("do not leave, nor their machines go, where a member that stays is down", async () => {
    const api = harness.lab.api();
    const down = cluster.machine("etcd-ams3");
    await api.power(down, "power_off");
    const edit = { regions: ["lon1", "ams3"], generation: 2, origin: { empty: { founding: 2 } } };
    const failed = await harness.deployFails({ ...edit, bootTimeoutSeconds: 30 });
    expect(terraformErrors(failed).sort()).toEqual([
      expect.stringMatching(
        /with terraform_data\.etcd_etcd-ams3_install_.* last error: dial tcp \S+:22: i\/o timeout$/,
      ),
      expect.stringMatching(/with terraform_data\.etcd_etcd-lon1_install_.* exited with status 1$/),
    ]);
    expect(said(failed)).toContainEqual(
      expect.stringMatching(
        /^error: etcd-lon1: this deploy takes etcd-sgp1 out .* etcd-ams3 can't be reached .*Nothing was changed/,
      ),
    );
    const left = (await harness.cluster()).machines.map(({ name }) => name).sort();
    expect(left).toEqual(["etcd-ams3", "etcd-lon1", "etcd-sgp1"]);
    await cluster.mustBeHealthy(cluster.machines.filter((machine) => machine !== down));
    await api.power(down, "power_on");
    await cluster.untilHealthy([down]);
    expect(await memberNames(cluster)).toEqual(["etcd-ams3", "etcd-lon1", "etcd-sgp1"]);
  });

  it("shrink to one: all leave the cluster before their machines go", async () => {
    const output = await harness.deploy({ regions: ["lon1"], generation: 2, origin: { empty: { founding: 2 } } });
    const inOrder = positions(output, /: removing etcd-(ams3|sgp1) /, /droplet.*: Destroying\.\.\./);
    expect(inOrder).toEqual(ascending(inOrder));
    expect(said(output).filter((line) => line.includes("removing"))).toHaveLength(2);
    cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    expect([await memberNames(cluster), await keys(cluster)]).toEqual([
      ["etcd-lon1"],
      ["/alone", "/before-new-machines", "/before-the-loss"],
    ]);
  });
});

import * as path from "node:path";
import { OperatorPriority, terraformErrors } from "terraform-lab";
import type { Knobs } from "../../proofs/apps/cluster-stack";
import type { LabCluster } from "../../proofs/lab-cluster";
import { NO_CHANGES, said } from "../../proofs/harness";
import type { OperationRow } from "../../proofs/operations/operation-row";
import { NOTHING_FAILS } from "../../proofs/operations/operation";
import { CLIENT_LOCATIONS } from "../../proofs/operations/stage";
import { ensureEarlierCheckout } from "../../proofs/earlier-checkout";
import { UPGRADE_FROM } from "../../proofs/suite/upgrade-from";
import { judge } from "./judge";
import { useLoaded } from "./loaded";

jest.setTimeout(600_000);

/** With every timer that the library has. */
const KNOBS: Knobs = { clientSites: CLIENT_LOCATIONS, backup: {}, upkeep: { minimumFreeMiB: 16 } };

const loaded = useLoaded({ writesPerSecond: 6 }, async (harness) => {
  const app = path.join(await ensureEarlierCheckout(UPGRADE_FROM), "lab", "apps", "cluster.ts");
  await harness.deploy(KNOBS, { app });
  before = await harness.cluster();
  await before.etcdctl(["put", "/kept", "since before"]);
  members = await memberList(before);
});
const { harness } = loaded;
let before: LabCluster;
let members: string[];
let row: OperationRow;
let lines: string[];

/** Ids and names, as etcd has them. */
async function memberList(cluster: LabCluster): Promise<string[]> {
  const { stdout } = await cluster.etcdctl(["member", "list"]);
  return stdout.trim().split("\n").sort();
}

const ids = (cluster: LabCluster): number[] => cluster.machines.map(({ id }) => id).sort((a, b) => a - b);

// One story, in order.
describe(`a cluster that was deployed with the code of ${UPGRADE_FROM.slice(0, 7)}`, () => {
  it("is not given another login key by the very update: its machines accept the first one alone", async () => {
    const { exitCode, output } = await harness.run("diff", { ...KNOBS, loginKeyGeneration: 2 });
    expect([exitCode, terraformErrors(output)]).toEqual([
      1,
      [expect.stringContaining("These machines may not accept login key 2 yet")],
    ]);
  });

  it("is updated by today's, with clients writing on", async () => {
    await harness.lab.api().forgetRequests();
    row = await loaded.load.during("update", async () => {
      lines = said(await harness.deploy(KNOBS, { priority: OperatorPriority.IDLE }));
    });
    judge(row, [NOTHING_FAILS]);
  });

  it("has kept the firewall that is bound to the tag all along, and got the one that is bound to droplets beside it", async () => {
    const changes = (await harness.lab.api().requests("^/v2/(firewalls|tags)\\b")).filter(
      ({ method }) => method !== "GET",
    );
    expect(
      changes.map(({ method, url, body }) => [method, url, (body as { name?: string } | undefined)?.name]),
    ).toEqual([["POST", "/v2/firewalls", "etcd-machines"]]);
    expect(changes[0].body).toMatchObject({ droplet_ids: expect.arrayContaining(ids(before)) as unknown });
  });

  it("has restarted one member at a time, if any", () => {
    const order = lines.filter((line) => /^etcd-\w+: (restarting|in service)$/.test(line));
    const restarts = order.filter((line) => line.endsWith(": restarting"));
    expect(
      order.filter((line) => restarts.includes(line) || restarts.includes(line.replace("in service", "restarting"))),
    ).toEqual(restarts.flatMap((line) => [line, line.replace("restarting", "in service")]));
    expect(new Set(restarts).size).toBe(restarts.length);
  });

  it("has the machines and the members of before, and what was written then", async () => {
    const cluster = await harness.cluster();
    expect([ids(cluster), await memberList(cluster)]).toEqual([ids(before), members]);
    expect((await cluster.etcdctl(["get", "--print-value-only", "/kept"])).stdout.trim()).toBe("since before");
    for (const machine of cluster.machines) {
      // Data that is set aside lies beside the data in use.
      const { stdout } = await cluster.on(machine, "ls -d /var/lib/etcd* | grep -vxF /var/lib/etcd-backup");
      expect([machine.name, stdout.trim()]).toEqual([machine.name, "/var/lib/etcd"]);
    }
    expect(lines.filter((line) => /founding|setting aside|added as a learner|retiring|removing/.test(line))).toEqual(
      [],
    );
  });

  it("has machines that deploys get into by the pinned host key alone, with this login key and the next one", async () => {
    const cluster = await harness.cluster();
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(
        machine,
        "sshd -T -C user=root,host=x,addr=192.0.2.1,laddr=192.0.2.2,lport=22 | grep -E '^(hostkeyalgorithms|allowtcpforwarding|forcecommand) ' | sort; " +
          "sed -n 's/^ssh-ed25519 [^ ]* \\(.*\\) managed-by=cdktf-etcd$/\\1/p' /root/.ssh/authorized_keys; grep -c . /root/.ssh/authorized_keys",
      );
      expect([machine.name, stdout.trim().split("\n")]).toEqual([
        machine.name,
        [
          "allowtcpforwarding no",
          "forcecommand none",
          "hostkeyalgorithms ssh-ed25519",
          "login-key-1",
          "login-key-2",
          "2",
        ],
      ]);
    }
  });

  it("has nothing left to do at a second look", async () => {
    const { output } = await harness.run("diff", KNOBS);
    expect(output).toContain(NO_CHANGES);
  });

  it("has lost no write, and was linearizable and in quorum all along", async () => {
    await loaded.load.finish();
  });
});

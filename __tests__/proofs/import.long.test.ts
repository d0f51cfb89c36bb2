import { LabCluster } from "../../proofs/lab-cluster";
import { LabHarness, NO_CHANGES, said } from "../../proofs/harness";
import { HandMadeCluster } from "../../proofs/operations/hand-made-cluster";
import type { Knobs } from "../../proofs/apps/cluster-stack";

jest.setTimeout(600_000);

const harness = new LabHarness();
const REGIONS = ["lon1", "nyc3", "sgp1"];
let old: HandMadeCluster;
let importing: Pick<Required<Knobs>, "origin" | "peersFrom">;
let cluster: LabCluster;

/** What the old members see: names of all members, voters only. */
async function voters(): Promise<string[]> {
  const { stdout } = await cluster.on(cluster.machine("etcd-lon1"), "etcdctl member list");
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(", "));
  return rows
    .filter((row) => row[5] === "false")
    .map((row) => row[2])
    .sort();
}

/** Revisions and value in what `etcdctl get -w fields` prints. */
function identityOf(fields: string): string {
  return [...fields.matchAll(/^"(CreateRevision|ModRevision|Value)" : (.*)$/gm)].map(([, , value]) => value).join(" ");
}

/** What became of what was written before anything was imported. */
async function kept(): Promise<string> {
  return identityOf((await cluster.on(cluster.machine("etcd-lon1"), "etcdctl get /kept -w fields")).stdout);
}

const OURS = REGIONS.map((region) => `etcd-${region}`);

beforeAll(async () => {
  await harness.up();
  old = await HandMadeCluster.setUp(harness, REGIONS);
  importing = { origin: { takeOver: old.adoption }, peersFrom: old.peersFrom };
}, 900_000);
afterAll(async () => {
  await harness.down();
});

// One story, in order: each test starts from what the one before left.
describe("a cluster that was set up by hand", () => {
  let before: string;

  it("is not joined as long as its members do not trust the new ones, and says what to do", async () => {
    await old.etcdctl("put /kept first");
    await old.etcdctl("put /kept second");
    before = identityOf(await old.etcdctl("get /kept -w fields"));
    // It has authorization, with users for its operators.
    for (const user of ["root", ...old.machines.map(({ name }) => name)]) {
      await old.etcdctl(`user add --no-password ${user}`);
      await old.etcdctl(`user grant-role ${user} root`);
    }
    await old.etcdctl("auth enable");
    const lines = said(await harness.deployFails(importing));
    expect(lines).toContainEqual(
      expect.stringMatching(/^error: etcd-sgp1: not every member of the cluster to take over accepts/),
    );
    expect(lines.filter((line) => /founding|added as a learner/.test(line))).toEqual([]);
    expect(await old.healthy()).toBe(3);
  });

  // The prop takes no less than 1 GiB, so the quota is lowered by hand, where the deploy before has laid it down.
  it("is not joined by a machine whose quota its database has reached already", async () => {
    cluster = await harness.cluster();
    await old.trust(harness.output("etcd_ca_certificate") + harness.output("etcd_peer_ca_certificate"));
    const machine = cluster.machine("etcd-sgp1");
    const env = "/etc/etcd/etcd.env";
    await cluster.on(machine, `sed -i.kept 's/^\\(ETCD_QUOTA_BACKEND_BYTES\\)=.*/\\1=4096/' ${env}`);
    const lines = said(await harness.deployFails(importing));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd-sgp1: not joined: the database takes \d+ MiB, and settings\.quotaGiB is 0: .*No member was changed/,
      ),
    );
    expect(lines.filter((line) => line.includes("added as a learner"))).toEqual([]);
    expect(await old.healthy()).toBe(3);
    await cluster.on(machine, `mv ${env}.kept ${env}`);
  });

  it("is joined once they do: six members, the leader among the new ones", async () => {
    const lines = said(await harness.deploy(importing));
    expect(lines.filter((line) => line.includes("added as a learner"))).toHaveLength(3);
    expect(lines).toContainEqual(
      expect.stringMatching(/: authorization is on in this cluster, but the code says nothing/),
    );
    expect(await voters()).toEqual([...OURS, ...old.machines.map((machine) => machine.name)].sort());
    expect(await kept()).toBe(before);
  });

  it("is not forgotten while its members are still there: refused before any member is touched", async () => {
    expect(said(await harness.deployFails({ peersFrom: old.peersFrom }))).toContainEqual(
      expect.stringMatching(
        /^error: etcd-\S+: https:\S+ of the cluster that is taken over is still a member.*retire: true/,
      ),
    );
    expect(await voters()).toHaveLength(6);
  });

  it("leaves when it is told to, with all of its data in place", async () => {
    await harness.deploy({ ...importing, origin: { takeOver: { ...old.adoption, retire: true } } });
    expect(await voters()).toEqual(OURS);
    expect(await kept()).toBe(before);
  });

  it("leaves nothing behind once the prop is taken out", async () => {
    await old.remove();
    const lines = said(await harness.deploy({ authorization: true }));
    const [{ name }] = old.machines;
    expect(lines).toContainEqual(expect.stringContaining(`the user ${name} was made by hand, and stays as it is`));
    cluster = await harness.cluster();
    expect(await cluster.etcdctl(["get", "/kept"])).toMatchObject({ ok: true });
    await cluster.mustBeHealthy();
    expect(await kept()).toBe(before);
    const { stdout } = await cluster.on(cluster.machine("etcd-lon1"), "grep -c BEGIN /etc/etcd/pki/peer-ca.crt");
    expect(stdout.trim()).toBe("1");
    const { output } = await harness.run("diff", { authorization: true });
    expect(output).toContain(NO_CHANGES);
  });
});

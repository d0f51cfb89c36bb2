import { errorsIn } from "terraform-lab";
import { LabCluster } from "../../proofs/lab-cluster";
import { eventually, LabHarness, said } from "../../proofs/harness";
import { enableDowngrade } from "../../proofs/operations/downgrade";
import { serveEtcd } from "../../proofs/etcd/in-lab";

jest.setTimeout(900_000);

/** Versions as the tests' app takes them, with backups, and without etcd's gateway: each hands leadership over by gRPC alone. */
interface Release {
  readonly version: string;
  readonly sha256: string;
  readonly backup: object;
  readonly grpcGateway: boolean;
  readonly authorization: boolean;
}

const harness = new LabHarness();
let cluster: LabCluster;
let v3_5: Release;
let v3_6: Release;
let v3_7: Release;

async function onEach(command: string): Promise<string[]> {
  return Promise.all(cluster.machines.map(async (machine) => (await cluster.on(machine, command)).stdout.trim()));
}

/** Which process is etcd, on each member. */
const processes = (): Promise<string[]> => onEach("systemctl show etcd --property=MainPID --value");

/** What each member runs, and the version of the cluster. */
async function versions(): Promise<string[]> {
  const answers = await onEach(
    "curl -sS --cacert $ETCDCTL_CACERT --cert $ETCDCTL_CERT --key $ETCDCTL_KEY https://127.0.0.1:2379/version",
  );
  return answers.map((answer) => {
    const { etcdserver, etcdcluster } = JSON.parse(answer) as Record<string, string>;
    return `${etcdserver} in ${etcdcluster}`;
  });
}

/** Until every member runs this version, and the leader has raised the cluster's, which it looks at every 5 s. */
function untilAllRun(version: string): Promise<void> {
  const wanted = `${version} in ${version.replace(/\.\d+$/, ".0")}`;
  return eventually(`${version} everywhere`, async () => (await versions()).every((found) => found === wanted));
}

async function mustRollTo(release: Release): Promise<void> {
  const lines = said(await harness.deploy(release));
  expect(lines.filter((line) => line.endsWith(": restarting"))).toEqual([
    "etcd-sgp1: restarting",
    "etcd-nyc3: restarting",
    "etcd-lon1: restarting",
  ]);
  // Where it was elsewhere, London has it since that one restarted.
  expect(lines).toContainEqual(expect.stringMatching(/^etcd-lon1: handing leadership over to etcd-nyc3, /));
  expect(lines).not.toContainEqual(expect.stringContaining("no other member can lead"));
  await untilAllRun(release.version);
  await cluster.mustBeHealthy();
  await mustHaveKept();
  await mustBackUp();
  await mustPermit(release);
}

/** Takes a client in, and changes what it may do: it may do that, and nothing else. */
async function mustPermit(release: Release): Promise<void> {
  const may = async (command: string): Promise<boolean> => (await cluster.as("app", command.split(" "))).ok;
  await harness.deploy({ ...release, clients: { app: { read: ["/app/"] } } });
  expect([await may("get /app/x"), await may("put /app/x 1"), await may("get /kept")]).toEqual([true, false, false]);
  await harness.deploy({ ...release, clients: { app: { readWrite: ["/other/"] } } });
  expect([await may("get /app/x"), await may("put /other/x 1"), await may("get /kept")]).toEqual([false, true, false]);
}

/** Takes a backup, which the scripts check as they do before a restore; then restores it beside the running member. */
async function mustBackUp(): Promise<void> {
  const restored = "/var/lib/etcd-backup/restored";
  const { ok, stdout, stderr } = await cluster.on(
    cluster.machine("etcd-lon1"),
    `/usr/local/lib/cdktf-etcd/backup now && rm -rf ${restored} && etcdutl snapshot restore --data-dir ${restored} --bump-revision 1000 ` +
      "--mark-compacted $(find /var/lib/etcd-backup -name '*.db' | sort | tail -n 1)",
  );
  expect({ ok, stderr }).toMatchObject({ ok: true });
  expect(stdout).toMatch(/^etcd-lon1: took the backup etcd-\S+\.db, \d+ bytes$/m);
}

async function mustHaveKept(): Promise<void> {
  const { stdout } = await cluster.etcdctl(["get", "--print-value-only", "/kept"]);
  expect(stdout.trim()).toBe("since 3.5");
}

beforeAll(async () => {
  await harness.up();
  const serve = async (version: string): Promise<Release> => ({
    version,
    sha256: (await serveEtcd(harness.lab, version)).ETCD_TARBALL_SHA256,
    backup: {},
    grpcGateway: false,
    authorization: true,
  });
  v3_5 = await serve("3.5.33");
  v3_6 = await serve("3.6.14");
  v3_7 = await serve("3.7.3");
}, 900_000);
afterAll(async () => {
  await harness.down();
});

// One story, in order: each test starts from what the one before left.
describe("a cluster that begins with etcd 3.5", () => {
  it("is founded with it, and asks for nothing that it does not know", async () => {
    await harness.deploy(v3_5);
    cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    expect(await versions()).toEqual(Array(3).fill("3.5.33 in 3.5.0"));
    await cluster.etcdctl(["put", "/kept", "since 3.5"]);
    await mustBackUp();
    await mustPermit(v3_5);
    expect(await onEach("journalctl -u etcd -o cat | grep -c 'unrecognized environment'")).toEqual(["0", "0", "0"]);
  });

  it("does not skip a minor: refused before any member is touched", async () => {
    const before = await processes();
    const lines = said(await harness.deployFails(v3_7));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd-\S+: etcd 3\.7\.3 may not run in a cluster of version 3\.5 .*one minor version/,
      ),
    );
    expect(lines.filter((line) => /restarting|in service/.test(line))).toEqual([]);
    expect(await processes()).toEqual(before);
  });

  it("stops after the first member at a setting that the new version refuses, with etcd's own words", async () => {
    const output = await harness.deployFails({ ...v3_6, extra: { ETCD_SNAPSHOT_COUNT: "many" } });
    const lines = said(output);
    expect(lines).toContain("etcd-sgp1: restarting");
    expect(lines.filter((line) => /^etcd-(lon1|nyc3): restarting/.test(line))).toEqual([]);
    expect(errorsIn(output)).toMatch(/etcd: .*invalid value .*many.* for ETCD_SNAPSHOT_COUNT/);
    expect(lines).toContainEqual(expect.stringMatching(/^error: etcd-sgp1: etcd did not get ready .*Revert or mend/));
    await cluster.mustBeHealthy([cluster.machine("etcd-lon1"), cluster.machine("etcd-nyc3")]);
  });

  it("is repaired by taking the edit back, even if etcd starts by itself while that is laid down", async () => {
    // systemd tries again every few seconds: here, just when the settings are the old ones and the unit is still the new one.
    const singapore = cluster.machine("etcd-sgp1");
    const wrapper = "/usr/local/sbin/sysctl";
    await cluster.on(
      singapore,
      `printf '#!/bin/sh\ntimeout 30 systemctl restart etcd\nexec /usr/sbin/sysctl "$@"\n' >${wrapper}; chmod 755 ${wrapper}`,
    );
    await harness.deploy(v3_5);
    await cluster.on(singapore, `rm ${wrapper}`);
    await cluster.mustBeHealthy();
    expect(await versions()).toEqual(Array(3).fill("3.5.33 in 3.5.0"));
  });

  it("lets a member that runs the new version go back while the cluster's version has not moved", async () => {
    await harness.interrupt("deploy", /etcd-sgp1: in service/, v3_6);
    expect((await versions()).sort()).toEqual(["3.5.33 in 3.5.0", "3.5.33 in 3.5.0", "3.6.14 in 3.5.0"]);
    const lines = said(await harness.deploy(v3_5));
    expect(lines.filter((line) => line.endsWith(": restarting"))).toEqual(["etcd-sgp1: restarting"]);
    expect(await versions()).toEqual(Array(3).fill("3.5.33 in 3.5.0"));
    await mustHaveKept();
  });

  it("rolls to 3.6, one member at a time, the leader's place last", async () => {
    await mustRollTo(v3_6);
  });

  it("does not go on to 3.7, which could not read what 3.5 wrote to the log: refused before any member is touched", async () => {
    const before = await processes();
    const lines = said(await harness.deployFails(v3_7));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd-\S+: etcd 3\.7\.3 can't read this member's log yet: .*ETCD_SNAPSHOT_COUNT: "1"/,
      ),
    );
    expect(await processes()).toEqual(before);
  });

  it("does not go to 3.7 by way of new machines: refused by the first of them before it joins", async () => {
    const before = await processes();
    const lines = said(await harness.deployFails({ ...v3_7, generation: 2 }));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd-sgp1: this deploy would replace machines and change the version of etcd from 3\.6 to 3\.7 at once/,
      ),
    );
    expect(lines.filter((line) => /restarting|added as a learner|founding/.test(line))).toEqual([]);
    expect(await processes()).toEqual(before);
    await cluster.mustBeHealthy();
  });

  // On machines of the first generation again, which are made anew: those before them are on their way out already.
  it("is all healthy once that edit is taken back", async () => {
    await harness.deploy(v3_6);
    cluster = await harness.cluster();
    expect(cluster.machines).toHaveLength(3);
    await cluster.mustBeHealthy();
    await untilAllRun("3.6.14");
    await mustHaveKept();
  });

  it("rolls to 3.7 once every member has taken a snapshot", async () => {
    await harness.deploy({ ...v3_6, extra: { ETCD_SNAPSHOT_COUNT: "1" } });
    for (const value of ["1", "2", "3"]) await cluster.etcdctl(["put", "/for-a-snapshot", value]);
    await mustRollTo(v3_7);
  });

  it("does not go back a minor once the cluster's version has moved", async () => {
    const before = await processes();
    const lines = said(await harness.deployFails(v3_6));
    expect(lines).toContainEqual(
      expect.stringMatching(/^error: etcd-\S+: etcd 3\.6\.14 may not run in a cluster of version 3\.7/),
    );
    expect(await processes()).toEqual(before);
  });

  it("goes back a minor by etcd's own downgrade", async () => {
    await enableDowngrade(cluster, "3.6");
    await mustRollTo(v3_6);
  });
});

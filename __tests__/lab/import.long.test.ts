import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { LabDroplet } from "../../lab/api-client";
import { LabCluster } from "../../lab/cluster";
import { run } from "../../lab/tools/command";
import { eventually, LabHarness, said } from "../../lab/harness";

jest.setTimeout(600_000);

const harness = new LabHarness();
const REGIONS = ["lon1", "nyc3", "sgp1"];
let old: LabDroplet[];
let adopt: { clientUrls: string[]; peerUrls: string[]; clientCaPem: string; peerCaPem: string };
let peersFrom: string[];
let cluster: LabCluster;

/** By hand: as root on one of the old machines. */
async function byHand(machine: LabDroplet, command: string, stdin?: Buffer): Promise<string> {
  const result = await harness.lab
    .driver()
    .exec(machine.id, ["/bin/bash", "-c", command], { stdin, timeoutMs: 120_000 });
  if (result.status !== 0) throw new Error(`${machine.name}: ${command}: ${result.stderr}`);
  return result.stdout;
}

const ETCDCTL = "etcdctl --cacert /etc/etcd/ca.crt --cert /etc/etcd/etcd.crt --key /etc/etcd/etcd.key";
const address = (machine: LabDroplet): string => machine.publicAddress ?? "";

/** A unit as one writes it once and copies around: no user of its own, one authority for everything, timeouts by feel. */
function unit(machine: LabDroplet): string {
  const initial = old.map((each) => `${each.name}=https://${address(each)}:2380`).join(",");
  const tls = (prefix: string): string =>
    `--${prefix}cert-file /etc/etcd/etcd.crt --${prefix}key-file /etc/etcd/etcd.key --${prefix}trusted-ca-file /etc/etcd/ca.crt --${prefix}client-cert-auth`;
  return `[Service]
Type=notify
ExecStart=/usr/local/bin/etcd --name ${machine.name} --data-dir /var/lib/etcd-by-hand \\
  --listen-client-urls https://0.0.0.0:2379 --advertise-client-urls https://${address(machine)}:2379 \\
  --listen-peer-urls https://0.0.0.0:2380 --initial-advertise-peer-urls https://${address(machine)}:2380 \\
  --initial-cluster ${initial} --heartbeat-interval 100 --election-timeout 2500 \\
  ${tls("")} ${tls("peer-")}
Restart=on-failure
[Install]
WantedBy=multi-user.target
`;
}

/** An authority, and a certificate for each machine that serves for clients, servers and peers alike. */
async function certificates(): Promise<string> {
  const directory = path.join(harness.paths.root, "by-hand");
  mkdirSync(directory);
  const openssl = (...args: string[]): Promise<unknown> => run(["openssl", ...args], { cwd: directory });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl("req", "-x509", ...key, "-days", "3650", "-subj", "/CN=by hand", "-keyout", "ca.key", "-out", "ca.crt");
  for (const machine of old) {
    const name = machine.name;
    writeFileSync(
      path.join(directory, `${name}.ext`),
      `subjectAltName=IP:${address(machine)},IP:127.0.0.1,DNS:${name}\n`,
    );
    await openssl("req", ...key, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    const signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "365", "-extfile", `${name}.ext`];
    await openssl("x509", "-req", "-in", `${name}.csr`, ...signing, "-out", `${name}.crt`);
  }
  return directory;
}

async function setUpByHand(): Promise<void> {
  const api = harness.lab.api();
  const wanted = REGIONS.map((region) => ({
    name: `old-${region}`,
    region,
    size: "s-2vcpu-2gb",
    image: "debian-13-x64",
  }));
  for (const body of wanted) await api.request("POST", "/v2/droplets", body);
  const made = async (): Promise<LabDroplet[]> =>
    (await api.droplets()).filter((droplet) => droplet.name.startsWith("old-") && droplet.status === "active");
  await eventually("the old machines", async () => (await made()).length === 3, 180);
  old = (await made()).sort((a, b) => (a.name < b.name ? -1 : 1));
  const directory = await certificates();
  const read = (name: string): Buffer => readFileSync(path.join(directory, name));
  const { binDir } = harness.lab.config().etcd;
  for (const machine of old) {
    await eventually(`${machine.name} runs`, async () => (await byHand(machine, "echo ok").catch(() => "")) !== "", 60);
    await byHand(machine, "mkdir -p /etc/etcd");
    for (const program of ["etcd", "etcdctl"]) {
      const put = `cat >/usr/local/bin/${program} && chmod 755 /usr/local/bin/${program}`;
      await byHand(machine, put, readFileSync(path.join(binDir, program)));
    }
    await byHand(machine, "cat >/etc/etcd/ca.crt", read("ca.crt"));
    await byHand(machine, "cat >/etc/etcd/etcd.crt", read(`${machine.name}.crt`));
    await byHand(machine, "cat >/etc/etcd/etcd.key", read(`${machine.name}.key`));
    await byHand(machine, "cat >/etc/systemd/system/etcd.service", Buffer.from(unit(machine)));
    await byHand(machine, "systemctl daemon-reload && systemctl enable --now --no-block etcd");
  }
  await eventually("the old cluster", async () => (await oldHealth()) === 3, 60);
  const ca = read("ca.crt").toString();
  adopt = {
    clientUrls: old.map((machine) => `https://${address(machine)}:2379`),
    peerUrls: old.map((machine) => `https://${address(machine)}:2380`),
    clientCaPem: ca,
    peerCaPem: ca,
  };
  peersFrom = old.map((machine) => `${address(machine)}/32`);
}

async function oldHealth(): Promise<number> {
  const answer = await byHand(
    old[0],
    `${ETCDCTL} --endpoints ${old.map((m) => `https://${address(m)}:2379`).join(",")} endpoint health 2>&1 || true`,
  );
  return answer.match(/ is healthy/g)?.length ?? 0;
}

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

/** Revision and value of what was written before anything was imported. */
async function kept(): Promise<string> {
  const { stdout } = await cluster.on(cluster.machine("etcd-lon1"), "etcdctl get /kept -w fields");
  return [...stdout.matchAll(/^"(CreateRevision|ModRevision|Value)" : (.*)$/gm)].map(([, , value]) => value).join(" ");
}

const OURS = REGIONS.map((region) => `etcd-${region}`);

beforeAll(async () => {
  await harness.up();
  await setUpByHand();
}, 900_000);
afterAll(async () => {
  await harness.down();
});

// One story, in order: each test starts from what the one before left.
describe("a cluster that was set up by hand", () => {
  let before: string;

  it("is not joined as long as its members do not trust the new ones, and says what to do", async () => {
    await byHand(old[0], `${ETCDCTL} put /kept first && ${ETCDCTL} put /kept second`);
    const fields = await byHand(old[0], `${ETCDCTL} get /kept -w fields`);
    before = [...fields.matchAll(/^"(CreateRevision|ModRevision|Value)" : (.*)$/gm)]
      .map(([, , value]) => value)
      .join(" ");
    const lines = said(await harness.deployFails({ adopt, peersFrom }));
    expect(lines).toContainEqual(
      expect.stringMatching(/^error: etcd-sgp1: not every member of the cluster to adopt accepts/),
    );
    expect(lines.filter((line) => /founding|added as a learner/.test(line))).toEqual([]);
    expect(await oldHealth()).toBe(3);
  });

  it("is joined once they do: six members, the leader among the new ones", async () => {
    cluster = await harness.cluster();
    const outputs = path.join(harness.paths.terraformState, "terraform.test.tfstate");
    const state = JSON.parse(readFileSync(outputs, "utf8")) as { outputs: Record<string, { value: string }> };
    const ours = `${state.outputs.etcd_ca_certificate.value}${state.outputs.etcd_peer_ca_certificate.value}`;
    for (const machine of old) {
      await byHand(machine, "cat >>/etc/etcd/ca.crt && systemctl restart etcd", Buffer.from(ours));
      await eventually("the old cluster", async () => (await oldHealth()) === 3, 60);
    }
    const lines = said(await harness.deploy({ adopt, peersFrom }));
    expect(lines.filter((line) => line.includes("added as a learner"))).toHaveLength(3);
    expect(await voters()).toEqual([...OURS, ...old.map((machine) => machine.name)].sort());
    expect(await kept()).toBe(before);
  });

  it("is not forgotten while its members are still there: refused before any member is touched", async () => {
    expect(said(await harness.deployFails({ peersFrom }))).toContainEqual(
      expect.stringMatching(
        /^error: etcd-\S+: https:\S+ of the cluster that is taken over is still a member.*retire: true/,
      ),
    );
    expect(await voters()).toHaveLength(6);
  });

  it("leaves when it is told to, with all of its data in place", async () => {
    await harness.deploy({ adopt: { ...adopt, retire: true }, peersFrom });
    expect(await voters()).toEqual(OURS);
    expect(await kept()).toBe(before);
  });

  it("leaves nothing behind once the prop is taken out", async () => {
    for (const machine of old) await harness.lab.api().request("DELETE", `/v2/droplets/${machine.id}`);
    await harness.deploy();
    cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    expect(await kept()).toBe(before);
    const { stdout } = await cluster.on(cluster.machine("etcd-lon1"), "grep -c BEGIN /etc/etcd/pki/peer-ca.crt");
    expect(stdout.trim()).toBe("1");
    const { output } = await harness.run("diff");
    expect(output).toContain("No changes. Your infrastructure matches the configuration.");
  });
});

import { X509Certificate } from "node:crypto";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { type LabDroplet, run } from "terraform-lab";
import type { EtcdClientProps } from "../../lib";
import type { Knobs } from "../../proofs/apps/cluster-stack";
import { eventually, NO_CHANGES, said } from "../../proofs/harness";
import type { EtcdctlResult, LabCluster } from "../../proofs/lab-cluster";
import { NOTHING_FAILS } from "../../proofs/operations/operation";
import { CLIENT_LOCATIONS } from "../../proofs/operations/stage";
import { useCleanup } from "../cleanup";
import { judge } from "./judge";
import { useLoaded } from "./loaded";
import { onNodesOf } from "./on-nodes";
import { heldBy, openSessions } from "./sessions";

jest.setTimeout(600_000);

/** Of leases that are kept alive: what is not kept any more is gone after it. */
const TTL_SECONDS = 5;

const atEnd = useCleanup();
const loaded = useLoaded({ writesPerSecond: 9 }, async (harness) => {
  await harness.deploy(knobs);
  cluster = await harness.cluster();
});
const { harness, directory } = loaded;
let cluster: LabCluster;
const { on } = onNodesOf(() => cluster);

let knobs: Knobs = {
  clientSites: CLIENT_LOCATIONS,
  clients: { leaked: {}, second: {}, staying: {} },
  // After a roll it is back by the end of the deploy: a transfer later on would drop what etcdctl does not repeat.
  leader: { automatic: false },
};
const lists = (revoked: string[], revokedPeers: string[], more: Knobs = {}): Knobs =>
  (knobs = { ...knobs, ...more, revoked, revokedPeers });
const withClients = (clients: Record<string, EtcdClientProps>): Knobs => ({
  clients: { ...knobs.clients, ...clients },
});

/** A deploy while clients write on; none of them may notice. Returns what the machines said. */
async function deploy(name: string, given: Knobs): Promise<string[]> {
  let lines: string[] = [];
  const row = await loaded.load.during(name, async () => {
    lines = said(await harness.deploy(given));
  });
  judge(row, [NOTHING_FAILS]);
  return lines;
}

const filesOf = (client: string): string => path.join(harness.paths.access, client);
const serialIn = (pem: string): string => `0x${new X509Certificate(pem).serialNumber}`;
const serialOf = (client: string): string => serialIn(readFileSync(path.join(filesOf(client), "client.crt"), "utf8"));

/** As a client, or as whoever has its files under that name. */
const as = (client: string, args: readonly string[], machine: LabDroplet): Promise<EtcdctlResult> =>
  cluster.as(client, args, [machine]);

/** A client's files as they are now, kept by somebody who should not have them, under the name that is returned. */
function stolen(client: string): string {
  const thief = `stolen-${client}`;
  cpSync(filesOf(client), filesOf(thief), { recursive: true });
  return thief;
}

/** The serial numbers that a member refuses, as etcd reads them; fails if that is no list. */
const refusedBy = async (machine: LabDroplet, list: "clients" | "peers"): Promise<string[]> =>
  (await on(machine, `openssl crl -inform DER -in /etc/etcd/revoked/${list}.crl -noout -text`))
    .split("\n")
    .flatMap((line) => /^ *Serial Number: (\w+)$/.exec(line)?.slice(1) ?? [])
    .map((serial) => `0x${serial}`);

/** One of each kind, through one member: with the stream of an election's leaders. */
async function openAll(client: string, machine: LabDroplet) {
  const props = { client, machine, watched: "/events/", below: "/sessions/", ttlSeconds: TTL_SECONDS };
  const sessions = await openSessions(cluster, props, atEnd);
  const leaders = sessions.open("elect", "--listen", "/election");
  const at = `${client}-${machine.name}`;
  await eventually(`the sessions of ${at}`, async () => {
    await operator("put", "/events/ready", at);
    return [sessions.watch, sessions.lease, sessions.lock].every(({ heard }) => heard !== "");
  });
  return { ...sessions, leaders, at };
}
type AllSessions = Awaited<ReturnType<typeof openAll>>;

const operator = async (...args: string[]): Promise<string> => {
  const result = await cluster.etcdctl(args);
  if (!result.ok) throw new Error(`etcdctl ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
};

/** Whether what these sessions hold is there, and they hear what happens. */
async function alive(sessions: AllSessions): Promise<Record<string, boolean>> {
  const { watch, leaders, at } = sessions;
  const mark = `mark-${at}-${Date.now()}`;
  await operator("put", "/events/x", mark);
  const leading = cluster.open("operator", ["elect", "/election", mark], cluster.machines[0]);
  atEnd(() => leading.end());
  await eventually("an election", () => Promise.resolve(leading.heard !== ""));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const held = await heldBy(cluster, sessions);
  const result = {
    watch: watch.heard.includes(mark),
    leaders: leaders.heard.includes(mark),
    lease: held.includes("lease"),
    lock: held.some((key) => key.startsWith("lock")),
  };
  // So that the next one leads at once.
  await operator("del", "--prefix", "/election");
  return result;
}
const ALL = { watch: true, leaders: true, lease: true, lock: true };
const NONE = { watch: false, leaders: false, lease: false, lock: false };

// One story, in order.
describe("lists of revoked certificates", () => {
  const sessions: AllSessions[] = [];
  const staying: AllSessions[] = [];
  let copy: string;

  it("begin empty, with one restart of each member, and refuse nobody", async () => {
    const lines = await deploy("empty lists", lists([], []));
    expect(lines.filter((line) => line.endsWith(": restarting"))).toHaveLength(3);
    for (const machine of cluster.machines) {
      expect([await refusedBy(machine, "clients"), await refusedBy(machine, "peers")]).toEqual([[], []]);
      expect(await as("leaked", ["get", "/x"], machine)).toMatchObject({ ok: true });
    }
  });

  it("let clients have a watch, a lease, a lock and a stream through each member", async () => {
    copy = stolen("leaked");
    for (const machine of cluster.machines) {
      sessions.push(await openAll(copy, machine));
      staying.push(await openAll("staying", machine));
    }
    for (const one of [...sessions, ...staying]) expect([one.at, await alive(one)]).toEqual([one.at, ALL]);
  });

  it("end all that the holder of a leaked key has open, on every member, and nothing of others', without a restart", async () => {
    const serial = serialOf("leaked");
    const lines = await deploy("a client's key revoked", lists([serial], [], withClients({ leaked: { renew: 1 } })));
    expect(lines.filter((line) => line.includes("restart") && !line.includes("nothing to restart"))).toEqual([]);
    expect(lines.filter((line) => /: cut \d+ connections to port 2379$/.test(line))).toHaveLength(3);
    await new Promise((resolve) => setTimeout(resolve, (TTL_SECONDS + 3) * 1000));
    for (const one of sessions) expect([one.at, await alive(one)]).toEqual([one.at, NONE]);
    for (const one of staying) expect([one.at, await alive(one)]).toEqual([one.at, ALL]);
    for (const machine of cluster.machines) {
      expect([machine.name, await refusedBy(machine, "clients")]).toEqual([machine.name, [serial]]);
      expect(await as(copy, ["get", "/x"], machine)).toMatchObject({ ok: false });
      // Its new key.
      expect(await as("leaked", ["get", "/x"], machine)).toMatchObject({ ok: true });
    }
    expect(serialOf("leaked")).not.toBe(serial);
  });

  it("are completed by the next deploy where one was cut off between two members", async () => {
    const [first, second] = [knobs.revoked?.[0] ?? "", serialOf("second")];
    const thief = stolen("second");
    await harness.interrupt("deploy", /revoked certificates of clients that it refuses/, lists([first, second], []));
    const accepting: string[] = [];
    for (const machine of cluster.machines)
      if ((await as(thief, ["get", "/x"], machine)).ok) accepting.push(machine.name);
    expect(accepting.length).toBeGreaterThan(0);
    await deploy("a revocation completed", knobs);
    for (const machine of cluster.machines) {
      expect((await refusedBy(machine, "clients")).sort()).toEqual([first, second].sort());
      expect(await on(machine, "wc -l </var/lib/cdktf-etcd-node/revoked-clients")).toBe("2");
      expect(await as(thief, ["get", "/x"], machine)).toMatchObject({ ok: false });
    }
  });

  it("can't have a certificate that a member uses: refused before anything changes", async () => {
    const [machine] = cluster.machines;
    const own = async (file: string): Promise<string> => serialIn(await on(machine, `cat /etc/etcd/${file}`));
    const before = await Promise.all(cluster.machines.map((one) => on(one, "sha256sum /etc/etcd/revoked/*.crl")));
    const wrong = { ...knobs, revoked: [await own("admin/admin.crt")], revokedPeers: [await own("pki/peer.crt")] };
    expect(said(await harness.deployFails(wrong)).join("\n")).toMatch(
      new RegExp(
        `error: ${machine.name}: pki.revoked has a certificate that this member itself uses \\(/etc/etcd/admin/admin.crt\\)`,
      ),
    );
    expect(await Promise.all(cluster.machines.map((one) => on(one, "sha256sum /etc/etcd/revoked/*.crl")))).toEqual(
      before,
    );
    await cluster.mustBeHealthy();
  });

  it("sign a client's own request if it names that client, and nobody else's", async () => {
    const folder = path.join(directory, "own");
    mkdirSync(folder);
    const request = async (name: string, ...more: string[]): Promise<string> => {
      const args = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        `/CN=${name}`,
        ...more,
      ];
      await run([
        "openssl",
        "req",
        "-new",
        ...args,
        "-keyout",
        path.join(folder, "client.key"),
        "-out",
        path.join(folder, "csr"),
      ]);
      return readFileSync(path.join(folder, "csr"), "utf8");
    };
    const declared = async (name: string, ...more: string[]): Promise<Knobs> => ({
      ...knobs,
      ...withClients({ own: { certificateRequestPem: await request(name, ...more) } }),
    });
    const useOwnKey = (): void => {
      cpSync(path.join(folder, "client.key"), path.join(filesOf("own"), "client.key"));
    };
    const refused = (await harness.deployFails(await declared("root"))).replace(/[\s│]+/g, " ");
    expect(refused).toContain(
      "The certificate request of the client own names CN=root, and to etcd the common name is the user. It was not signed.",
    );
    const { resources } = JSON.parse(readFileSync(harness.stateFile, "utf8")) as {
      resources: { name: string; type: string; instances: unknown[] }[];
    };
    const signed = resources.filter(
      ({ name, type }) => type === "tls_locally_signed_cert" && name.includes("client-own_"),
    );
    expect(signed.map(({ name, instances }) => [name.replace(/_[^_]*$/, ""), instances.length]).sort()).toEqual([
      ["etcd_client-own_requested_certificate", 0],
      ["etcd_client-own_requested_trial", 1],
    ]);

    // With an address in it, etcd lets the client in from there alone.
    knobs = await declared("own", "-addext", "subjectAltName=IP:198.51.100.7");
    await deploy("a request with an address", knobs);
    useOwnKey();
    for (const machine of cluster.machines)
      expect(await as("own", ["get", "/x"], machine)).toMatchObject({ ok: false });

    knobs = await declared("own");
    await deploy("a client's own request", knobs);
    useOwnKey();
    for (const machine of cluster.machines) expect(await as("own", ["get", "/x"], machine)).toMatchObject({ ok: true });
    expect(readFileSync(harness.stateFile, "utf8")).not.toContain(
      readFileSync(path.join(folder, "client.key"), "utf8").split("\n")[1],
    );
  });

  it("take a certificate that is added by hand in an emergency, and what the code says with the next deploy", async () => {
    const [machine] = cluster.machines;
    const bare = serialOf("own").replace("0x", "");
    await on(machine, `echo "serial ${bare}" >>/etc/etcd/revoked/clients && /usr/local/lib/cdktf-etcd/revoke`);
    expect(await as("own", ["get", "/x"], machine)).toMatchObject({ ok: false });
    expect(await as("staying", ["get", "/x"], machine)).toMatchObject({ ok: true });
    await deploy("the same in the code", lists([...(knobs.revoked ?? []), serialOf("own")], []));
    for (const one of cluster.machines) expect(await as("own", ["get", "/x"], one)).toMatchObject({ ok: false });
  });

  it("have lost no write, and the cluster was linearizable and in quorum all along", async () => {
    await loaded.load.finish();
  });

  it("refuse a machine that was replaced as a peer, by the edit that replaces it", async () => {
    const [gone, other] = [cluster.machine("etcd-nyc3"), cluster.machine("etcd-lon1")];
    const address = gone.publicAddress ?? "";
    for (const name of ["crt", "key"]) {
      const text = await on(gone, `base64 -w0 /etc/etcd/pki/peer.${name}`);
      await on(other, `echo ${text} | base64 -d >/root/stolen.${name}`);
    }
    const serial = serialIn(await on(gone, "cat /etc/etcd/pki/peer.crt"));
    // A peer has to come from an address that its certificate names.
    const asPeer = (): Promise<EtcdctlResult> =>
      cluster.on(
        other,
        `ip address add ${address}/32 dev lo; trap 'ip address del ${address}/32 dev lo' EXIT; curl -sS -o /dev/null --http1.1 --max-time 5 ` +
          `--interface ${address} --cacert /etc/etcd/pki/peer-ca.crt --cert /root/stolen.crt --key /root/stolen.key https://${other.publicAddress ?? ""}:2380/version`,
      );
    await harness.destroy([gone.id]);
    expect(await asPeer()).toMatchObject({ ok: true });
    await harness.deploy(lists(knobs.revoked ?? [], [serial]));
    cluster = await harness.cluster();
    await cluster.mustBeHealthy();
    for (const machine of cluster.machines) {
      expect([machine.name, await refusedBy(machine, "peers")]).toEqual([machine.name, [serial]]);
      // The new machine among them.
      expect((await refusedBy(machine, "clients")).length).toBe(2);
    }
    expect(await asPeer()).toMatchObject({ ok: false });
    expect((await harness.run("diff", knobs)).output).toContain(NO_CHANGES);
  });
});

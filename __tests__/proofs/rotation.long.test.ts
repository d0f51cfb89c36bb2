import { cpSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { LabCluster } from "../../proofs/lab-cluster";
import { LabHarness, NO_CHANGES, said } from "../../proofs/harness";

jest.setTimeout(900_000);

type Stage = "of" | "introducing" | "signing";

const harness = new LabHarness();
let cluster: LabCluster;

const to = (authority: "client" | "peer", stage: Stage, generation = 2): object => ({
  // The client authority is through by then.
  ...(authority === "peer" ? { clientAuthority: { stage: "of", generation: 2 } } : {}),
  [`${authority}Authority`]: { stage, generation },
});

const restarts = (output: string): string[] => said(output).filter((line) => line.endsWith(": restarting"));
const ALL = ["etcd-sgp1: restarting", "etcd-nyc3: restarting", "etcd-lon1: restarting"];

/** What each member shows on a port: who signed it, and whom it names. */
async function shown(port: 2379 | 2380): Promise<string[]> {
  const answers = cluster.machines.map(async (machine) => {
    const { stdout } = await cluster.on(
      machine,
      `openssl s_client -connect 127.0.0.1:${port} </dev/null 2>/dev/null | openssl x509 -noout -issuer -ext subjectAltName`,
    );
    return stdout;
  });
  return Promise.all(answers);
}

const signers = async (port: 2379 | 2380): Promise<string[]> =>
  (await shown(port)).map((text) => /CN ?= ?(.*)/.exec(text)?.[1] ?? text);

/** The operator's files as they are now, as a client that does not follow at once keeps them. */
function keepFiles(name: string): Record<string, string> {
  const copy = path.join(harness.paths.root, name);
  cpSync(path.join(harness.paths.access, "operator"), copy, { recursive: true });
  return {
    ...cluster.environment(),
    ETCDCTL_CACERT: path.join(copy, "ca.crt"),
    ETCDCTL_CERT: path.join(copy, "client.crt"),
    ETCDCTL_KEY: path.join(copy, "client.key"),
    ETCDCTL_COMMAND_TIMEOUT: "3s",
  };
}

const reads = async (env?: Record<string, string>): Promise<boolean> =>
  (await cluster.etcdctl(["get", "--print-value-only", "/kept"], env)).stdout.trim() === "here";

/** What etcdctl says about why it can't read. */
const refusal = async (env: Record<string, string>): Promise<string> =>
  (await cluster.etcdctl(["get", "/kept"], env)).stderr;

/** Which process is etcd, on each member. */
async function processes(): Promise<string[]> {
  const ids = cluster.machines.map((machine) => cluster.on(machine, "systemctl show etcd --property=MainPID --value"));
  return (await Promise.all(ids)).map(({ stdout }) => stdout.trim());
}

beforeAll(async () => {
  await harness.up();
  await harness.deploy();
  cluster = await harness.cluster();
  await cluster.etcdctl(["put", "/kept", "here"]);
}, 900_000);
afterAll(async () => {
  await harness.down();
});

// One story, in order: each test starts from what the one before left.
describe("the rotation of the client authority", () => {
  let first: Record<string, string>;
  let introduced: Record<string, string>;

  beforeAll(() => {
    first = keepFiles("first");
  });

  it.each<[Stage, RegExp]>([
    ["signing", /skips a stage: the new client authority would sign certificates .* do not trust yet/],
    ["of", /skips a stage: the new client authority would sign certificates .* do not trust yet/],
  ])("refuses to begin with %s(2), before any member is touched", async (stage, message) => {
    const before = await processes();
    expect(said(await harness.deployFails(to("client", stage)))).toContainEqual(expect.stringMatching(message));
    expect(await processes()).toEqual(before);
    expect(await signers(2379)).toEqual(Array(3).fill("etcd client authority"));
    // The operator's own files are written anew before the members refuse; those that clients hold go on working.
    expect(await reads(first)).toBe(true);
  });

  it("introduces the new generation: one restart of each member, and the old one still signs", async () => {
    expect(restarts(await harness.deploy(to("client", "introducing")))).toEqual(ALL);
    introduced = keepFiles("introduced");
    expect(readFileSync(introduced.ETCDCTL_CACERT, "utf8").match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(await signers(2379)).toEqual(Array(3).fill("etcd client authority"));
    for (const env of [first, introduced, undefined]) expect(await reads(env)).toBe(true);
  });

  it("refuses to drop the old generation while it has signed what is in use", async () => {
    const before = await processes();
    expect(said(await harness.deployFails(to("client", "of")))).toContainEqual(
      expect.stringMatching(/skips a stage: the client authority that it drops has signed the certificates in use/),
    );
    expect(await processes()).toEqual(before);
  });

  it("refuses to sign with it while a member was not restarted for it", async () => {
    // As a deploy leaves it that is killed between laying down and restarting.
    const newYork = cluster.machine("etcd-nyc3");
    await cluster.on(
      newYork,
      "cp -p /run/cdktf-etcd/started.sha256 /root; echo another >/run/cdktf-etcd/started.sha256",
    );
    expect(said(await harness.deployFails(to("client", "signing")))).toContainEqual(
      expect.stringMatching(/^error: etcd-nyc3: the deploy before this one was not completed here/),
    );
    expect(await signers(2379)).toEqual(Array(3).fill("etcd client authority"));
    await cluster.on(newYork, "mv /root/started.sha256 /run/cdktf-etcd/");
  });

  it("signs with the new generation: nothing restarts, and clients of the stage before stay connected", async () => {
    expect(restarts(await harness.deploy(to("client", "signing")))).toEqual([]);
    expect(await signers(2379)).toEqual(Array(3).fill("etcd client authority 2"));
    for (const env of [introduced, undefined]) expect(await reads(env)).toBe(true);
  });

  it("forgets the old generation: clients that have not followed are refused now", async () => {
    expect(restarts(await harness.deploy(to("client", "of")))).toEqual(ALL);
    expect(await reads()).toBe(true);
    // The one trusts the old authority alone, the other trusts both and has a certificate of the old one.
    expect(await refusal(first)).toContain("x509: certificate signed by unknown authority");
    expect(await refusal(introduced)).toContain("remote error: tls: unknown certificate authority");
  });
});

describe("the rotation of the peer authority", () => {
  it.each<[Stage, string[], string]>([
    ["introducing", ALL, "etcd peer authority"],
    ["signing", [], "etcd peer authority 2"],
    ["of", ALL, "etcd peer authority 2"],
  ])("goes through %s(2) with all members connected", async (stage, expected, signer) => {
    expect(restarts(await harness.deploy(to("peer", stage)))).toEqual(expected);
    expect(await signers(2380)).toEqual(Array(3).fill(signer));
    await cluster.mustBeHealthy();
    expect(await reads()).toBe(true);
  });

  it("has nothing left to do at the end", async () => {
    const { output } = await harness.run("diff", to("peer", "of"));
    expect(output).toContain(NO_CHANGES);
  });
});

describe("further names in the server certificates", () => {
  it("are shown to the next client, without a restart", async () => {
    const knobs = { ...to("peer", "of"), serverNames: ["etcd.example.com"] };
    expect(restarts(await harness.deploy(knobs))).toEqual([]);
    for (const text of await shown(2379)) expect(text).toContain("DNS:etcd.example.com");
    expect(await reads()).toBe(true);
  });
});

describe("new machines in the same deploy as an authority of which their members never heard", () => {
  it.each(["peer", "client"])("do not join for the %s authority, and are told why", async (name) => {
    const skipped = { ...to("peer", "of"), [`${name}Authority`]: { stage: "of", generation: 3 }, generation: 2 };
    const kept = keepFiles(`before-${name}`);
    expect(said(await harness.deployFails(skipped))).toContainEqual(
      expect.stringMatching(
        /^error: etcd-sgp1: the members that this machine is to join \(https.*\) refuse its certificate: this deploy would replace machines and change an authority at once/,
      ),
    );
    // Here, too, the operator's own files were written anew before.
    expect(await reads(kept)).toBe(true);
  });

  it("join once the authority is taken back", async () => {
    await harness.deploy({ ...to("peer", "of"), generation: 2 });
    cluster = await harness.cluster();
    expect(cluster.machines).toHaveLength(3);
    await cluster.mustBeHealthy();
    expect(await reads()).toBe(true);
  });
});

describe("new machines that are to found a cluster in the place of one with data", () => {
  it("do not: an empty one would be left", async () => {
    const lines = said(
      await harness.deployFails({ ...to("peer", "of"), generation: 3, origin: { empty: { founding: 2 } } }),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd-sgp1: an EMPTY cluster would be founded, and the machines with the data .* destroyed/,
      ),
    );
    expect(await reads()).toBe(true);
  });

  it("join once they are made anew, as the error says", async () => {
    const lines = said(
      await harness.deploy({ ...to("peer", "of"), generation: 4, origin: { empty: { founding: 2 } } }),
    );
    expect(lines.filter((line) => line.endsWith(": caught up: promoted to a voting member"))).toHaveLength(3);
    cluster = await harness.cluster();
    expect(cluster.machines).toHaveLength(3);
    await cluster.mustBeHealthy();
    expect(await reads()).toBe(true);
  });
});

import { copyFileSync, cpSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import * as tls from "node:tls";
import { attempt } from "terraform-lab";
import type { Knobs } from "../../proofs/apps/cluster-stack";
import { ThrowAwayAuthority } from "../../proofs/etcd/throw-away-authority";
import { LabHarness, NO_CHANGES, said } from "../../proofs/harness";
import type { EtcdctlResult, LabCluster } from "../../proofs/lab-cluster";

jest.setTimeout(600_000);

/** Days that a certificate made here is valid. */
const DAYS = 30;
const FOR_CLIENTS = ["extendedKeyUsage=clientAuth"];

const harness = new LabHarness();
let cluster: LabCluster;
/** The company's root, what it has signed for etcd, and what it has signed for somebody else. */
let [root, etcd, mail]: ThrowAwayAuthority[] = [];

const CLIENTS: Knobs["clients"] = { app: { readWrite: ["/app/"] } };
let knobs: Knobs = { authorization: true, clients: CLIENTS };

const at = (stage: "of" | "introducing" | "signing", given: Partial<Knobs> = {}): Knobs => ({
  ...knobs,
  clientAuthority: { stage, generation: 2 },
  ownClientAuthorities: [
    { generation: 2, certificate: etcd.certificate, privateKey: etcd.key, chain: root.certificate },
  ],
  ...given,
});

const file = (client: string, name: string): string => path.join(harness.paths.access, client, name);

/** A client's files as they are now, as another client's. */
function copyOf(client: string, other: string): void {
  cpSync(path.join(harness.paths.access, client), path.join(harness.paths.access, other), { recursive: true });
}

/** Puts a certificate for a name, which an authority signs, among a client's files. */
async function certify(client: string, signer: ThrowAwayAuthority, name: string): Promise<void> {
  const { cert, key } = await signer.issue(name, DAYS, FOR_CLIENTS);
  copyFileSync(cert, file(client, "client.crt"));
  copyFileSync(key, file(client, "client.key"));
}

/** Through each member. */
const asEach = (client: string, ...args: string[]): Promise<EtcdctlResult[]> =>
  Promise.all(cluster.machines.map((machine) => cluster.as(client, args, [machine])));
const all = (result: object): unknown[] => cluster.machines.map(() => expect.objectContaining(result) as unknown);
const failing = (stderr: string): unknown[] => all({ ok: false, stderr: expect.stringContaining(stderr) as unknown });

/** What OpenSSL, which does not take an intermediate authority for the end of a chain by itself, says of each member. */
async function verified(ca: string): Promise<string[]> {
  const answers = cluster.machines.map(async ({ publicAddress = "" }) => {
    const argv = [
      "openssl",
      "s_client",
      "-connect",
      `${publicAddress}:2379`,
      "-CAfile",
      ca,
      "-verify_ip",
      publicAddress,
    ];
    const { stdout } = await attempt(argv, { timeoutMs: 20_000 });
    return /^ *Verif(?:y return code|ication): ?(.*)$/m.exec(stdout)?.[1] ?? stdout;
  });
  return Promise.all(answers);
}

/** Whether Node trusts each member by a client's files. */
const trustedByNode = (client: string): Promise<boolean[]> =>
  Promise.all(
    cluster.machines.map(
      ({ publicAddress = "" }) =>
        new Promise<boolean>((resolve) => {
          const [ca, cert, key] = ["ca.crt", "client.crt", "client.key"].map((name) =>
            readFileSync(file(client, name)),
          );
          const socket = tls.connect({ host: publicAddress, port: 2379, ca, cert, key }, () => {
            resolve(socket.authorized);
            socket.destroy();
          });
          socket.on("error", () => {
            resolve(false);
          });
        }),
    ),
  );

beforeAll(async () => {
  await harness.up();
  const directory = path.join(harness.paths.root, "company");
  root = await ThrowAwayAuthority.create(path.join(directory, "root"), "Example root", DAYS);
  [etcd, mail] = await Promise.all(
    ["etcd", "mail"].map((name) => root.issueAuthority(path.join(directory, name), name, DAYS)),
  );
  await harness.deploy(knobs);
  cluster = await harness.cluster();
}, 900_000);
afterAll(() => harness.down());

// One story, in order.
describe("an authority of one's own", () => {
  it("is refused before anything changes if its certificate is none of an authority's", async () => {
    const { cert } = await etcd.issue("leaf", DAYS, FOR_CLIENTS);
    const wrong = at("introducing", {
      ownClientAuthorities: [{ generation: 2, certificate: cert, privateKey: etcd.key, chain: root.certificate }],
    });
    expect((await harness.deployFails(wrong)).replace(/[\s│]+/g, " ")).toContain(
      "The certificatePem of the client authority's generation 2, in pki.ownClientAuthorities, has to be one certificate, of an authority (CA:TRUE)",
    );
    await cluster.mustBeHealthy();
  });

  it("is refused by members in one step: that would skip a stage", async () => {
    copyOf("app", "before");
    expect(said(await harness.deployFails(at("of"))).join("\n")).toContain("skips a stage");
    // The client's own files are written anew before members refuse; copies of them go on working.
    expect(await asEach("before", "put", "/app/x", "before")).toEqual(all({ ok: true }));
  });

  it("comes to a running cluster by the stages of a rotation, with clients connected", async () => {
    for (const stage of ["introducing", "signing", "of"] as const) {
      const restarts = said(await harness.deploy(at(stage))).filter((line) => line.endsWith(": restarting"));
      expect([stage, restarts.length]).toEqual([stage, stage === "signing" ? 0 : 3]);
      await cluster.mustBeHealthy();
      expect(await asEach("app", "put", "/app/x", stage)).toEqual(all({ ok: true }));
    }
    knobs = at("of");
  });

  it("has left nothing to change, and its key in no file of the synthesis", async () => {
    expect((await harness.run("diff", knobs)).output).toContain(NO_CHANGES);
    const secret = readFileSync(etcd.key, "utf8").split("\n")[1];
    for (const entry of readdirSync(harness.stackDirectory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const name = path.join(entry.parentPath, entry.name);
      expect([name, readFileSync(name).includes(secret)]).toEqual([name, false]);
    }
  });

  it("vouches for members: to who trusts its root alone, and to programs that use OpenSSL", async () => {
    const trusting = cluster.machines.map(() => expect.stringMatching(/^(0 \(ok\)|OK)$/) as unknown);
    expect(await verified(root.certificate)).toEqual(trusting);
    expect(await verified(file("app", "ca.crt"))).toEqual(trusting);
    expect(await trustedByNode("app")).toEqual([true, true, true]);
  });

  it("is all that members trust: neither its root nor who else that has signed for", async () => {
    copyOf("app", "other");
    for (const [name, signer] of Object.entries({ root, mail })) {
      await certify("other", signer, "root");
      expect([name, await asEach("other", "get", "/app/x")]).toEqual([name, failing("unknown certificate authority")]);
    }
  });

  it("lets in whom it has signed for, who may do what is declared for that name: nothing, where none is", async () => {
    await certify("other", etcd, "stranger");
    expect(await asEach("other", "get", "/app/x")).toEqual(failing("permission denied"));
    expect(await asEach("other", "put", "/app/x", "stranger")).toEqual(failing("permission denied"));
  });

  it("gives a client its certificate that deploys only declare", async () => {
    knobs = { ...knobs, clients: { ...CLIENTS, guest: { read: ["/app/"], ownCertificate: true } } };
    await harness.deploy(knobs);
    expect(readdirSync(path.join(harness.paths.access, "guest")).sort()).toEqual(["ca.crt", "etcd.env"]);
    await certify("guest", etcd, "guest");
    expect(await asEach("guest", "get", "--print-value-only", "/app/x")).toEqual(all({ ok: true, stdout: "of\n" }));
    expect(await asEach("guest", "put", "/app/x", "guest")).toEqual(failing("permission denied"));
    expect((await harness.run("diff", knobs)).output).toContain(NO_CHANGES);
  });
});

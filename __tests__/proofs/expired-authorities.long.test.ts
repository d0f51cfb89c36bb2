import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type LabDroplet, writeAtomically } from "terraform-lab";
import { LabCluster } from "../../proofs/lab-cluster";
import { eventually, LabHarness, NO_CHANGES, said } from "../../proofs/harness";
import { keys, putKey } from "./members";
import { onNodesOf } from "./on-nodes";

jest.setTimeout(600_000);

type AuthorityName = "client-ca" | "peer-ca";

interface Attributes {
  readonly private_key_pem?: string;
  cert_pem?: string;
  validity_start_time?: string;
  validity_end_time?: string;
}

interface State {
  readonly resources: readonly {
    readonly type: string;
    readonly name: string;
    readonly instances: readonly { readonly attributes: Attributes }[];
  }[];
}

const harness = new LabHarness();
let cluster: LabCluster;
const { on } = onNodesOf(() => cluster);

const BOTH: readonly AuthorityName[] = ["client-ca", "peer-ca"];
const IN_ORDER = ["etcd-sgp1", "etcd-nyc3", "etcd-lon1"];
/** Of authorities that run out while etcd runs with them: enough to restart three members, one after the other. */
const LIFE_SECONDS = 90;

const readState = (): State => JSON.parse(readFileSync(harness.stateFile, "utf8")) as State;

/** What the state has of an authority's key or certificate. */
function attributes(state: State, type: string, authority: AuthorityName): Attributes {
  const found = state.resources.find((one) => one.type === type && one.name.includes(`pki_${authority}_`));
  if (found === undefined) throw new Error(`no ${type} of ${authority} in the state`);
  return found.instances[0].attributes;
}

/** As OpenSSL and Terraform write a time. */
const forOpenssl = (time: Date): string => time.toISOString().replace(/[-:T]|\.\d+/g, "");
const forTerraform = (time: Date): string => time.toISOString().replace(/\.\d+/, "");

/** A shell's words for a file with that text. */
const fileWith = (text: string, file: string): string =>
  `echo ${Buffer.from(text).toString("base64")} | base64 -d >${file}`;

/** A shell's words before it gets an authority's key, which goes with it. */
const WITH_KEY = "umask 077; trap 'rm -f /root/ca.key' EXIT";

/** Has these authorities end then, in Terraform's state and on the machines: the same keys, and made anew by a deploy after that. */
async function haveEnd(authorities: readonly AuthorityName[], end: Date): Promise<void> {
  const state = readState();
  const start = new Date(end.getTime() - 86_400_000);
  for (const authority of authorities) {
    const { private_key_pem: key = "" } = attributes(state, "tls_private_key", authority);
    const pem = await on(
      cluster.machines[0],
      `${WITH_KEY}; ${fileWith(key, "/root/ca.key")} && openssl x509 -in /etc/etcd/pki/${authority}.crt -signkey /root/ca.key ` +
        `-not_before ${forOpenssl(start)} -not_after ${forOpenssl(end)}`,
    );
    for (const machine of cluster.machines) await on(machine, fileWith(`${pem}\n`, `/etc/etcd/pki/${authority}.crt`));
    const certificate = attributes(state, "tls_self_signed_cert", authority);
    certificate.cert_pem = `${pem}\n`;
    certificate.validity_start_time = forTerraform(start);
    certificate.validity_end_time = forTerraform(end);
  }
  writeAtomically(harness.stateFile, JSON.stringify(state, null, 2));
}

/** Has them run out while etcd runs with them, as they do after ten years: connections that there are stay. */
async function runOutWhileInUse(...authorities: AuthorityName[]): Promise<void> {
  const end = new Date(Math.ceil((Date.now() + LIFE_SECONDS * 1000) / 1000) * 1000);
  await haveEnd(authorities, end);
  for (const name of IN_ORDER) {
    await on(cluster.machine(name), "systemctl restart etcd");
    await cluster.untilHealthy();
  }
  const left = end.getTime() - Date.now();
  if (left < 0) throw new Error(`the members restarted ${-left} ms after the authorities had run out`);
  await sleep(left + 2000);
}

const pid = (machine: LabDroplet): Promise<string> => on(machine, "systemctl show -P MainPID etcd");
const processes = (): Promise<string[]> => Promise.all(cluster.machines.map(pid));

const ending = (lines: readonly string[], what: string): string[] =>
  lines.filter((line) => line.endsWith(`: ${what}`)).map((line) => line.slice(0, -what.length - 2));
const restarted = (lines: readonly string[]): string[] => ending(lines, "restarting");
/** Who did not wait for the others before its restart. */
const notWaiting = (lines: readonly string[]): string[] =>
  lines.flatMap(
    (line) => /^(etcd-\S+): not waiting for the other members: an authority .* has run out/.exec(line)?.[1] ?? [],
  );
/** Who was not waited for after it. */
const apart = (lines: readonly string[]): string[] =>
  ending(lines, "runs with the new authority, and is in service once a quorum does");

const written: string[] = [];
async function write(key: string): Promise<void> {
  await putKey(cluster, key);
  written.push(key);
}

/** The authorities' certificates that a machine has. */
const onMachine = async (authority: AuthorityName): Promise<X509Certificate> =>
  new X509Certificate(await on(cluster.machines[0], `cat /etc/etcd/pki/${authority}.crt`));

/** After the deploy that renewed them: everything that was written is there, and there is nothing left to do. */
async function expectAllWell(): Promise<void> {
  await cluster.mustBeHealthy();
  expect(await keys(cluster)).toEqual([...written].sort());
  for (const authority of BOTH) {
    expect(Date.parse((await onMachine(authority)).validTo)).toBeGreaterThan(Date.now() + 3000 * 86_400_000);
  }
  const { output } = await harness.run("diff");
  expect(output).toContain(NO_CHANGES);
  expect(output).not.toContain("Check block assertion");
}

beforeAll(async () => {
  await harness.up();
  await harness.deploy();
  cluster = await harness.cluster();
  await write("/at-the-beginning");
}, 900_000);
afterAll(async () => {
  await harness.down();
});

// One story, in order: each test starts from what the one before left.
describe("a deploy after the clients' authority alone has run out", () => {
  it("is what is needed, as nobody can connect any more", async () => {
    await runOutWhileInUse("client-ca");
    const { ok, stderr } = await cluster.etcdctl(["get", "/"], {
      ...cluster.environment(),
      ETCDCTL_COMMAND_TIMEOUT: "3s",
    });
    expect([ok, stderr]).toEqual([false, expect.stringContaining("tls: expired certificate")]);
    const { output } = await harness.run("diff");
    expect(output).toMatch(/tls_self_signed_cert\.etcd_pki_client-ca_\S+ must be replaced/);
  });

  it("renews it with its key, and each member restarts once; only the last can wait for the others", async () => {
    const before = await onMachine("client-ca");
    const lines = said(await harness.deploy());
    expect(restarted(lines)).toEqual(IN_ORDER);
    expect(notWaiting(lines)).toEqual(["etcd-sgp1", "etcd-nyc3"]);
    expect(apart(lines)).toEqual([]);
    const after = await onMachine("client-ca");
    expect(after.raw.equals(before.raw)).toBe(false);
    expect(after.verify(before.publicKey)).toBe(true);
    await expectAllWell();
  });
});

describe("a deploy after the peers' authority alone has run out", () => {
  it("restarts the first while the others commit, and the second for a quorum with it", async () => {
    await write("/before-the-peers-end");
    await runOutWhileInUse("peer-ca");
    // Connections that there are hold it together.
    await cluster.mustBeHealthy();
    await write("/after-the-peers-end");
    const lines = said(await harness.deploy());
    expect(restarted(lines)).toEqual(IN_ORDER);
    expect(notWaiting(lines)).toEqual(["etcd-nyc3"]);
    expect(apart(lines)).toEqual(["etcd-sgp1"]);
    expect(ending(lines, "in service")).toEqual(["etcd-nyc3", "etcd-lon1"]);
    await expectAllWell();
  });
});

describe("a deploy after both authorities have run out", () => {
  it("that is cut off between laying down and the restart leaves etcd as it is", async () => {
    await write("/before-both-ends");
    await runOutWhileInUse(...BOTH);
    expect(await cluster.healthy()).toBe(false);
    const before = await processes();
    const first = cluster.machine("etcd-sgp1");
    // Where scripts look first. It is asked before anything else of the restart.
    const cut = `#!/bin/sh\n[ "$*" != "is-active --quiet etcd" ] || { kill -TERM $PPID; exit 1; }\nexec /usr/bin/systemctl "$@"\n`;
    await on(first, `${fileWith(cut, "/usr/local/sbin/systemctl")}; chmod 755 /usr/local/sbin/systemctl`);
    expect(restarted(said(await harness.deployFails()))).toEqual([]);
    await on(first, "rm /usr/local/sbin/systemctl");
    expect(await processes()).toEqual(before);
    const { ok } = await cluster.on(first, "cmp -s /run/cdktf-etcd/started.sha256 /etc/etcd/restart.sha256");
    expect([ok, await cluster.healthy()]).toEqual([false, false]);
  });

  it("is completed by the next one, which finds valid files and asks etcd itself", async () => {
    const lines = said(await harness.deploy());
    expect(restarted(lines)).toEqual(IN_ORDER);
    expect(notWaiting(lines)).toEqual(["etcd-sgp1", "etcd-nyc3"]);
    expect(apart(lines)).toEqual(["etcd-sgp1"]);
    await expectAllWell();
  });

  it("and every etcd was started again since, stops at a member whose etcd does not come up", async () => {
    await write("/before-all-were-restarted");
    await haveEnd(BOTH, new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000));
    const before = await processes();
    for (const machine of cluster.machines) await on(machine, "systemctl restart --no-block etcd");
    await eventually("the start of every etcd", async () =>
      (await processes()).every((id, index) => id !== "0" && id !== before[index]),
    );
    expect(await cluster.healthy()).toBe(false);
    const second = cluster.machine("etcd-nyc3");
    const last = await pid(cluster.machine("etcd-lon1"));
    const broken = "/etc/systemd/system/etcd.service.d/broken.conf";
    await on(
      second,
      `mkdir -p ${broken.replace(/\/[^/]*$/, "")}; ${fileWith("[Service]\nExecStartPre=/bin/false\n", broken)}; systemctl daemon-reload`,
    );
    const lines = said(await harness.deployFails());
    expect(restarted(lines)).toEqual(["etcd-sgp1", "etcd-nyc3"]);
    expect(apart(lines)).toEqual(["etcd-sgp1"]);
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd-nyc3: does not answer healthy \d+ s after its restart; the rollout stops here/,
      ),
    );
    expect(await pid(cluster.machine("etcd-lon1"))).toBe(last);
    // So that it does not come up by itself.
    await on(second, `systemctl stop etcd; rm ${broken}; systemctl daemon-reload`);
  });

  it("goes on from there once that is mended", async () => {
    const lines = said(await harness.deploy());
    expect(restarted(lines)).toEqual(["etcd-nyc3", "etcd-lon1"]);
    expect(apart(lines)).toEqual([]);
    await expectAllWell();
  });
});

describe("a deploy after the certificates of all members have run out", () => {
  it("puts new ones in use at once, and restarts nobody", async () => {
    await write("/before-the-leaves-end");
    const before = await processes();
    const state = readState();
    const end = new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000);
    const leaves: readonly (readonly [AuthorityName, string])[] = [
      ["client-ca", "pki/server"],
      ["peer-ca", "pki/peer"],
      ["client-ca", "admin/admin"],
    ];
    for (const machine of cluster.machines) {
      for (const [authority, leaf] of leaves) {
        const { private_key_pem: key = "" } = attributes(state, "tls_private_key", authority);
        await on(
          machine,
          `${WITH_KEY}; cd /etc/etcd; ${fileWith(key, "/root/ca.key")} && ` +
            `openssl x509 -in ${leaf}.crt -CA pki/${authority}.crt -CAkey /root/ca.key -set_serial ${Date.now()} ` +
            `-not_before ${forOpenssl(new Date(end.getTime() - 86_400_000))} -not_after ${forOpenssl(end)} >/root/old.crt && ` +
            `cat /root/old.crt >${leaf}.crt`,
        );
      }
    }
    for (const { type, instances } of state.resources) {
      if (type === "tls_locally_signed_cert") instances[0].attributes.validity_end_time = forTerraform(end);
    }
    writeAtomically(harness.stateFile, JSON.stringify(state, null, 2));
    const lines = said(await harness.deploy());
    expect(ending(lines, "its certificates had expired: the new ones are in use from now on").sort()).toEqual(
      [...IN_ORDER].sort(),
    );
    expect(restarted(lines)).toEqual([]);
    expect(await processes()).toEqual(before);
    await expectAllWell();
  });
});

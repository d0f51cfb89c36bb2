import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type LabDroplet, signalTree, terraformErrors } from "terraform-lab";
import { NO_CHANGES, said } from "../../proofs/harness";
import { useDeployed } from "./deployed";
import { onNodesOf } from "./on-nodes";
import { ALL, CONFIGURED, KEYS, SETTINGS, SSHD_CONF, SSHD_CONF_BEFORE, waysInto } from "./ways-in";

jest.setTimeout(300_000);

const deployed = useDeployed();
const { harness } = deployed;
const into = waysInto(deployed);
const { on } = onNodesOf(() => deployed.cluster);
const machine = (name: string): LabDroplet => deployed.cluster.machine(name);

// One story, in order: each test starts from what the one before left.
describe("the way into the machines, with other keys", () => {
  it("is found back into by who was locked out before that, as docs/operations.md says", async () => {
    await on(
      machine("etcd-sgp1"),
      `echo '${SSHD_CONF_BEFORE}' >${SSHD_CONF} && ssh-keygen -q -A && systemctl restart ssh`,
    );
    expect((await into.offered(machine("etcd-sgp1"))).length).toBe(3);
    const failed = await harness.deployFails({ serverNames: ["c.example.com"], bootTimeoutSeconds: 30 });
    expect(terraformErrors(failed)).toEqual([expect.stringMatching(/etcd-sgp1_install_.*knownhosts: key mismatch$/)]);
    const { host } = into.accessTo("etcd-sgp1");
    const back = "rm -f /etc/ssh/ssh_host_rsa_key* /etc/ssh/ssh_host_ecdsa_key* && systemctl restart ssh";
    const { status, stderr } = await into.ssh(
      "etcd-sgp1",
      into.loginKey(1),
      "-oHostKeyAlgorithms=ssh-ed25519",
      `root@${host}`,
      back,
    );
    expect([status, stderr]).toEqual([0, ""]);
    const lines = said(await harness.deploy({ serverNames: ["c.example.com"], bootTimeoutSeconds: 30 }));
    expect(lines).toContain(`etcd-sgp1: ${CONFIGURED}`);
    expect(await into.settings("etcd-sgp1")).toBe(SETTINGS);
  });

  it("is open to operators that the code names, and not any more once it does not; who was let in by hand stays", async () => {
    const [jo, joPublic] = await into.keyOf("jo");
    const [guest, guestPublic] = await into.keyOf("guest");
    await on(machine("etcd-lon1"), `echo '${guestPublic}' >>${KEYS}`);
    await harness.deploy({ authorizedKeys: [joPublic] });
    expect([await into.acceptedOn(jo), await into.acceptedOn(guest)]).toEqual([ALL, ["etcd-lon1"]]);
    expect(await into.managed("etcd-lon1")).toBe("login-key-1 login-key-2 jo@laptop");
    await harness.deploy();
    expect([await into.acceptedOn(jo), await into.acceptedOn(guest)]).toEqual([[], ["etcd-lon1"]]);
  });

  it("does not change to a key that machines do not accept yet: the plan refuses", async () => {
    const [error, ...more] = terraformErrors(await harness.deployFails({ loginKeyGeneration: 3 }));
    expect([error, more]).toEqual([expect.stringContaining("These machines may not accept login key 3 yet"), []]);
    for (const name of ALL) expect(error).toContain(`${name}, id ${machine(name).id}`);
  });

  it("is open to the next key on every machine while a deploy that changes to it is killed in the middle", async () => {
    const [first, second] = [into.loginKey(1), into.loginKey(2)];
    const wan = harness.lab.wan();
    await wan.link({ a: "operator", b: "sgp1", down: true });
    let terraform = 0;
    let installed = 0;
    let killed = false;
    await harness.run(
      "deploy",
      { loginKeyGeneration: 2 },
      {
        onSpawn: (pid) => {
          terraform = pid;
        },
        onLine: (line) => {
          if (!/_install_\w+: Creation complete/.test(line) || (installed += 1) < 2) return;
          // Terraform writes its state at such a line: killed in the middle of that, it would leave an empty one.
          void sleep(1000).then(() => {
            signalTree(terraform, "SIGKILL");
            killed = true;
          });
        },
      },
    );
    await wan.heal();
    expect(killed).toBe(true);
    expect([await into.managed("etcd-lon1"), await into.managed("etcd-nyc3"), await into.managed("etcd-sgp1")]).toEqual(
      ["login-key-2 login-key-3", "login-key-2 login-key-3", "login-key-1 login-key-2"],
    );
    expect([await into.acceptedOn(first), await into.acceptedOn(second)]).toEqual([["etcd-sgp1"], ALL]);
  });

  it("does not change back from there: the plan refuses", async () => {
    const errors = terraformErrors(await harness.deployFails());
    expect(errors).toEqual([expect.stringContaining("A deploy has logged in with login key 2")]);
  });

  it("has changed once the deploy is repeated: the old key gets in nowhere, the new and the next one everywhere", async () => {
    const old = path.join(into.scratch, "login-1");
    await harness.deploy({ loginKeyGeneration: 2 });
    expect([
      await into.acceptedOn(old),
      await into.acceptedOn(into.loginKey(2)),
      await into.acceptedOn(into.loginKey(3)),
    ]).toEqual([[], ALL, ALL]);
    expect(() => into.loginKey(1)).toThrow("login key 1 is not in the state");
    const { output } = await harness.run("diff", { loginKeyGeneration: 2 });
    expect(output).toContain(NO_CHANGES);
    await deployed.cluster.mustBeHealthy();
  });

  it("leads with the new key into machines that are made after it", async () => {
    await harness.destroy([machine("etcd-nyc3").id]);
    await harness.deploy({ loginKeyGeneration: 2 });
    await deployed.look();
    expect([await into.managed("etcd-nyc3"), await into.lineCount("etcd-nyc3")]).toEqual([
      "login-key-2 login-key-3",
      2,
    ]);
    expect(await into.settings("etcd-nyc3")).toBe(SETTINGS);
    expect(await into.acceptedOn(into.loginKey(2))).toEqual(ALL);
    await deployed.cluster.mustBeHealthy();
  });
});

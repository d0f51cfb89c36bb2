import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabDroplet } from "../../lab/api-client";
import type { LabCluster } from "../../lab/cluster";
import { terraformErrors } from "../../lab/deploy";
import { LabHarness, said } from "../../lab/harness";
import { signalTree } from "../../lab/operations/process-tree";
import { attempt, run, type CommandResult } from "../../lab/tools/command";
import { wanClient } from "../../lab/wan-client";
import { onNodesOf } from "./on-nodes";

jest.setTimeout(300_000);

const SSHD_CONF = "/etc/ssh/sshd_config.d/00-cdktf-etcd.conf";
const KEYS = "/root/.ssh/authorized_keys";
const CONFIGURE = "/usr/local/lib/cdktf-etcd/configure-sshd";
const CONFIGURED = "sshd offers the pinned host key alone, and no forwarding";

/** As machines have it that were made before sshd was told more. */
const SSHD_CONF_BEFORE = `PasswordAuthentication no
ClientAliveInterval 10
ClientAliveCountMax 3
Match User root
  ForceCommand none
`;

/** How to log in to a machine, as the output says. */
interface MachineAccess {
  readonly host: string;
  readonly host_key: string;
}

const harness = new LabHarness();
const scratch = path.join(harness.paths.root, "login");
let cluster: LabCluster;
const { on } = onNodesOf(() => cluster);
const machine = (name: string): LabDroplet => cluster.machine(name);

/** The name of a file in the scratch directory, that its owner alone reads. */
function privateFile(name: string, content: string): string {
  const file = path.join(scratch, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

/** The file of a login key that is in the state. */
function loginKey(generation: number): string {
  const { resources } = JSON.parse(readFileSync(harness.stateFile, "utf8")) as {
    resources: { type: string; name: string; instances: { attributes: { private_key_openssh: string } }[] }[];
  };
  const name = new RegExp(`^hosts_login-key${generation === 1 ? "" : `-${generation}`}_[0-9A-F]{8}$`);
  const found = resources.find((resource) => resource.type === "tls_private_key" && name.test(resource.name));
  if (found === undefined) throw new Error(`login key ${generation} is not in the state`);
  return privateFile(`login-${generation}`, found.instances[0].attributes.private_key_openssh);
}

/** A key pair that somebody has made; returns the file of the private one, and the line of the public one. */
async function keyOf(person: string): Promise<readonly [string, string]> {
  const file = path.join(scratch, person);
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `${person}@laptop`, "-f", file]);
  chmodSync(file, 0o600);
  return [file, readFileSync(`${file}.pub`, "utf8").trim()];
}

/** The operator's ssh to root of a machine, pinned to its host key. */
function ssh(name: string, key: string, ...more: readonly string[]): Promise<CommandResult> {
  const { host, host_key } = (harness.output("etcd_ssh") as unknown as Record<string, MachineAccess>)[name];
  const options = {
    BatchMode: "yes",
    ConnectTimeout: "10",
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    LogLevel: "INFO",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: privateFile(`${name}.known_hosts`, `${host} ${host_key}\n`),
  };
  const listed = Object.entries(options).flatMap(([option, value]) => ["-o", `${option}=${value}`]);
  const args = more.some((arg) => !arg.startsWith("-")) ? more : [...more, `root@${host}`, "echo in"];
  return attempt(["ssh", "-F", "none", "-i", key, ...listed, ...args]);
}

/** On which machines a key is accepted. */
async function acceptedOn(key: string): Promise<string[]> {
  const names = cluster.machines.map(({ name }) => name).sort();
  const answers = await Promise.all(
    names.map(async (name) => {
      const { status, stdout, stderr } = await ssh(name, key);
      if (status === 0 && stdout.trim() === "in") return [name];
      expect([name, stderr]).toEqual([name, expect.stringContaining("Permission denied (publickey)")]);
      return [];
    }),
  );
  return answers.flat();
}

/** The comments of the keys that deploys look after, in order. */
const managed = (name: string): Promise<string> =>
  on(machine(name), `sed -n 's/^ssh-ed25519 [^ ]* \\(.*\\) managed-by=cdktf-etcd$/\\1/p' ${KEYS} | xargs`);

const lineCount = async (name: string): Promise<number> => Number(await on(machine(name), `grep -c . ${KEYS}`));

/** What sshd of a machine goes by for root, one setting a line, as far as we have a say. */
const settings = (name: string): Promise<string> =>
  on(
    machine(name),
    "sshd -T -C user=root,host=x,addr=192.0.2.1,laddr=192.0.2.2,lport=22 | " +
      "grep -E '^(hostkeyalgorithms|permitrootlogin|passwordauth|kbdinteractive|allow[a-z]*forwarding|x11forwarding|gatewayports|permittunnel|forcecommand)' | sort",
  );

/** The types of host keys that a machine has for whoever asks. */
async function offered({ publicAddress = "" }: LabDroplet): Promise<string[]> {
  const { stdout } = await attempt(["ssh-keyscan", "-T", "10", "-t", "rsa,ecdsa,ed25519", publicAddress]);
  return [...stdout.matchAll(/^\S+ (\S+) /gm)].map(([, type]) => type);
}

const SETTINGS = [
  "allowagentforwarding no",
  "allowstreamlocalforwarding no",
  "allowtcpforwarding no",
  "forcecommand none",
  "gatewayports no",
  "hostkeyalgorithms ssh-ed25519",
  "kbdinteractiveauthentication no",
  "passwordauthentication no",
  // As sshd calls prohibit-password.
  "permitrootlogin without-password",
  "permittunnel no",
  "x11forwarding no",
].join("\n");

const ALL = ["etcd-lon1", "etcd-nyc3", "etcd-sgp1"];

beforeAll(async () => {
  await harness.up();
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  await harness.deploy();
  cluster = await harness.cluster();
});
afterAll(async () => {
  await harness.down();
});

// One story, in order: each test starts from what the one before left.
describe("the way into the machines", () => {
  it("is as it should be from their first boot on: sshd is told nothing anew by the first deploy", async () => {
    for (const name of ALL) {
      expect([name, await settings(name)]).toEqual([name, SETTINGS]);
      expect([name, await on(machine(name), "journalctl -u ssh -o cat | grep -c 'Received SIGHUP' || true")]).toEqual([
        name,
        "0",
      ]);
      // Those that DigitalOcean and cloud-init put there are these.
      expect([name, await managed(name), await lineCount(name)]).toEqual([name, "login-key-1 login-key-2", 2]);
    }
    expect([await acceptedOn(loginKey(1)), await acceptedOn(loginKey(2))]).toEqual([ALL, ALL]);
  });

  it("leads to the machine alone: nothing is forwarded", async () => {
    const { host } = (harness.output("etcd_ssh") as unknown as Record<string, MachineAccess>)["etcd-lon1"];
    // The port of etcd's metrics, which is not to be had from outside.
    const { status, stderr } = await ssh("etcd-lon1", loginKey(1), "-W", "127.0.0.1:2381", `root@${host}`);
    expect([status, stderr]).toEqual([255, expect.stringContaining("administratively prohibited")]);
  });

  it("stays open when an upgrade of openssh-server makes the host keys that are missing", async () => {
    for (const name of ALL) {
      await on(machine(name), "ssh-keygen -q -A && systemctl restart ssh && test -s /etc/ssh/ssh_host_rsa_key");
      expect([name, await offered(machine(name))]).toEqual([name, ["ssh-ed25519"]]);
    }
    await harness.deploy({ serverNames: ["a.example.com"], bootTimeoutSeconds: 30 });
  });

  it("is set right on a machine of a version before, over that very session; others are left as they are", async () => {
    const [, mine] = await keyOf("mine");
    const restricted = `from="192.0.2.0/24" ${mine}`;
    await on(
      machine("etcd-sgp1"),
      `rm /etc/ssh/ssh_host_rsa_key* /etc/ssh/ssh_host_ecdsa_key* && sed -n 's/ login-key-1 .*//p' ${KEYS} >/root/first && ` +
        `echo '${restricted}' >>/root/first && cat /root/first >${KEYS} && echo '${SSHD_CONF_BEFORE}' >${SSHD_CONF} && systemctl reload ssh`,
    );
    expect(await settings("etcd-sgp1")).toContain("allowtcpforwarding yes");
    const lines = said(await harness.deploy({ serverNames: ["b.example.com"], bootTimeoutSeconds: 30 }));
    expect(lines.filter((line) => line.endsWith(CONFIGURED))).toEqual([`etcd-sgp1: ${CONFIGURED}`]);
    expect(lines.filter((line) => line.includes(" keys of the deploy's"))).toEqual([
      "etcd-sgp1: root accepts 2 keys of the deploy's",
    ]);
    expect([await settings("etcd-sgp1"), await managed("etcd-sgp1")]).toEqual([SETTINGS, "login-key-1 login-key-2"]);
    expect(await on(machine("etcd-sgp1"), `grep -v managed-by ${KEYS}`)).toBe(restricted);
    await on(machine("etcd-sgp1"), "ssh-keygen -q -A && systemctl restart ssh");
    expect(await offered(machine("etcd-sgp1"))).toEqual(["ssh-ed25519"]);
  });

  it("is found back into by who was locked out before that, as docs/operations.md says", async () => {
    await on(machine("etcd-sgp1"), `echo '${SSHD_CONF_BEFORE}' >${SSHD_CONF} && systemctl restart ssh`);
    expect((await offered(machine("etcd-sgp1"))).length).toBe(3);
    const failed = await harness.deployFails({ serverNames: ["c.example.com"], bootTimeoutSeconds: 30 });
    expect(terraformErrors(failed)).toEqual([expect.stringMatching(/etcd-sgp1_install_.*knownhosts: key mismatch$/)]);
    const { host } = (harness.output("etcd_ssh") as unknown as Record<string, MachineAccess>)["etcd-sgp1"];
    const back = "rm -f /etc/ssh/ssh_host_rsa_key* /etc/ssh/ssh_host_ecdsa_key* && systemctl restart ssh";
    const { status, stderr } = await ssh(
      "etcd-sgp1",
      loginKey(1),
      "-oHostKeyAlgorithms=ssh-ed25519",
      `root@${host}`,
      back,
    );
    expect([status, stderr]).toEqual([0, ""]);
    const lines = said(await harness.deploy({ serverNames: ["c.example.com"], bootTimeoutSeconds: 30 }));
    expect(lines).toContain(`etcd-sgp1: ${CONFIGURED}`);
    expect(await settings("etcd-sgp1")).toBe(SETTINGS);
  });

  it("is not touched where sshd would not start again with what it finds: the deploy says so", async () => {
    const broken = "/etc/ssh/sshd_config.d/99-mine.conf";
    await on(machine("etcd-nyc3"), `echo Nonsense yes >${broken} && echo '# mine' >>${SSHD_CONF}`);
    const before = await on(machine("etcd-nyc3"), `cat ${SSHD_CONF}`);
    const lines = said(await harness.deployFails({ serverNames: ["d.example.com"] }));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error: etcd-nyc3: sshd refuses its own settings, .*99-mine\.conf.*sshd was left as it is$/,
      ),
    );
    expect(await on(machine("etcd-nyc3"), `cat ${SSHD_CONF}; ls /etc/ssh/sshd_config.d | grep cdktf-etcd`)).toBe(
      `${before}\n00-cdktf-etcd.conf`,
    );
    await on(machine("etcd-nyc3"), `rm ${broken}`);
    expect(said(await harness.deploy({ serverNames: ["d.example.com"] }))).toContain(`etcd-nyc3: ${CONFIGURED}`);
  });

  it("goes by the host key that is pinned, of whatever type; a machine without it is left alone", async () => {
    const name = "etcd-nyc3";
    const staged = "/root/staged/etc/etcd";
    await on(machine(name), `mkdir -p ${staged} && cp -r /etc/etcd/ssh /etc/etcd/declared.env ${staged}`);
    await on(machine(name), `sed -i "s#^PINNED_HOST_KEY=.*#PINNED_HOST_KEY='ssh-rsa AAAA'#" ${staged}/ssh/access.env`);
    await on(machine(name), `sed -i 's/^HostKeyAlgorithms .*/HostKeyAlgorithms rsa-sha2-512/' ${staged}/ssh/sshd.conf`);
    expect(await on(machine(name), `${CONFIGURE} /root/staged`)).toBe(
      "etcd-nyc3: sshd is left as it is: none of its host keys is the one that the deploy pins",
    );
    expect(await settings(name)).toBe(SETTINGS);
    await on(
      machine(name),
      `sed -i "s#^PINNED_HOST_KEY=.*#PINNED_HOST_KEY='$(cut -d' ' -f1,2 /etc/ssh/ssh_host_rsa_key.pub)'#" ${staged}/ssh/access.env`,
    );
    expect(await on(machine(name), `${CONFIGURE} /root/staged`)).toBe(`etcd-nyc3: ${CONFIGURED}`);
    expect(await offered(machine(name))).toEqual(["ssh-rsa"]);
    // What was laid down last.
    expect(await on(machine(name), CONFIGURE)).toBe(`etcd-nyc3: ${CONFIGURED}`);
    expect(await offered(machine(name))).toEqual(["ssh-ed25519"]);
  });

  it("is open to operators that the code names, and not any more once it does not; who was let in by hand stays", async () => {
    const [jo, joPublic] = await keyOf("jo");
    const [guest, guestPublic] = await keyOf("guest");
    await on(machine("etcd-lon1"), `echo '${guestPublic}' >>${KEYS}`);
    await harness.deploy({ authorizedKeys: [joPublic] });
    expect([await acceptedOn(jo), await acceptedOn(guest)]).toEqual([ALL, ["etcd-lon1"]]);
    expect(await managed("etcd-lon1")).toBe("login-key-1 login-key-2 jo@laptop");
    await harness.deploy();
    expect([await acceptedOn(jo), await acceptedOn(guest)]).toEqual([[], ["etcd-lon1"]]);
  });

  it("does not change to a key that machines do not accept yet: the plan refuses", async () => {
    const [error, ...more] = terraformErrors(await harness.deployFails({ loginKeyGeneration: 3 }));
    expect([error, more]).toEqual([expect.stringContaining("These machines may not accept login key 3 yet"), []]);
    for (const name of ALL) expect(error).toContain(`${name}, id ${machine(name).id}`);
  });

  it("is open to the next key on every machine while a deploy that changes to it is killed in the middle", async () => {
    const [first, second] = [loginKey(1), loginKey(2)];
    const wan = wanClient(harness.paths);
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
    expect([await managed("etcd-lon1"), await managed("etcd-nyc3"), await managed("etcd-sgp1")]).toEqual([
      "login-key-2 login-key-3",
      "login-key-2 login-key-3",
      "login-key-1 login-key-2",
    ]);
    expect([await acceptedOn(first), await acceptedOn(second)]).toEqual([["etcd-sgp1"], ALL]);
  });

  it("does not change back from there: the plan refuses", async () => {
    const errors = terraformErrors(await harness.deployFails());
    expect(errors).toEqual([expect.stringContaining("A deploy has logged in with login key 2")]);
  });

  it("has changed once the deploy is repeated: the old key gets in nowhere, the new and the next one everywhere", async () => {
    const old = path.join(scratch, "login-1");
    await harness.deploy({ loginKeyGeneration: 2 });
    expect([await acceptedOn(old), await acceptedOn(loginKey(2)), await acceptedOn(loginKey(3))]).toEqual([
      [],
      ALL,
      ALL,
    ]);
    expect(() => loginKey(1)).toThrow("login key 1 is not in the state");
    const { output } = await harness.run("diff", { loginKeyGeneration: 2 });
    expect(output).toContain("No changes. Your infrastructure matches the configuration.");
    await cluster.mustBeHealthy();
  });

  it("leads with the new key into machines that are made after it", async () => {
    await harness.destroy([machine("etcd-nyc3").id]);
    await harness.deploy({ loginKeyGeneration: 2 });
    cluster = await harness.cluster();
    expect([await managed("etcd-nyc3"), await lineCount("etcd-nyc3")]).toEqual(["login-key-2 login-key-3", 2]);
    expect(await settings("etcd-nyc3")).toBe(SETTINGS);
    expect(await acceptedOn(loginKey(2))).toEqual(ALL);
    await cluster.mustBeHealthy();
  });
});

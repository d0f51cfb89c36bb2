import type { LabDroplet } from "terraform-lab";
import { said } from "../../proofs/harness";
import { useDeployed } from "./deployed";
import { onNodesOf } from "./on-nodes";
import { ALL, CONFIGURED, KEYS, SETTINGS, SSHD_CONF, SSHD_CONF_BEFORE, waysInto } from "./ways-in";

jest.setTimeout(300_000);

const CONFIGURE = "/usr/local/lib/cdktf-etcd/configure-sshd";

const deployed = useDeployed();
const { harness } = deployed;
const into = waysInto(deployed);
const { on } = onNodesOf(() => deployed.cluster);
const machine = (name: string): LabDroplet => deployed.cluster.machine(name);

// One story, in order: each test starts from what the one before left.
describe("the way into the machines", () => {
  it("is as it should be from their first boot on: sshd is told nothing anew by the first deploy", async () => {
    for (const name of ALL) {
      expect([name, await into.settings(name)]).toEqual([name, SETTINGS]);
      expect([name, await on(machine(name), "journalctl -u ssh -o cat | grep -c 'Received SIGHUP' || true")]).toEqual([
        name,
        "0",
      ]);
      // Those that DigitalOcean and cloud-init put there are these.
      expect([name, await into.managed(name), await into.lineCount(name)]).toEqual([
        name,
        "login-key-1 login-key-2",
        2,
      ]);
    }
    expect([await into.acceptedOn(into.loginKey(1)), await into.acceptedOn(into.loginKey(2))]).toEqual([ALL, ALL]);
  });

  it("leads to the machine alone: nothing is forwarded", async () => {
    const { host } = into.accessTo("etcd-lon1");
    // The port of etcd's metrics, which is not to be had from outside.
    const { status, stderr } = await into.ssh("etcd-lon1", into.loginKey(1), "-W", "127.0.0.1:2381", `root@${host}`);
    expect([status, stderr]).toEqual([255, expect.stringContaining("administratively prohibited")]);
  });

  it("stays open when an upgrade of openssh-server makes the host keys that are missing", async () => {
    for (const name of ALL) {
      await on(machine(name), "ssh-keygen -q -A && systemctl restart ssh && test -s /etc/ssh/ssh_host_rsa_key");
      expect([name, await into.offered(machine(name))]).toEqual([name, ["ssh-ed25519"]]);
    }
    await harness.deploy({ serverNames: ["a.example.com"], bootTimeoutSeconds: 30 });
  });

  it("is set right on a machine of a version before, over that very session; others are left as they are", async () => {
    const [, mine] = await into.keyOf("mine");
    const restricted = `from="192.0.2.0/24" ${mine}`;
    await on(
      machine("etcd-sgp1"),
      `rm /etc/ssh/ssh_host_rsa_key* /etc/ssh/ssh_host_ecdsa_key* && sed -n 's/ login-key-1 .*//p' ${KEYS} >/root/first && ` +
        `echo '${restricted}' >>/root/first && cat /root/first >${KEYS} && echo '${SSHD_CONF_BEFORE}' >${SSHD_CONF} && systemctl reload ssh`,
    );
    expect(await into.settings("etcd-sgp1")).toContain("allowtcpforwarding yes");
    const lines = said(await harness.deploy({ serverNames: ["b.example.com"], bootTimeoutSeconds: 30 }));
    expect(lines.filter((line) => line.endsWith(CONFIGURED))).toEqual([`etcd-sgp1: ${CONFIGURED}`]);
    expect(lines.filter((line) => line.includes(" keys of the deploy's"))).toEqual([
      "etcd-sgp1: root accepts 2 keys of the deploy's",
    ]);
    expect([await into.settings("etcd-sgp1"), await into.managed("etcd-sgp1")]).toEqual([
      SETTINGS,
      "login-key-1 login-key-2",
    ]);
    expect(await on(machine("etcd-sgp1"), `grep -v managed-by ${KEYS}`)).toBe(restricted);
    await on(machine("etcd-sgp1"), "ssh-keygen -q -A && systemctl restart ssh");
    expect(await into.offered(machine("etcd-sgp1"))).toEqual(["ssh-ed25519"]);
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
    await on(machine(name), `mkdir -p ${staged} && cp -r /etc/etcd/ssh /etc/etcd/node.env ${staged}`);
    await on(machine(name), `sed -i "s#^PINNED_HOST_KEY=.*#PINNED_HOST_KEY='ssh-rsa AAAA'#" ${staged}/ssh/access.env`);
    await on(machine(name), `sed -i 's/^HostKeyAlgorithms .*/HostKeyAlgorithms rsa-sha2-512/' ${staged}/ssh/sshd.conf`);
    expect(await on(machine(name), `${CONFIGURE} /root/staged`)).toBe(
      "etcd-nyc3: sshd is left as it is: none of its host keys is the one that the deploy pins",
    );
    expect(await into.settings(name)).toBe(SETTINGS);
    await on(
      machine(name),
      `sed -i "s#^PINNED_HOST_KEY=.*#PINNED_HOST_KEY='$(cut -d' ' -f1,2 /etc/ssh/ssh_host_rsa_key.pub)'#" ${staged}/ssh/access.env`,
    );
    expect(await on(machine(name), `${CONFIGURE} /root/staged`)).toBe(`etcd-nyc3: ${CONFIGURED}`);
    expect(await into.offered(machine(name))).toEqual(["ssh-rsa"]);
    // What was laid down last.
    expect(await on(machine(name), CONFIGURE)).toBe(`etcd-nyc3: ${CONFIGURED}`);
    expect(await into.offered(machine(name))).toEqual(["ssh-ed25519"]);
  });
});

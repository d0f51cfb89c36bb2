import * as path from "node:path";
import type { ExistingHostProps } from "../../../lib";
import { declareExisting } from "../../../proofs/apps/existing-machines";
import { clientEnvironment } from "../../../proofs/etcd/status";
import { etcdIn } from "../../../proofs/etcd/in-lab";
import { LabHarness, NO_CHANGES, said } from "../../../proofs/harness";
import { attempt } from "terraform-lab";
import { LabMachine, loginKey } from "./lab-machine";

jest.setTimeout(300_000);

const harness = new LabHarness();
const machines: Record<string, LabMachine> = {};
let key: { readonly file: string; readonly publicKey: string };

/** Root in London, a user of sudo's in New York and Singapore; somebody else is on the second one. */
const PLACES = {
  "etcd-a": { location: "lon1", address: "198.18.150.10" },
  "etcd-b": { location: "nyc3", address: "198.18.151.10", user: "admin", others: ["mallory"] },
  "etcd-c": { location: "sgp1", address: "198.18.152.10", user: "admin" },
};

async function hostOf(machine: LabMachine): Promise<ExistingHostProps> {
  const { location, address, user = "root" } = machine.props;
  const hostKeys = await machine.hostKeys();
  return { location, publicAddress: address, user, privateKeyFile: key.file, hostKeys };
}

async function declared(change: Readonly<Record<string, Partial<ExistingHostProps>>> = {}) {
  const hosts = await Promise.all(
    Object.entries(machines).map(
      async ([name, machine]) => [name, { ...(await hostOf(machine)), ...change[name] }] as const,
    ),
  );
  return { declare: declareExisting({ hosts: Object.fromEntries(hosts) }) };
}

const endpoints = (): string[] => Object.values(machines).map(({ props }) => `https://${props.address}:2379`);

/** What etcdctl says, as the operator. */
async function etcdctl(...args: string[]): Promise<string> {
  const env = clientEnvironment(harness.paths, "operator", endpoints());
  const { stdout, stderr } = await attempt([path.join(etcdIn(harness.paths).binDir, "etcdctl"), ...args], { env });
  return `${stdout}${stderr}`;
}

const healthy = async (): Promise<number> => (await etcdctl("endpoint", "health")).match(/ is healthy: /g)?.length ?? 0;

/** Somebody else on a machine, who looks for keys wherever they might lie, and in what programs are started with. */
const SPY = `cat >/tmp/spy <<'END'
echo "PRIVATE KEY" >/tmp/bait
count=0
while [ ! -e /tmp/enough ]; do
  grep -rls "PRIVATE KEY" /tmp /var/tmp /home /root /run /etc/etcd /usr/local /var/lib/etcd /var/lib/cdktf-etcd-node >>/tmp/found 2>/dev/null
  grep -als "PRIVATE KEY" /proc/[0-9]*/cmdline /proc/[0-9]*/environ >>/tmp/found 2>/dev/null
  count=$((count + 1))
done
echo "$count times: $(grep -v -e ^/tmp/spy -e ^/tmp/found -e ^/proc/self -e ^/proc/$$ /tmp/found | sort -u | paste -sd' ')"
END
runuser -u mallory -- sh /tmp/spy`;

/** All files of a machine that belong to nobody else: not to packages, logs, caches, or what is gone with the next boot. */
const filesOn = async (machine: LabMachine): Promise<string[]> =>
  (
    await machine.on(
      "find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/log -o -path /usr/share -o -path /var/lib/systemd -o -path /var/lib/chrony -o -path /var/backups \\) -prune -o -print | sort",
    )
  ).split("\n");

beforeAll(async () => {
  await harness.up();
  key = await loginKey(path.join(harness.paths.root, "login"));
  await Promise.all(
    Object.entries(PLACES).map(async ([name, props]) => {
      machines[name] = await LabMachine.boot(harness.lab, name, props, key.publicKey);
    }),
  );
}, 600_000);
afterAll(() => harness.down());

// One story, in order.
describe("machines of one's own", () => {
  let before: string[];

  beforeAll(async () => {
    before = await filesOn(machines["etcd-c"]);
  });

  it("are refused by name where the user has no root's rights, before anything is laid down", async () => {
    const wrong = await declared({ "etcd-b": { user: "mallory" } });
    expect(said((await harness.run("deploy", {}, wrong)).output)).toContainEqual(
      expect.stringMatching(
        /^error: etcd-b: mallory has no root's rights there: .*NOPASSWD: ALL.*Nothing was changed$/,
      ),
    );
    expect(await machines["etcd-b"].on("ls -d /etc/etcd 2>/dev/null")).toBe("");
  });

  it("become a cluster: root and users of sudo's, each with all host keys pinned", async () => {
    const spied = machines["etcd-b"].tried(SPY);
    await harness.deploy({}, await declared());
    expect(await healthy()).toBe(3);
    await machines["etcd-b"].on("touch /tmp/enough");
    // It has looked many times, and found the key that it was to find.
    expect((await spied).stdout).toMatch(/^[1-9]\d+ times: \/tmp\/bait$/m);
    expect((await harness.run("diff", {}, await declared())).output).toContain(NO_CHANGES);
  });

  it("have kept the directory of scripts from others, and left no script in it", async () => {
    const b = machines["etcd-b"];
    expect(await b.on("stat -c '%a %U' /home/admin/.cdktf-etcd")).toBe("700 admin\n");
    // Terraform puts an empty file where a script was.
    expect(await b.on("find /home/admin /root -type f -path '*cdktf-etcd*' -size +0")).toBe("");
  });

  it("are refused where another one answers, whatever its address", async () => {
    const [a, c] = [await machines["etcd-a"].hostKeys(), await machines["etcd-c"].hostKeys()];
    const swapped = c.map((line) => line.replace(/^\S+/, a[0].split(" ")[0]));
    const wrong = await declared({ "etcd-a": { hostKeys: swapped, timeoutSeconds: 10 } });
    const { exitCode, output } = await harness.run("deploy", {}, wrong);
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/knownhosts: key mismatch/);
    expect(await healthy()).toBe(3);
  });

  it("take another one's place, which joins", async () => {
    const old = machines["etcd-c"];
    await etcdctl("put", "/kept", "here");
    machines["etcd-c"] = await LabMachine.boot(
      harness.lab,
      "etcd-c",
      { ...PLACES["etcd-c"], address: "198.18.152.11" },
      key.publicKey,
    );
    const lines = said(await harness.deploy({}, await declared()));
    expect(lines.filter((line) => line.includes("added as a learner"))).toHaveLength(1);
    expect(await healthy()).toBe(3);
    expect(await etcdctl("get", "--print-value-only", "/kept")).toBe("here\n");

    // The old one lives on, and is cleaned up by what it has for that.
    expect((await old.tried("cdktf-etcd-uninstall")).stdout).toMatch(/would be removed from etcd-c, with --yes:/);
    expect(await old.tried("cdktf-etcd-uninstall --yes")).toMatchObject({ status: 0 });
    expect(await filesOn(old)).toEqual(before);
    expect((await old.tried("getent passwd etcd")).status).not.toBe(0);
  });

  it("refuse to be cleaned up while they are in the cluster", async () => {
    const { status, stderr } = await machines["etcd-a"].tried("cdktf-etcd-uninstall --yes");
    expect([status, stderr]).toEqual([1, expect.stringContaining("etcd runs here, as a member of a cluster")]);
    expect(await healthy()).toBe(3);
  });

  it("stay when all is destroyed: nothing of them was Terraform's", async () => {
    const { exitCode } = await harness.run("destroy", {}, await declared());
    expect(exitCode).toBe(0);
    expect(await machines["etcd-a"].on("systemctl is-active etcd")).toBe("active\n");
  });
});

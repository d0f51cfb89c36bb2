import type { ExistingHostProps } from "../../../lib";
import { declareExisting } from "../../../proofs/apps/existing-machines";
import { clientEnvironment } from "../../../proofs/etcd/status";
import { LabHarness, NO_CHANGES, said } from "../../../proofs/harness";
import type { BareMachine } from "terraform-lab";
import { MachinesOfOnesOwn } from "./machines-of-ones-own";

jest.setTimeout(300_000);

const harness = new LabHarness();
let machines: MachinesOfOnesOwn;
/** By the names of the members on them. */
const members: Record<string, BareMachine> = {};

const declared = (change: Readonly<Record<string, Partial<ExistingHostProps>>> = {}) => ({
  declare: declareExisting({
    hosts: Object.fromEntries(
      Object.entries(members).map(([name, machine]) => [name, { ...machines.host(machine), ...change[name] }]),
    ),
  }),
});

const endpoints = (): string[] =>
  Object.values(members).map(({ publicAddress = "" }) => `https://${publicAddress}:2379`);

/** What etcdctl says, as the operator. */
async function etcdctl(...args: string[]): Promise<string> {
  const env = clientEnvironment(harness.paths, "operator", endpoints());
  const { stdout, stderr } = await (await harness.cluster()).etcdctl(args, env);
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

/** All files of a machine but for those of packages, logs and caches, and what is gone with the next boot. */
const filesOn = async (machine: BareMachine): Promise<string[]> => {
  const others =
    "/proc /sys /run /tmp /dev /usr/share /var/cache /var/log /var/backups /var/lib/apt /var/lib/dpkg /var/lib/systemd /var/lib/chrony";
  const pruned = others.split(" ").map((directory) => `-path ${directory}`);
  const found = await machines.on(machine, `find / -xdev \\( ${pruned.join(" -o ")} \\) -prune -o -print`);
  const files = found.trim().split("\n");
  // sudo's own note that it was used.
  return files.filter((file) => !file.endsWith("/.sudo_as_admin_successful")).sort();
};

beforeAll(async () => {
  await harness.up();
  machines = await MachinesOfOnesOwn.of(harness);
  const admin = { user: { name: "admin" } };
  [members["etcd-a"], members["etcd-b"], members["etcd-c"]] = await Promise.all([
    machines.boot({ name: "a", location: "lon1" }),
    machines.boot({ name: "b", location: "nyc3", ...admin, otherUser: "mallory" }),
    machines.boot({ name: "c", location: "sgp1", ...admin }),
  ]);
}, 600_000);
afterAll(() => harness.down());

// One story, in order.
describe("machines of one's own", () => {
  let before: string[];

  it("are refused by name where the user has no root's rights, before anything is laid down", async () => {
    before = await filesOn(members["etcd-c"]);
    const wrong = declared({ "etcd-b": { user: "mallory" } });
    expect(said((await harness.run("deploy", {}, wrong)).output)).toContainEqual(
      expect.stringMatching(
        /^error: etcd-b: mallory has no root's rights there: .*NOPASSWD: ALL.*Nothing was changed$/,
      ),
    );
    expect(await machines.on(members["etcd-b"], "ls -d /etc/etcd 2>/dev/null")).toBe("");
  });

  it("become a cluster: root and users of sudo's, each with all host keys pinned", async () => {
    const spied = machines.tried(members["etcd-b"], SPY);
    await harness.deploy({}, declared());
    expect(await healthy()).toBe(3);
    await machines.on(members["etcd-b"], "touch /tmp/enough");
    // It has looked many times, and found the key that it was to find.
    expect((await spied).stdout).toMatch(/^[1-9]\d+ times: \/tmp\/bait$/m);
    expect((await harness.run("diff", {}, declared())).output).toContain(NO_CHANGES);
  });

  it("have kept the directory of scripts from others, and left no script in it", async () => {
    const b = members["etcd-b"];
    expect(await machines.on(b, "stat -c '%a %U' /home/admin/.cdktf-etcd")).toBe("700 admin\n");
    // Terraform puts an empty file where a script was.
    expect(await machines.on(b, "find /home/admin /root -type f -path '*cdktf-etcd*' -size +0")).toBe("");
  });

  it("are refused where another one answers at the address", async () => {
    const wrong = declared({ "etcd-a": { hostKeys: [...members["etcd-c"].hostKeys], timeoutSeconds: 10 } });
    const { exitCode, output } = await harness.run("deploy", {}, wrong);
    expect([exitCode, output]).toEqual([1, expect.stringContaining("knownhosts: key mismatch")]);
    expect(await healthy()).toBe(3);
  });

  it("take another one's place, which joins", async () => {
    const old = members["etcd-c"];
    await etcdctl("put", "/kept", "here");
    members["etcd-c"] = await machines.boot({ name: "d", location: "sgp1" });
    const lines = said(await harness.deploy({}, declared()));
    expect(lines.filter((line) => line.includes("added as a learner"))).toHaveLength(1);
    expect(await healthy()).toBe(3);
    expect(await etcdctl("get", "--print-value-only", "/kept")).toBe("here\n");

    // The old one lives on, and is cleaned up by what it has for that.
    expect(await machines.on(old, "cdktf-etcd-uninstall")).toMatch(/would be removed from etcd-c, with --yes:/);
    const cleaned = await machines.tried(old, "cdktf-etcd-uninstall --yes");
    expect(cleaned).toMatchObject({ status: 0, stderr: "" });
    expect(await filesOn(old)).toEqual(before);
    expect((await machines.tried(old, "getent passwd etcd")).status).not.toBe(0);
  });

  it("refuse to be cleaned up while they are in the cluster", async () => {
    const { status, stderr } = await machines.tried(members["etcd-a"], "cdktf-etcd-uninstall --yes");
    expect([status, stderr]).toEqual([1, expect.stringContaining("etcd runs here, as a member of a cluster")]);
    expect(await healthy()).toBe(3);
  });

  it("stay as they are when all is destroyed: nothing of them was Terraform's", async () => {
    expect((await harness.run("destroy", {}, declared())).exitCode).toBe(0);
    expect(await machines.on(members["etcd-a"], "systemctl is-active etcd")).toBe("active\n");
  });
});

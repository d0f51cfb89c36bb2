import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { BareMachine, BareMachines } from "../../../../lab/clouds/bare/bare-machines";
import type { BareMachineProps } from "../../../../lab/clouds/bare/props";
import { Lab } from "../../../../lab/lab";
import { LabPaths } from "../../../../lab/paths";
import { keepCacheIn } from "../../../../lab/tools/cache";
import { attempt, run, type CommandResult } from "../../../../lab/tools/command";
import { processesWith } from "../../../../lab/tools/process-record";
import { silent } from "../../../../lab/tools/progress";
import { waitUntil } from "../../../../lab/tools/wait";
import { useCleanup } from "../../../cleanup";

keepCacheIn("cdktf-etcd");

const RTT_MS = 60;
const ROOT = path.resolve(__dirname, "../../../..", process.env.CDKTF_ETCD_TEST_LAB ?? ".lab-test");

/** For what never ends; nothing here is about how fast this machine is. */
const PATIENCE_MS = 120_000;
/** How long something is tried that must not get through: what does takes milliseconds. */
const IN_VAIN_S = 1;
jest.setTimeout(5 * 60_000);

const atEnd = useCleanup();
const scratch = mkdtempSync(path.join(tmpdir(), "bare-machines-"));
const key = path.join(scratch, "key");
const knownHosts = path.join(scratch, "known_hosts");
const sshConfig = path.join(scratch, "ssh_config");

const lab = new Lab(
  {
    distances: [{ a: "lon1", b: "nyc3", rttMs: RTT_MS }],
    operator: { nearEverywhere: true },
    packages: ["chrony"],
  },
  new LabPaths(ROOT),
  silent,
);
let machines: BareMachines;
let office: BareMachine;
let bastion: BareMachine;
let near: BareMachine;
let far: BareMachine;

const addressOf = ({ publicAddress, privateAddress }: BareMachine): string => publicAddress ?? privateAddress ?? "";

/** Has SSH take these machines' host keys and no others. */
function trust(...trusted: readonly BareMachine[]): void {
  const lines = trusted.flatMap((one) => one.hostKeys.map((hostKey) => `${addressOf(one)} ${hostKey}\n`));
  writeFileSync(knownHosts, lines.join(""));
}

/** Runs a command by SSH from where the operator is, through the machine's bastion if it has one. */
function ssh(to: BareMachine, command: string, user = to.user): Promise<CommandResult> {
  const jump = to.behind === undefined ? [] : ["-J", `${bastion.user}@${addressOf(bastion)}`];
  return attempt(["ssh", "-F", sshConfig, ...jump, `${user}@${addressOf(to)}`, command], { timeoutMs: PATIENCE_MS });
}

/** What a command printed, once SSH gets through. */
async function said(to: BareMachine, command: string, user?: string): Promise<string> {
  let answer: CommandResult | undefined;
  // ssh's own status is 255: the machine still boots.
  const through = async (): Promise<boolean> => (answer = await ssh(to, command, user)).status !== 255;
  if (await waitUntil(through, PATIENCE_MS, 200)) return answer?.stdout ?? "";
  throw new Error(`${to.name} cannot be logged in to: ${answer?.stderr ?? "no answer"}`);
}

/** Whether a machine gets a TCP connection to port 22 of an address. */
async function reaches(from: BareMachine, address: string, seconds: number): Promise<boolean> {
  const connect = ["timeout", String(seconds), "bash", "-c", `exec 3<>/dev/tcp/${address}/22`];
  return (await lab.driver().exec(from.id, connect)).status === 0;
}

async function keysScanned(address: string): Promise<string[]> {
  const { stdout } = await attempt(["ssh-keyscan", "-T", "10", address]);
  return stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(" ").slice(1, 3).join(" "))
    .sort();
}

beforeAll(async () => {
  atEnd(() => {
    rmSync(scratch, { recursive: true, force: true });
  });
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
  const settings = [`IdentityFile ${key}`, `UserKnownHostsFile ${knownHosts}`, "GlobalKnownHostsFile /dev/null"];
  settings.push("IdentitiesOnly yes", "StrictHostKeyChecking yes", "LogLevel ERROR", "ConnectTimeout 5");
  writeFileSync(sshConfig, `${settings.join("\n")}\n`);
  atEnd(() => lab.down());
  await lab.up();
  machines = lab.bareMachines();

  const common = { sshKeys: [readFileSync(`${key}.pub`, "utf8")], memoryMiB: 512 };
  const add = (props: Pick<BareMachineProps, "name" | "location"> & Partial<BareMachineProps>): Promise<BareMachine> =>
    machines.add({ ...common, ...props });
  [office, bastion] = await Promise.all([
    add({ name: "office", location: "lon1", user: { name: "admin" }, otherUser: "guest" }),
    add({
      name: "bastion",
      location: "lon1",
      network: "cellar",
      bastion: true,
      hostKeyTypes: ["ecdsa"],
      sshFrom: ["198.18.0.1"],
    }),
  ]);
  [near, far] = await Promise.all([
    add({ name: "near", location: "lon1", behind: "bastion", user: { name: "ubuntu" } }),
    add({ name: "far", location: "nyc3", behind: "bastion" }),
  ]);
  trust(office, bastion, near, far);
});

describe("machines without a cloud", () => {
  it("have the host keys that whoever made them is told", async () => {
    expect(await said(office, "hostname; id -un; pwd")).toBe("office\nadmin\n/home/admin\n");
    expect(await said(bastion, "hostname; id -un")).toBe("bastion\nroot\n");
    expect(office.hostKeys.map((line) => line.split(" ")[0])).toEqual([
      "ecdsa-sha2-nistp256",
      "ssh-ed25519",
      "ssh-rsa",
    ]);
    expect(await keysScanned(addressOf(office))).toEqual([...office.hostKeys].sort());
    expect(bastion.hostKeys).toEqual([expect.stringMatching(/^ecdsa-sha2-nistp256 /)]);
    expect(await keysScanned(addressOf(bastion))).toEqual(bastion.hostKeys);
    // In the order in which they came on record, which is anybody's.
    const byName = (some: readonly BareMachine[]): BareMachine[] =>
      [...some].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(byName(await machines.list())).toEqual(
      byName([office, bastion, near, far]).map((one) => ({ ...one, state: "running" })),
    );
  });

  it("have one user who becomes root, one who cannot, and send root away", async () => {
    expect(await said(office, "sudo -n id -un")).toBe("root\n");
    const { stderr, status } = await ssh(office, "sudo -n id -un", "guest");
    expect([status, stderr]).toEqual([1, expect.stringContaining("password is required")]);
    expect((await ssh(office, "cat /home/admin/.ssh/authorized_keys", "guest")).stderr).toContain("Permission denied");
    const root = await ssh(office, "id -un", "root");
    expect(root.stdout).toContain('Please login as the user "admin" rather than the user "root".');
    expect(root.status).toBe(142);
  });

  it("boot whole, with no cloud to ask", async () => {
    const { stdout } = await lab.driver().exec(office.id, ["systemctl", "is-system-running", "--wait"]);
    expect([stdout, await said(office, "systemctl --failed --no-legend --plain")]).toEqual(["running\n", ""]);
    expect(await said(office, "cloud-init status")).toBe("status: disabled\n");
    const metadata = ["curl", "-s", "--max-time", String(IN_VAIN_S), "http://169.254.169.254/metadata/v1/id"];
    // curl's exit code for a time that ran out.
    expect((await lab.driver().exec(office.id, metadata)).status).toBe(28);
  });

  it("are reached through their bastion only", async () => {
    expect(await said(near, "hostname; sudo -n id -un")).toBe("near\nroot\n");
    expect(await said(far, "hostname")).toBe("far\n");
    for (const inner of [near, far]) {
      expect([inner.publicAddress, inner.behind]).toEqual([undefined, "bastion"]);
      expect([
        await reaches(bastion, addressOf(inner), 20),
        await reaches(office, addressOf(inner), IN_VAIN_S),
      ]).toEqual([true, false]);
    }
  });

  it("reach each other within their network at the WAN's distances", async () => {
    const { stdout } = await lab.driver().exec(near.id, ["ping", "-c3", "-i0.2", "-W20", addressOf(far)]);
    const least = Number(/= ([\d.]+)\//.exec(stdout)?.[1]);
    expect(least).toBeGreaterThan(RTT_MS - 1);
    expect(least).toBeLessThan(2 * RTT_MS);
  });

  it("go out under their bastion's address, and find packages there", async () => {
    const install = "sudo -n apt-get -qq update && sudo -n apt-get install -qq --download-only chrony >&2";
    expect(await said(near, `${install}; ls /var/cache/apt/archives`)).toContain("chrony_");
    await lab.driver().exec(far.id, ["ssh-keyscan", addressOf(office)]);
    const seen = async (): Promise<string> => said(office, "sudo -n journalctl --unit ssh --no-pager");
    expect(await waitUntil(async () => (await seen()).includes(addressOf(bastion)), PATIENCE_MS)).toBe(true);
    expect(await seen()).not.toContain(addressOf(far));
    expect(await reaches(far, addressOf(bastion), 20)).toBe(true);
  });

  it("have a packet filter where one is wanted", async () => {
    expect(await reaches(office, addressOf(bastion), IN_VAIN_S)).toBe(false);
    expect(await reaches(bastion, addressOf(office), 20)).toBe(true);
  });

  it("keep their disk and host keys when they are switched off and on", async () => {
    await ssh(office, "touch kept && sync");
    await machines.powerOff("office");
    expect(await machines.find("office")).toEqual({ ...office, state: "stopped" });
    await machines.powerOn("office");
    expect(await said(office, "ls")).toBe("kept\n");
  });

  it("are others after they were installed anew or replaced, at the same address", async () => {
    const again = await machines.reinstall("office");
    await machines.remove("bastion");
    const replaced = await machines.add({
      name: "bastion",
      location: "lon1",
      sshKeys: [readFileSync(`${key}.pub`, "utf8")],
      network: "cellar",
      bastion: true,
    });
    for (const [now, before] of [
      [again, office],
      [replaced, bastion],
    ] as const) {
      expect([addressOf(now), now.privateAddress]).toEqual([addressOf(before), before.privateAddress]);
      expect(now.hostKeys.filter((hostKey) => before.hostKeys.includes(hostKey))).toEqual([]);
    }
    trust(again, replaced, near, far);
    expect(await said(again, "ls")).toBe("");
    // The bastion is another machine; those behind it have noticed nothing.
    expect(await said(far, "hostname")).toBe("far\n");
    trust(office);
    expect((await ssh(again, "true")).stderr).toContain("Host key verification failed");
  });

  it("are gone when the lab is, also one that nobody has on record any more", async () => {
    rmSync(path.join(lab.paths.machines, "machines", String(far.id), "machine.json"));
    await lab.down();
    expect(existsSync(ROOT)).toBe(false);
    expect(readdirSync("/run/netns")).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(ROOT);
    expect(processesWith((argv) => argv.some((word) => word.startsWith("--machine=lab-")))).toEqual([]);
  });
});

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { LabApi } from "../../lab/clouds/digitalocean/client";
import { readConfig } from "../../lab/config";
import { LabPaths } from "../../lab/paths";
import { attempt, run, type CommandResult } from "../../lab/tools/command";
import { waitUntil } from "../../lab/tools/wait";
import { useCleanup } from "../cleanup";

const LAB = path.resolve(__dirname, "..", "..", "lab");
const PROGRAM = path.join(LAB, "bin", "terraform-lab.mjs");

const atEnd = useCleanup();
const directory = mkdtempSync(path.join(tmpdir(), "terraform-lab-example-"));
const paths = new LabPaths(path.join(directory, ".lab"));

/** The lab's command line, as somebody calls it who has a configuration file of their own. */
const lab = (...args: string[]): Promise<CommandResult> =>
  attempt([process.execPath, PROGRAM, ...args], { cwd: directory });

const terraform = async (...args: string[]): Promise<string> =>
  run(
    ["sh", "-c", 'eval "$1" && shift && exec "$TERRAFORM_BINARY_NAME" "$@"', "sh", (await lab("env")).stdout, ...args],
    {
      cwd: directory,
    },
  );

/** What a page says that one machine asks another for; undefined if it gets none. */
async function fetched(from: string, url: string): Promise<string | undefined> {
  const { status, stdout } = await lab("exec", from, "--", "curl", "-sS", "--max-time", "3", url);
  return status === 0 ? stdout.trim() : undefined;
}

jest.setTimeout(900_000);

describe("a lab with nothing in it but what a file and a Terraform configuration say", () => {
  let addresses: Readonly<Record<string, string>>;

  it("comes up", async () => {
    atEnd(() => {
      rmSync(directory, { recursive: true, force: true });
    });
    cpSync(path.join(LAB, "example"), directory, { recursive: true });
    atEnd(() => lab("down"));
    const { status, stderr } = await lab("up");
    expect([status, stderr]).toEqual([0, expect.stringContaining("The lab is up.")]);
  });

  it("has the unchanged Terraform make its machines", async () => {
    await terraform("init", "-input=false");
    await terraform("apply", "-auto-approve", "-input=false");
    addresses = JSON.parse(await terraform("output", "-json", "addresses")) as Readonly<Record<string, string>>;
    const { stdout } = await lab("status", "--json");
    const {
      name: labName,
      api,
      machines,
    } = JSON.parse(stdout) as {
      name: string;
      api: { answers: boolean };
      machines: { name: string }[];
    };
    expect([labName, api.answers]).toEqual(["example", true]);
    expect(machines.map(({ name }) => name).sort()).toEqual(["page-lon1", "page-nyc3"]);
  });

  it("lets them reach each other where the firewall does, and nowhere else", async () => {
    const page = `http://${addresses.nyc3}`;
    expect(await waitUntil(async () => (await fetched("page-lon1", `${page}:8080`)) !== undefined, 120_000, 1000)).toBe(
      true,
    );
    expect(await fetched("page-lon1", `${page}:8080`)).toBe("page-nyc3");
    // It is listened on there.
    expect(await fetched("page-nyc3", "http://127.0.0.1:8081")).toBe("page-nyc3");
    expect(await fetched("page-lon1", `${page}:8081`)).toBeUndefined();
    const { status } = await attempt(["curl", "-sS", "--max-time", "3", `${page}:8080`]);
    expect(status).not.toBe(0);
  });

  it("has machines without a cloud beside them", async () => {
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path.join(directory, "key")]);
    const add = ["machine", "add", "cellar-nyc3", "--location", "nyc3", "--key", "key.pub", "--user", "admin"];
    const [added, again] = [await lab(...add, "--json"), await lab(...add, "--host-keys", "rsa")];
    expect(JSON.parse(added.stdout)).toMatchObject({
      name: "cellar-nyc3",
      state: "running",
      user: "admin",
      publicAddress: "198.18.210.10",
    });
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining("Remove it first.")]);
    expect((await lab("exec", "cellar-nyc3", "--", "hostname")).stdout).toBe("cellar-nyc3\n");
    expect((await lab("status")).stdout).toMatch(/^Without a cloud:\ncellar-nyc3 +running +nyc3 .* as admin$/m);
    await lab("power", "cellar-nyc3", "kill");
    const reinstalled = await lab("machine", "reinstall", "cellar-nyc3", "--json");
    const keys = ({ stdout }: CommandResult): unknown => (JSON.parse(stdout) as { hostKeys: unknown }).hostKeys;
    expect(keys(reinstalled)).not.toEqual(keys(added));
    expect((await lab("machine", "remove", "cellar-nyc3")).status).toBe(0);
    expect((await lab("machine", "list", "--json")).stdout).toBe("[]\n");
  });

  it("has its distances", async () => {
    const url = `http://${addresses.nyc3}:8080`;
    const { stdout } = await lab(
      "exec",
      "page-lon1",
      "--",
      "curl",
      "-sS",
      "-o",
      "/dev/null",
      "-w",
      "%{time_connect}",
      url,
    );
    expect(Number(stdout) * 1000).toBeGreaterThanOrEqual(70);
    expect(Number(stdout) * 1000).toBeLessThan(140);
  });

  it("has the volume at its machine, and a second plan with nothing to do", async () => {
    const api = LabApi.of(readConfig(paths));
    const { id } = await api.droplet("page-lon1");
    const { volumes } = (await api.request("GET", "/v2/volumes")) as { volumes: { droplet_ids: number[] }[] };
    expect(volumes.map((volume) => volume.droplet_ids)).toEqual([[id]]);
    expect(await terraform("plan", "-input=false", "-no-color")).toContain("No changes.");
  });

  it("goes without a trace", async () => {
    expect((await lab("down")).status).toBe(0);
    expect((await attempt(["test", "-e", paths.root])).status).toBe(1);
    const { stdout } = await attempt(["ip", "netns", "list"]);
    expect(stdout).toBe("");
  });
});

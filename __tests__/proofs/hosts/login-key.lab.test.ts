import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { LocalProvider } from "@cdktf/provider-local/lib/provider";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { unwrapped } from "terraform-lab";
import { type Api, type Workspace } from "../../lab/clouds/digitalocean/provider/terraform-workspace";
import { haveStepsRunHere } from "../steps-here";
import { DigitalOceanHost, EtcdCluster } from "../../../lib";
import { useCleanup } from "../../cleanup";
import { SSH_FROM } from "../../synth";
import { serveWorkspace } from "./served-workspace";
import { NO_CHANGES } from "../../../proofs/harness";

jest.setTimeout(120_000);

const atEnd = useCleanup();
let api: Api;
let work: Workspace;
let access: string;

/** The cluster as it is, but its steps run here: they do nothing, or those on one machine fail. */
function declare(loginKeyGeneration?: number, failing?: string): Promise<void> {
  return work.synth((stack) => {
    new DigitaloceanProvider(stack, "digitalocean");
    new TlsProvider(stack, "tls");
    new LocalProvider(stack, "local");
    const cluster = new EtcdCluster(stack, "etcd", {
      hosts: DigitalOceanHost.inRegions(stack, ["lon1", "sgp1"], { sshFrom: SSH_FROM, loginKeyGeneration }),
      accessDirectory: access,
    });
    haveStepsRunHere(cluster, failing);
  });
}

/** Why Terraform refuses to plan that; nothing is touched then. */
async function refused(loginKeyGeneration?: number): Promise<string> {
  const before = readFileSync(work.stateFile, "utf8");
  await declare(loginKeyGeneration);
  const { ok, output } = await work.apply();
  expect([ok, readFileSync(work.stateFile, "utf8") === before]).toEqual([false, true]);
  return unwrapped(output);
}

/** What of login keys is in the state. */
function inState(): string[] {
  const { resources } = JSON.parse(readFileSync(work.stateFile, "utf8")) as {
    resources: { type: string; name: string; instances: unknown[] }[];
  };
  return resources
    .filter(({ type, instances }) => type === "tls_private_key" && instances.length > 0)
    .flatMap(({ name }) => /^hosts_(login-key\S*)_[0-9A-F]{8}$/.exec(name)?.[1] ?? [])
    .sort();
}

const machines = async (): Promise<number[]> => (await api.client.droplets()).map(({ id }) => id).sort();

beforeAll(async () => {
  access = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-access-"));
  atEnd(() => {
    rmSync(access, { recursive: true });
  });
  ({ api, work } = await serveWorkspace(atEnd));
  await declare();
  await work.init();
  await work.mustApply();
}, 600_000);

// One story, in order. That machines accept the keys by then is proven in lab/login.
describe("the login key of a cluster", () => {
  it("can't be another one in the deploy that first makes a next one, as machines of before do not accept it", async () => {
    const state = JSON.parse(readFileSync(work.stateFile, "utf8")) as { resources: { name: string }[] };
    const count = state.resources.length;
    state.resources = state.resources.filter(({ name }) => !name.startsWith("hosts_login-key-"));
    expect(count - state.resources.length).toBe(3);
    writeFileSync(work.stateFile, JSON.stringify(state));
    const before = await machines();

    const error = await refused(2);
    const [, listed = ""] = /These machines may not accept login key 2 yet, [^:]*: (.*?)\. Set /.exec(error) ?? [];
    // By their ids, and which was made first differs.
    expect(listed.split("; ").sort()).toEqual(
      ["etcd-lon1", "etcd-sgp1"].map((name) => expect.stringMatching(`^${name}, id \\d+, \\S+$`) as unknown),
    );
    expect(error).toContain("Set 'loginKeyGeneration' to 1, have a deploy go through, then count it up by one.");

    await declare();
    await work.mustApply();
    expect([inState(), await machines()]).toEqual([["login-key", "login-key-2"], before]);
    expect((await work.plan()).output).toContain(NO_CHANGES);
  });

  it("is not counted up by two", async () => {
    expect(await refused(3)).toContain("These machines may not accept login key 3 yet");
  });

  it("is neither counted up nor down while a deploy with it has not gone through", async () => {
    await declare(2, "etcd-sgp1");
    expect((await work.apply()).output).toContain("local-exec provisioner error");
    expect(await refused(3)).toContain("These machines may not accept login key 3 yet");
    expect(await refused(1)).toMatch(
      /A deploy has logged in with login key 2, and machines may not accept the one before .* Set 'loginKeyGeneration' to 2, or/,
    );
  });

  it("is forgotten once the deploy has gone through that logs in with the next one", async () => {
    const before = await machines();
    await declare(2);
    await work.mustApply();
    expect([inState(), await machines()]).toEqual([["login-key-2", "login-key-3"], before]);
    expect((await work.plan()).output).toContain(NO_CHANGES);
    const { ssh_keys } = (await api.client.request("GET", "/v2/account/keys")) as { ssh_keys: { name: string }[] };
    expect(ssh_keys.map(({ name }) => name)).toEqual(["etcd-2"]);
  });

  it("can't go back, by one, by more, or by leaving the prop out: the keys in use would be forgotten", async () => {
    await declare(3);
    await work.mustApply();
    expect(inState()).toEqual(["login-key-3", "login-key-4"]);
    const byOne = await refused(2);
    expect(byOne).toContain("A deploy has logged in with login key 3");
    // Which would have it counted down even further.
    expect(byOne).not.toContain("may not accept login key 2 yet");
    expect(await refused()).toContain("A deploy has logged in with login key 2");
    expect(inState()).toEqual(["login-key-3", "login-key-4"]);
  });

  it("may be any where there are no machines yet", async () => {
    expect((await work.destroy()).output).toContain("Destroy complete!");
    await declare(5);
    await work.mustApply();
    expect(inState()).toEqual(["login-key-5", "login-key-6"]);
    expect((await work.plan()).output).toContain(NO_CHANGES);
  });
});

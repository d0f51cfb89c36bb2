import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Store } from "../../../../../lab/clouds/digitalocean/api/store";
import { VirtualMachineDriver } from "../../../../../lab/clouds/digitalocean/api/virtual-machine-driver";
import { activeDroplet, DROPLET, dropletWith, eventually, KEYS, type RunningApi, startApi } from "./support/api";

let folder: string;
let file: string;
let api: RunningApi;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "lab-api-"));
  file = join(folder, "state.json");
  api = await startApi({ store: Store.open(file) });
});
afterEach(async () => {
  await api.close();
  rmSync(folder, { recursive: true });
});

const restart = async (driver = new VirtualMachineDriver()): Promise<VirtualMachineDriver> => {
  await api.close();
  api = await startApi({ store: Store.open(file), driver });
  return driver;
};

describe("what the server was told", () => {
  it("is on disk when the answer comes, whole, for the owner only", async () => {
    await api.call("POST", "/v2/tags", { name: "first" });
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ version: 1, tags: [{ name: "first" }] });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["state.json"]);
  });

  it("is on disk after many changes at once", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `t${index}`);
    await Promise.all(names.map((name) => api.call("POST", "/v2/tags", { name })));
    const saved = JSON.parse(readFileSync(file, "utf8")) as { tags: { name: string }[] };
    expect(saved.tags.map((tag) => tag.name).sort()).toEqual([...names].sort());
  });

  it("is there after a restart", async () => {
    await api.call("POST", "/v2/account/keys", { name: "k", public_key: KEYS.ed25519 });
    const droplet = await activeDroplet(api, { tags: ["a"] });
    const before = (await api.call("GET", "/v2/droplets")).body;
    const driver = new VirtualMachineDriver();
    driver.adopt(droplet.id, "running");
    await restart(driver);
    const url = JSON.stringify(before.droplets);
    expect(JSON.stringify((await api.call("GET", "/v2/droplets")).body.droplets)).toBe(url);
    expect((await api.call("GET", "/v2/account/keys")).body.meta.total).toBe(1);
    expect((await activeDroplet(api)).id).toBe(droplet.id + 1);
  });

  it("is never a half: what a crash left of a write is thrown away", async () => {
    await api.call("POST", "/v2/tags", { name: "kept" });
    await api.close();
    writeFileSync(`${file}.new`, '{"version":1,"ta');
    await restart();
    expect((await api.call("GET", "/v2/tags/kept")).status).toBe(200);
    expect(readdirSync(folder)).toEqual(["state.json"]);
  });

  it("is read of an account that was begun before there were projects", async () => {
    await api.call("POST", "/v2/tags", { name: "kept" });
    await api.close();
    const { projects, ...before } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    expect(projects).toHaveLength(1);
    writeFileSync(file, JSON.stringify(before));
    await restart();
    expect((await api.call("GET", "/v2/tags/kept")).status).toBe(200);
    expect((await api.call("GET", "/v2/projects/default")).body.project).toMatchObject({ is_default: true });
  });

  it.each([
    ["cut off", '{"version":1,"tags":[', /cannot be used: it is not whole JSON/],
    ["empty", "", /it is not whole JSON/],
    ["of another version", '{"version":2}', /it has version 2, this server reads version 1/],
    ["without its lists", '{"version":1}', /"sequences" is missing/],
    ["a list", "[]", /it is not a JSON object/],
  ])("stops the server from starting when the file is %s", (_what, text, message) => {
    const damaged = join(folder, "damaged.json");
    writeFileSync(damaged, text);
    expect(() => Store.open(damaged)).toThrow(message);
    expect(() => Store.open(damaged)).toThrow(`The state file ${damaged}`);
    expect(readFileSync(damaged, "utf8")).toBe(text);
  });
});

describe("a restarted server", () => {
  it("finishes a droplet that was being created, on the same addresses", async () => {
    api.driver.create = () => new Promise(() => undefined);
    const { body } = await api.call("POST", "/v2/droplets", { ...DROPLET, user_data: "#!/bin/sh\n" });
    const { id } = body.droplet;
    const [{ publicIpv4 }] = api.store.state.droplets;
    const driver = await restart();
    const droplet = await dropletWith(api, id, (one) => one.status === "active");
    expect(droplet.networks.v4[0].ip_address).toBe(publicIpv4);
    expect(driver.machines.get(id)?.spec).toMatchObject({ publicIpv4, userData: "#!/bin/sh\n" });
    const action = (await api.call("GET", `/v2/actions/${body.links.actions[0].id}`)).body.action;
    expect(action.status).toBe("completed");
  });

  it("finishes a droplet that was being destroyed", async () => {
    const { id } = await activeDroplet(api);
    api.driver.destroy = () => new Promise(() => undefined);
    await api.call("DELETE", `/v2/droplets/${id}`);
    const driver = new VirtualMachineDriver();
    driver.adopt(id, "running");
    await restart(driver);
    await eventually("404", async () => (await api.call("GET", `/v2/droplets/${id}`)).status === 404);
    expect(driver.machines.size).toBe(0);
  });

  it("finishes an action that was under way", async () => {
    const { id } = await activeDroplet(api);
    api.driver.shutdown = () => new Promise(() => undefined);
    const { body } = await api.call("POST", `/v2/droplets/${id}/actions`, { type: "shutdown" });
    const driver = new VirtualMachineDriver();
    driver.adopt(id, "running");
    await restart(driver);
    await dropletWith(api, id, (one) => one.status === "off" && !one.locked);
    expect((await api.call("GET", `/v2/actions/${body.action.id}`)).body.action.status).toBe("completed");
  });

  it("finishes peerings", async () => {
    await api.close();
    api = await startApi({ store: Store.open(file), peeringSeconds: 60 });
    const ids: string[] = [];
    for (const name of ["a", "b"]) ids.push((await api.call("POST", "/v2/vpcs", { name, region: "lon1" })).body.vpc.id);
    const { body } = await api.call("POST", "/v2/vpc_peerings", { name: "p", vpc_ids: ids });
    await restart();
    const path = `/v2/vpc_peerings/${body.vpc_peering.id}`;
    await eventually("ACTIVE", async () => (await api.call("GET", path)).body.vpc_peering.status === "ACTIVE");
  });

  it("tells every machine its firewall again", async () => {
    const { id } = await activeDroplet(api);
    await api.call("POST", "/v2/firewalls", {
      name: "wall",
      droplet_ids: [id],
      inbound_rules: [{ protocol: "tcp", ports: "22", sources: { addresses: ["0.0.0.0/0"] } }],
    });
    const driver = new VirtualMachineDriver();
    driver.adopt(id, "running");
    await restart(driver);
    await eventually("the firewall", () => driver.machines.get(id)?.firewall?.inbound.length === 1);
  });

  it("sees what became of its machines", async () => {
    const { id } = await activeDroplet(api);
    const driver = new VirtualMachineDriver();
    driver.adopt(id, "stopped");
    await restart(driver);
    expect((await api.call("GET", `/v2/droplets/${id}`)).body.droplet.status).toBe("off");
  });
});

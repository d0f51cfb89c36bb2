import type { ActionView, DropletView } from "./support/answers";
import {
  activeDroplet,
  DROPLET,
  dropletWith,
  eventually,
  KEYS,
  FINGERPRINTS,
  type RunningApi,
  startApi,
} from "./support/api";

let api: RunningApi;
beforeEach(async () => {
  api = await startApi({ dropletLimit: 6 });
});
afterEach(() => api.close());

const get = async (id: number): Promise<DropletView> => (await api.call("GET", `/v2/droplets/${id}`)).body.droplet;

describe("creating a droplet", () => {
  it("shows it at once as new, and as active only together with its addresses", async () => {
    let boot = (): void => undefined;
    const create = api.driver.create.bind(api.driver);
    api.driver.create = async (spec) => {
      await new Promise<void>((resolve) => (boot = resolve));
      return create(spec);
    };
    const { status, body } = await api.call("POST", "/v2/droplets", DROPLET);
    expect(status).toBe(202);
    expect(body.links.actions).toMatchObject([{ rel: "create" }]);
    const { id } = body.droplet;
    expect(await get(id)).toMatchObject({ status: "new", networks: { v4: [], v6: [] } });
    const action = `/v2/actions/${body.links.actions[0].id}`;
    expect((await api.call("GET", action)).body.action).toMatchObject({ status: "in-progress", completed_at: null });
    boot();
    const active = await dropletWith(api, id, (droplet) => droplet.status === "active");
    expect(active.networks.v4).toMatchObject([
      { type: "public", ip_address: "198.18.1.10", netmask: "255.255.255.0", gateway: "198.18.1.1" },
      { type: "private", ip_address: "198.19.1.2", netmask: "255.255.255.0", gateway: "198.19.1.1" },
    ]);
    expect((await api.call("GET", action)).body.action).toMatchObject({
      status: "completed",
      completed_at: expect.stringMatching(/Z$/) as string,
      resource_id: id,
    });
  });

  it("takes region and size in any case and answers in lower case", async () => {
    const droplet = await activeDroplet(api, { region: "NYC3", size: "S-1VCPU-1GB" });
    expect(droplet).toMatchObject({
      region: { slug: "nyc3" },
      size: { slug: "s-1vcpu-1gb" },
      size_slug: "s-1vcpu-1gb",
      memory: 1024,
      vcpus: 1,
      disk: 25,
    });
  });

  it("takes what the provider sends for a droplet without options, nulls and all", async () => {
    const droplet = await activeDroplet(api, {
      ssh_keys: null,
      backups: false,
      ipv6: false,
      private_networking: false,
      monitoring: false,
      tags: [],
    });
    for (const opinion of ["ipv6", "monitoring", "backups"]) expect(droplet.features).not.toContain(opinion);
    expect(droplet).toMatchObject({ tags: [], volume_ids: [], locked: false, next_backup_window: null });
  });

  it("lists a feature if and only if it is on", async () => {
    const droplet = await activeDroplet(api, {
      ipv6: true,
      monitoring: true,
      backups: true,
      with_droplet_agent: false,
    });
    expect([...droplet.features].sort()).toEqual(["backups", "ipv6", "monitoring", "private_networking"]);
    expect(droplet.networks.v6).toEqual([
      { ip_address: "2001:db8:1::1000", netmask: 64, gateway: "2001:db8:1::1", type: "public" },
    ]);
    expect(Date.parse(droplet.next_backup_window.start)).toBeGreaterThan(Date.now());
  });

  it("hands the driver everything the machine needs", async () => {
    const key = await api.call("POST", "/v2/account/keys", { name: "k", public_key: KEYS.ed25519 });
    await api.call("POST", "/v2/account/keys", { name: "r", public_key: KEYS.rsa });
    const droplet = await activeDroplet(api, {
      region: "sgp1",
      size: "s-2vcpu-4gb",
      ssh_keys: [key.body.ssh_key.id, FINGERPRINTS.rsa],
      user_data: "#cloud-config\n",
    });
    expect(api.driver.machines.get(droplet.id)?.spec).toEqual({
      id: droplet.id,
      name: "web-1",
      region: "sgp1",
      image: "debian-13-x64",
      vcpus: 2,
      memoryMiB: 4096,
      publicIpv4: "198.18.3.10",
      privateIpv4: "198.19.1.2",
      privatePrefix: 24,
      sshKeys: [KEYS.ed25519, KEYS.rsa],
      userData: "#cloud-config\n",
    });
  });

  it("takes an image by its number", async () => {
    const { image } = (await api.call("GET", "/v2/images/ubuntu-24-04-x64")).body;
    expect((await activeDroplet(api, { image: image.id })).image.slug).toBe("ubuntu-24-04-x64");
  });

  it("chooses a region when none is given, and one of several by prefix", async () => {
    expect((await activeDroplet(api, { region: "" })).region.slug).toBe("lon1");
    expect((await activeDroplet(api, { region: "nyc" })).region.slug).toMatch(/^nyc\d$/);
  });

  it.each([
    ["name", { name: "under_score" }, /name: given "under_score", expected a host name/],
    ["name", { name: "" }, /name: given ""/],
    ["name", { name: undefined }, /name: given nothing/],
    ["region", { region: "lon9" }, /region: given "lon9", expected one of lon1/],
    ["region", { region: "sfo1" }, /region: .*accepts new droplets/],
    ["size", { size: "s-9" }, /size: given "s-9", expected the slug of a size/],
    ["size", { region: "nyc2", size: "g-2vcpu-8gb" }, /size: .*available in nyc2/],
    ["image", { image: "debian-1-x64" }, /image: given "debian-1-x64"/],
    ["image", { image: "1" }, /image: given "1"/],
    ["image", { size: "s-1vcpu-512mb-10gb", image: "docker-20-04" }, /size: .*at least 25 GiB/],
    ["ssh_keys", { ssh_keys: [12345] }, /ssh_keys\[0\]: 12345 are invalid key identifiers/],
    ["tags", { tags: ["no spaces"] }, /tags\[0\]/],
    ["tags", { tags: "one" }, /tags: given "one", expected an array/],
    ["user_data", { user_data: "x".repeat(65_537) }, /user_data: given 65537 bytes, expected at most 65536/],
    ["vpc_uuid", { vpc_uuid: "nowhere" }, /vpc_uuid: given "nowhere"/],
    ["volumes", { volumes: [{ id: "none" }] }, /volumes\[0\]/],
    ["backups", { backups: "yes" }, /backups: given "yes", expected true or false/],
    ["backup_policy", { backups: true, backup_policy: { plan: "weekly", hour: 3 } }, /backup_policy.hour: given 3/],
  ])("refuses a bad %s and says why: %j", async (_field, changes, message) => {
    const { status, body } = await api.call("POST", "/v2/droplets", { ...DROPLET, ...changes });
    expect(body.message).toMatch(message);
    expect([status, body.id]).toEqual([422, "unprocessable_entity"]);
    expect((await api.call("GET", "/v2/droplets")).body.meta.total).toBe(0);
  });

  it("takes 64 KiB of user data, counted in bytes", async () => {
    await activeDroplet(api, { user_data: "x".repeat(65_536) });
    expect((await api.call("POST", "/v2/droplets", { ...DROPLET, user_data: "é".repeat(40_000) })).status).toBe(422);
  });

  it("stops at the account's limit", async () => {
    for (let count = 0; count < 6; count += 1) await api.call("POST", "/v2/droplets", DROPLET);
    const { status, body } = await api.call("POST", "/v2/droplets", DROPLET);
    expect([status, body.message]).toEqual([422, expect.stringContaining("6 of 6") as string]);
  });

  it("never hands out an id with 404 in it", async () => {
    api.store.state.sequences["droplet"] = 3_000_404;
    const ids = [(await activeDroplet(api)).id, (await activeDroplet(api)).id];
    expect(ids).toEqual([3_000_405, 3_000_406]);
    api.store.state.sequences["droplet"] = 4_040_000;
    expect((await activeDroplet(api)).id).toBe(4_050_000);
  });

  it("shows a failed boot: the droplet as archived, the action as errored", async () => {
    api.driver.create = () => Promise.reject(new Error("no disk left"));
    const { body } = await api.call("POST", "/v2/droplets", DROPLET);
    await dropletWith(api, body.droplet.id, (droplet) => droplet.status === "archive");
    expect((await api.call("GET", `/v2/actions/${body.links.actions[0].id}`)).body.action.status).toBe("errored");
  });
});

describe("listing droplets", () => {
  it("filters by tag and by name", async () => {
    await activeDroplet(api, { name: "a", tags: ["x"] });
    await activeDroplet(api, { name: "b" });
    const names = async (query: string): Promise<unknown[]> =>
      (await api.call("GET", `/v2/droplets?${query}`)).body.droplets.map((droplet) => droplet.name);
    expect(await names("tag_name=x")).toEqual(["a"]);
    expect(await names("name=b")).toEqual(["b"]);
    expect(await names("type=gpus")).toEqual([]);
    expect(await names("")).toEqual(["a", "b"]);
  });
});

describe("destroying a droplet", () => {
  it("keeps it visible and locked until its machine is gone, and then answers 404", async () => {
    const { id } = await activeDroplet(api);
    let destroyed = (): void => undefined;
    api.driver.destroy = () => new Promise<void>((resolve) => (destroyed = resolve));
    expect((await api.call("DELETE", `/v2/droplets/${id}`)).status).toBe(204);
    expect(await get(id)).toMatchObject({ status: "active", locked: true });
    expect((await api.call("DELETE", `/v2/droplets/${id}`)).status).toBe(204);
    destroyed();
    await eventually("404", async () => (await api.call("GET", `/v2/droplets/${id}`)).status === 404);
    expect((await api.call("DELETE", `/v2/droplets/${id}`)).status).toBe(404);
  });

  it("is tried again when the driver fails", async () => {
    const { id } = await activeDroplet(api);
    const destroy = api.driver.destroy.bind(api.driver);
    api.driver.destroy = (droplet) => {
      api.driver.destroy = destroy;
      return Promise.reject(new Error(`machine ${droplet} is busy`));
    };
    await api.call("DELETE", `/v2/droplets/${id}`);
    await eventually("404", async () => (await api.call("GET", `/v2/droplets/${id}`)).status === 404);
    expect(api.driver.machines.has(id)).toBe(false);
  });

  it("does not hand its addresses to the next droplet", async () => {
    const first = await activeDroplet(api);
    await api.call("DELETE", `/v2/droplets/${first.id}`);
    await eventually("404", async () => (await api.call("GET", `/v2/droplets/${first.id}`)).status === 404);
    const second = await activeDroplet(api);
    expect(second.networks.v4.map((one) => one.ip_address)).toEqual(["198.18.1.11", "198.19.1.3"]);
  });
});

describe("droplet actions", () => {
  const act = async (id: number, body: Record<string, unknown>): ReturnType<RunningApi["call"]> =>
    api.call("POST", `/v2/droplets/${id}/actions`, body);
  const finish = async (id: number, body: Record<string, unknown>): Promise<ActionView> => {
    const answer = await act(id, body);
    expect(answer.status).toBe(201);
    let action = answer.body.action;
    await eventually(`${String(body["type"])} to complete`, async () => {
      action = (await api.call("GET", `/v2/actions/${answer.body.action.id}`)).body.action;
      return action.completed_at !== null;
    });
    return action;
  };

  it("resizes the way the provider does: off, resize, on", async () => {
    const { id } = await activeDroplet(api);
    expect((await act(id, { type: "resize", size: "s-2vcpu-2gb", disk: true })).status).toBe(422);
    await finish(id, { type: "power_off" });
    expect((await get(id)).status).toBe("off");
    const again = await act(id, { type: "power_off" });
    expect([again.status, again.body.message]).toEqual([422, "Droplet is already powered off."]);
    expect(await finish(id, { type: "resize", size: "S-2VCPU-2GB", disk: true })).toMatchObject({
      status: "completed",
    });
    await finish(id, { type: "power_on" });
    expect(await get(id)).toMatchObject({ status: "active", size_slug: "s-2vcpu-2gb", disk: 60, memory: 2048 });
  });

  it("keeps the disk unless told, and never shrinks it", async () => {
    const { id } = await activeDroplet(api, { size: "s-1vcpu-2gb" });
    await finish(id, { type: "power_off" });
    await finish(id, { type: "resize", size: "s-2vcpu-2gb", disk: false });
    expect((await get(id)).disk).toBe(50);
    const smaller = await act(id, { type: "resize", size: "s-1vcpu-1gb", disk: true });
    expect([smaller.status, smaller.body.message]).toEqual([
      422,
      expect.stringContaining("disks cannot shrink") as string,
    ]);
  });

  it("renames, and enables IPv6 and backups, at once", async () => {
    const { id } = await activeDroplet(api);
    await finish(id, { type: "rename", name: "web-2" });
    await finish(id, { type: "enable_ipv6" });
    await finish(id, { type: "enable_backups", backup_policy: { plan: "weekly", weekday: "MON", hour: 8 } });
    const droplet = await get(id);
    expect(droplet.name).toBe("web-2");
    expect([...droplet.features]).toEqual(expect.arrayContaining(["backups", "ipv6"]));
    await finish(id, { type: "change_backup_policy", backup_policy: { plan: "daily", hour: 4 } });
    await finish(id, { type: "disable_backups" });
    // The provider asks for this of droplets that have none.
    await finish(id, { type: "disable_backups" });
    expect((await get(id)).features).not.toContain("backups");
    expect((await act(id, { type: "rename", name: "bad name" })).status).toBe(422);
    expect((await act(id, { type: "dance" })).status).toBe(422);
  });

  it("shuts down, also a droplet that is off already", async () => {
    const { id } = await activeDroplet(api);
    await finish(id, { type: "shutdown" });
    expect((await get(id)).status).toBe("off");
    await finish(id, { type: "shutdown" });
    await finish(id, { type: "power_on" });
    for (const type of ["reboot", "power_cycle"]) {
      await finish(id, { type });
      expect(await get(id)).toMatchObject({ status: "active", locked: false });
    }
  });

  it("allows one at a time, but lets power_off cut short a shutdown that hangs", async () => {
    const { id } = await activeDroplet(api);
    api.driver.shutdown = () => new Promise(() => undefined);
    await act(id, { type: "shutdown" });
    expect(await get(id)).toMatchObject({ status: "active", locked: true });
    const rename = await act(id, { type: "rename", name: "x" });
    expect([rename.status, rename.body.message]).toEqual([422, "Droplet already has a pending event."]);
    await finish(id, { type: "power_off" });
    expect(await get(id)).toMatchObject({ status: "off", locked: false });
  });

  it("rebuilds from another image at the same addresses", async () => {
    const before = await activeDroplet(api);
    await finish(before.id, { type: "rebuild", image: "debian-12-x64" });
    const after = await get(before.id);
    expect(after).toMatchObject({ status: "active", networks: before.networks, image: { slug: "debian-12-x64" } });
    expect(api.driver.machines.get(before.id)?.spec?.image).toBe("debian-12-x64");
  });

  it("shows as off what was switched off from the inside", async () => {
    await api.close();
    api = await startApi({ reconcileSeconds: 0.01 });
    const { id } = await activeDroplet(api);
    await api.driver.powerOff(id);
    await dropletWith(api, id, (droplet) => droplet.status === "off");
    await api.driver.powerOn(id);
    await dropletWith(api, id, (droplet) => droplet.status === "active");
  });
});

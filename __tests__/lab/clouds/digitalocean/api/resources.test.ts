import type { VolumeView } from "./support/answers";
import { activeDroplet, eventually, type RunningApi, startApi } from "./support/api";

let api: RunningApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const volume = async (changes: Record<string, unknown> = {}): Promise<VolumeView> => {
  const { status, body } = await api.call("POST", "/v2/volumes", {
    region: "lon1",
    name: "data",
    description: "",
    size_gigabytes: 10,
    snapshot_id: "",
    filesystem_type: "",
    filesystem_label: "",
    tags: [],
    ...changes,
  });
  if (status !== 201) throw new Error(`volume not created: ${body.message}`);
  return body.volume;
};

describe("volumes", () => {
  const act = (id: string, body: Record<string, unknown>): ReturnType<RunningApi["call"]> =>
    api.call("POST", `/v2/volumes/${id}/actions`, body);

  it("are attached and detached, and droplet and volume agree about it", async () => {
    const droplet = await activeDroplet(api);
    const { id, region, droplet_ids } = await volume();
    expect([region.slug, droplet_ids]).toEqual(["lon1", []]);
    const attach = await act(id, { type: "attach", droplet_id: droplet.id });
    expect(attach.status).toBe(202);
    expect((await api.call("GET", `/v2/actions/${attach.body.action.id}`)).body.action).toMatchObject({
      status: "completed",
      completed_at: expect.stringMatching(/Z$/) as string,
      resource_id: null,
    });
    expect((await api.call("GET", `/v2/volumes/${id}`)).body.volume.droplet_ids).toEqual([droplet.id]);
    expect((await api.call("GET", `/v2/droplets/${droplet.id}`)).body.droplet.volume_ids).toEqual([id]);
    expect((await api.call("DELETE", `/v2/volumes/${id}`)).status).toBe(409);
    expect((await act(id, { type: "detach", droplet_id: droplet.id })).status).toBe(202);
    expect((await act(id, { type: "detach", droplet_id: droplet.id })).status).toBe(422);
    expect((await api.call("DELETE", `/v2/volumes/${id}`)).status).toBe(204);
    expect((await api.call("DELETE", `/v2/volumes/${id}`)).status).toBe(404);
  });

  it("can be attached from birth, and are free again when the droplet is gone", async () => {
    const { id } = await volume();
    const droplet = await activeDroplet(api, { volumes: [{ id }] });
    expect(droplet.volume_ids).toEqual([id]);
    await api.call("DELETE", `/v2/droplets/${droplet.id}`);
    expect((await api.call("GET", `/v2/volumes/${id}`)).body.volume.droplet_ids).toEqual([]);
  });

  it("ask to be tried again while the droplet has a pending event", async () => {
    const droplet = await activeDroplet(api);
    const { id } = await volume();
    api.driver.shutdown = () => new Promise(() => undefined);
    await api.call("POST", `/v2/droplets/${droplet.id}/actions`, { type: "shutdown" });
    const { status, body } = await act(id, { type: "attach", droplet_id: droplet.id });
    expect([status, body.message]).toEqual([422, "Droplet already has a pending event."]);
  });

  it("grow and never shrink", async () => {
    const { id } = await volume();
    expect((await act(id, { type: "resize", size_gigabytes: 20, region: "lon1" })).status).toBe(202);
    expect((await act(id, { type: "resize", size_gigabytes: 10, region: "lon1" })).status).toBe(422);
    expect((await api.call("GET", `/v2/volumes/${id}`)).body.volume.size_gigabytes).toBe(20);
  });

  it.each([
    ["an upper-case name", { name: "Data" }, /name: given "Data"/],
    ["no region", { region: "" }, /region: given ""/],
    ["no size", { size_gigabytes: 0 }, /size_gigabytes: given 0/],
    ["a broken size", { size_gigabytes: 1.5 }, /size_gigabytes: given 1.5/],
    ["a snapshot", { snapshot_id: "x" }, /snapshot_id: given "x", expected no snapshot/],
    ["an odd file system", { filesystem_type: "zfs" }, /ext4 or xfs/],
  ])("are refused with %s", async (_what, changes, message) => {
    await expect(volume(changes)).rejects.toThrow(message);
  });

  it("are found by name and region", async () => {
    await volume();
    await volume({ region: "sgp1" });
    expect((await api.call("GET", "/v2/volumes?name=data")).body.meta.total).toBe(2);
    expect((await api.call("GET", "/v2/volumes?name=data&region=sgp1")).body.meta.total).toBe(1);
  });
});

describe("reserved IPs", () => {
  it("are assigned, moved and taken away", async () => {
    const [one, two] = [await activeDroplet(api), await activeDroplet(api)];
    const { status, body } = await api.call("POST", "/v2/reserved_ips", { region: "LON1" });
    expect(status).toBe(202);
    expect(body.reserved_ip).toMatchObject({ region: { slug: "lon1" }, droplet: null });
    const path = `/v2/reserved_ips/${body.reserved_ip.ip}`;
    for (const droplet of [one, two]) {
      const answer = await api.call("POST", `${path}/actions`, { type: "assign", droplet_id: droplet.id });
      expect(answer.status).toBe(201);
      const action = (await api.call("GET", `${path}/actions/${answer.body.action.id}`)).body.action;
      expect(action).toMatchObject({ status: "completed", completed_at: expect.stringMatching(/Z$/) as string });
      const { droplet: shown } = (await api.call("GET", path)).body.reserved_ip;
      expect(shown).toMatchObject({ id: droplet.id, region: { slug: "lon1" } });
    }
    expect((await api.call("POST", `${path}/actions`, { type: "unassign" })).status).toBe(201);
    expect((await api.call("POST", `${path}/actions`, { type: "unassign" })).status).toBe(422);
    expect((await api.call("DELETE", path)).status).toBe(204);
    expect((await api.call("DELETE", path)).status).toBe(404);
  });

  it("are free when their droplet is gone", async () => {
    const droplet = await activeDroplet(api);
    const { body } = await api.call("POST", "/v2/reserved_ips", { region: "lon1" });
    const path = `/v2/reserved_ips/${body.reserved_ip.ip}`;
    await api.call("POST", `${path}/actions`, { type: "assign", droplet_id: droplet.id });
    expect((await api.call("GET", path)).body.reserved_ip.droplet?.id).toBe(droplet.id);
    await api.call("DELETE", `/v2/droplets/${droplet.id}`);
    expect((await api.call("GET", path)).body.reserved_ip.droplet).toBeNull();
  });

  it("stay in their region", async () => {
    const droplet = await activeDroplet(api, { region: "nyc3" });
    const { body } = await api.call("POST", "/v2/reserved_ips", { region: "lon1" });
    const answer = await api.call("POST", `/v2/reserved_ips/${body.reserved_ip.ip}/actions`, {
      type: "assign",
      droplet_id: droplet.id,
    });
    expect([answer.status, answer.body.message]).toEqual([422, expect.stringContaining("a droplet in lon1") as string]);
  });
});

describe("domains", () => {
  const record = (changes: Record<string, unknown>): ReturnType<RunningApi["call"]> =>
    api.call("POST", "/v2/domains/example.com/records", {
      priority: 0,
      port: 0,
      weight: 0,
      flags: 0,
      ...changes,
    });
  beforeEach(() => api.call("POST", "/v2/domains", { name: "example.com" }));

  it("have a zone, with name servers from the start", async () => {
    const { domain } = (await api.call("GET", "/v2/domains/example.com")).body;
    expect(domain).toMatchObject({ name: "example.com", ttl: 1800 });
    expect(domain.zone_file).toContain("example.com. 1800 IN NS ns1.digitalocean.com.");
    expect((await api.call("POST", "/v2/domains", { name: "Example.com" })).status).toBe(422);
    expect((await api.call("POST", "/v2/domains", { name: "no dots" })).status).toBe(422);
  });

  it("answer names in records without the final dot they were sent with", async () => {
    const cname = await record({ type: "CNAME", name: "www", data: "example.org." });
    expect([cname.status, cname.body.domain_record.data, cname.body.domain_record.ttl]).toEqual([
      201,
      "example.org",
      1800,
    ]);
    const mx = await record({ type: "MX", name: "@", data: "mail.example.com.", priority: 10, ttl: 60 });
    expect(mx.body.domain_record).toMatchObject({ data: "mail.example.com", priority: 10, port: null, ttl: 60 });
    const txt = await record({ type: "TXT", name: "@", data: "ends with a dot." });
    expect(txt.body.domain_record.data).toBe("ends with a dot.");
  });

  it("change records without being told their type", async () => {
    const { body } = await record({ type: "A", name: "www", data: "192.0.2.1", ttl: 300 });
    const path = `/v2/domains/example.com/records/${body.domain_record.id}`;
    const put = await api.call("PUT", path, { name: "web", data: "192.0.2.2", priority: 0 });
    expect(put.body.domain_record).toMatchObject({ type: "A", name: "web", data: "192.0.2.2", ttl: 300 });
    expect((await api.call("DELETE", path)).status).toBe(204);
    expect((await api.call("GET", path)).status).toBe(404);
  });

  it.each([
    { type: "A", name: "x", data: "::1" },
    { type: "AAAA", name: "x", data: "192.0.2.1" },
    { type: "CNAME", name: "x", data: "example.org" },
    { type: "CNAME", name: "@", data: "example.org." },
    { type: "SOA", name: "@", data: "1800" },
    { type: "HINFO", name: "@", data: "x" },
    { type: "A", name: "", data: "192.0.2.1" },
    { type: "A", name: "x", data: "192.0.2.1", ttl: 5 },
  ])("refuse the record %j", async (changes) => {
    expect((await record(changes)).status).toBe(422);
  });

  it("are gone with their records", async () => {
    expect((await api.call("DELETE", "/v2/domains/example.com")).status).toBe(204);
    await eventually("404", async () => (await api.call("GET", "/v2/domains/example.com/records")).status === 404);
  });
});

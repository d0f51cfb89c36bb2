import type { VpcView } from "./support/answers";
import { activeDroplet, DROPLET, eventually, type RunningApi, startApi } from "./support/api";

let api: RunningApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const create = async (changes: Record<string, unknown> = {}): Promise<VpcView> => {
  const { status, body } = await api.call("POST", "/v2/vpcs", { name: "net", region: "lon1", ...changes });
  if (status !== 201) throw new Error(`VPC not created: ${body.message}`);
  return body.vpc;
};

describe("VPCs", () => {
  it("keep the range as it was written", async () => {
    const vpc = await create({ ip_range: "10.20.0.5/24", region: "LON1" });
    expect(vpc).toMatchObject({ ip_range: "10.20.0.5/24", region: "lon1", default: false, description: "" });
    expect(vpc.urn).toBe(`do:vpc:${vpc.id}`);
    const droplet = await activeDroplet(api, { vpc_uuid: vpc.id });
    expect(droplet.vpc_uuid).toBe(vpc.id);
    expect(droplet.networks.v4[1]).toMatchObject({ ip_address: "10.20.0.2", gateway: "10.20.0.1" });
  });

  it("get a free range of their own when none is given", async () => {
    await create({ name: "taken", ip_range: "198.19.1.0/24" });
    expect((await create({ name: "b" })).ip_range).toBe("198.19.2.0/24");
    expect((await create({ name: "c" })).ip_range).toBe("198.19.3.0/24");
  });

  it.each([
    ["a name in use", { name: "first" }, /no other VPC has/],
    ["a bad name", { name: "a b" }, /name: given "a b"/],
    ["no region", { region: undefined }, /region: given nothing/],
    ["an unknown region", { region: "mars1" }, /region: given "mars1"/],
    ["an overlapping range", { ip_range: "10.0.0.0/16" }, /does not overlap with 10.0.1.0\/24 of VPC first/],
    ["a public range", { ip_range: "8.8.8.0/24" }, /a range within 10.0.0.0\/8/],
    ["a huge range", { ip_range: "10.0.0.0/8" }, /from \/16 to \/28/],
    ["no range at all", { ip_range: "ten" }, /CIDR/],
    ["a long description", { description: "x".repeat(256) }, /at most 255/],
  ])("are refused with %s", async (_what, changes, message) => {
    await create({ name: "first", ip_range: "10.0.1.0/24" });
    await expect(create({ name: "second", ...changes })).rejects.toThrow(message);
  });

  it("lose a description that a PUT leaves out", async () => {
    const { id } = await create({ description: "first" });
    const put = await api.call("PUT", `/v2/vpcs/${id}`, { name: "renamed", default: false });
    expect(put.body.vpc).toMatchObject({ name: "renamed", description: "" });
  });

  it("answer 403 to DELETE until the last member's machine is gone", async () => {
    const vpc = await create();
    const droplet = await activeDroplet(api, { vpc_uuid: vpc.id });
    expect((await api.call("DELETE", `/v2/vpcs/${vpc.id}`)).status).toBe(403);
    await api.call("DELETE", `/v2/droplets/${droplet.id}`);
    await eventually("204", async () => (await api.call("DELETE", `/v2/vpcs/${vpc.id}`)).status === 204);
    expect((await api.call("DELETE", `/v2/vpcs/${vpc.id}`)).status).toBe(404);
  });

  it("take in only droplets of their region", async () => {
    const vpc = await create({ region: "nyc3" });
    const { status, body } = await api.call("POST", "/v2/droplets", { ...DROPLET, vpc_uuid: vpc.id });
    expect([status, body.message]).toEqual([422, expect.stringContaining("this one is in nyc3") as string]);
  });

  it("come one per region by default, made when first needed, not to be deleted", async () => {
    const [one, two] = [await activeDroplet(api), await activeDroplet(api)];
    expect(one.vpc_uuid).toBe(two.vpc_uuid);
    const { vpc } = (await api.call("GET", `/v2/vpcs/${one.vpc_uuid}`)).body;
    expect(vpc).toMatchObject({ name: "default-lon1", default: true });
    expect((await api.call("DELETE", `/v2/vpcs/${vpc.id}`)).status).toBe(403);
  });

  it("refuse droplets when they are full", async () => {
    const vpc = await create({ ip_range: "10.0.0.0/28" });
    for (let count = 0; count < 13; count += 1) {
      expect((await api.call("POST", "/v2/droplets", { ...DROPLET, vpc_uuid: vpc.id })).status).toBe(202);
    }
    const { status, body } = await api.call("POST", "/v2/droplets", { ...DROPLET, vpc_uuid: vpc.id });
    expect([status, body.message]).toEqual([422, "vpc_uuid: 10.0.0.0/28 has no address left"]);
  });
});

describe("VPC peerings", () => {
  it("go from PROVISIONING to ACTIVE, and from DELETING to 404", async () => {
    const [one, two] = [await create({ name: "a" }), await create({ name: "b", region: "sgp1" })];
    const { status, body } = await api.call("POST", "/v2/vpc_peerings", { name: "p", vpc_ids: [one.id, two.id] });
    expect(status).toBe(202);
    expect(body.vpc_peering).toMatchObject({ name: "p", vpc_ids: [one.id, two.id], status: "PROVISIONING" });
    const path = `/v2/vpc_peerings/${body.vpc_peering.id}`;
    await eventually("ACTIVE", async () => (await api.call("GET", path)).body.vpc_peering.status === "ACTIVE");
    expect((await api.call("PATCH", path, { name: "q" })).body.vpc_peering.name).toBe("q");
    expect((await api.call("GET", "/v2/vpc_peerings")).body.vpc_peerings).toHaveLength(1);
    expect((await api.call("DELETE", `/v2/vpcs/${one.id}`)).status).toBe(403);
    const deleted = await api.call("DELETE", path);
    expect([deleted.status, deleted.body.vpc_peering.status]).toEqual([202, "DELETING"]);
    await eventually("404", async () => (await api.call("GET", path)).status === 404);
    expect((await api.call("DELETE", `/v2/vpcs/${one.id}`)).status).toBe(204);
  });

  it("need two different VPCs that exist and are not peered yet", async () => {
    const [one, two] = [await create({ name: "a" }), await create({ name: "b" })];
    const peer = async (vpc_ids: unknown[]): Promise<number> =>
      (await api.call("POST", "/v2/vpc_peerings", { name: "p", vpc_ids })).status;
    expect(await peer([one.id, one.id])).toBe(422);
    expect(await peer([one.id])).toBe(422);
    expect(await peer([one.id, "none"])).toBe(422);
    expect(await peer([one.id, two.id])).toBe(202);
    expect(await peer([two.id, one.id])).toBe(422);
  });
});

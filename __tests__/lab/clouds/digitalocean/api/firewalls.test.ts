import type { ResolvedFirewall } from "../../../../../lab/machines/machine-driver";
import { VirtualMachineDriver } from "../../../../../lab/clouds/digitalocean/api/virtual-machine-driver";
import type { FirewallView } from "./support/answers";
import { activeDroplet, DROPLET, dropletWith, eventually, type RunningApi, startApi } from "./support/api";

let api: RunningApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const SSH = { protocol: "tcp", ports: "22", sources: { addresses: ["0.0.0.0/0"] } };
const OUT = { protocol: "udp", ports: "all", destinations: { addresses: ["0.0.0.0/0", "::/0"] } };

const create = async (changes: Record<string, unknown> = {}): Promise<FirewallView> => {
  const { status, body } = await api.call("POST", "/v2/firewalls", {
    name: "wall",
    inbound_rules: [SSH],
    outbound_rules: null,
    droplet_ids: null,
    tags: [],
    ...changes,
  });
  if (status !== 202) throw new Error(`firewall not created: ${body.message}`);
  return body.firewall;
};
const tag = (name: string): Promise<unknown> => api.call("POST", "/v2/tags", { name });
const filter = (id: number): ResolvedFirewall | undefined => api.driver.machines.get(id)?.firewall;

describe("firewalls, as the API shows them", () => {
  it("answer rules as they were given", async () => {
    await tag("web");
    const { id } = await create({
      inbound_rules: [
        { protocol: "tcp", ports: "7000-7001", sources: { tags: ["web"] } },
        { protocol: "tcp", ports: "1-65535", sources: { addresses: ["2001:DB8:0::/48", "10.1.2.3/8"] } },
        { protocol: "icmp", sources: { addresses: ["0.0.0.0/0"] } },
      ],
      outbound_rules: [OUT],
      tags: ["web"],
    });
    const { firewall } = (await api.call("GET", `/v2/firewalls/${id}`)).body;
    expect(firewall).toMatchObject({
      inbound_rules: [
        { protocol: "tcp", ports: "7000-7001", sources: { tags: ["web"] } },
        { protocol: "tcp", ports: "1-65535", sources: { addresses: ["2001:DB8:0::/48", "10.1.2.3/8"] } },
        // No ports at all are "0", and never "all" for icmp.
        { protocol: "icmp", ports: "0", sources: { addresses: ["0.0.0.0/0"] } },
      ],
      outbound_rules: [{ protocol: "udp", ports: "0", destinations: { addresses: ["0.0.0.0/0", "::/0"] } }],
      tags: ["web"],
      droplet_ids: [],
      status: "succeeded",
    });
  });

  it("do not show the droplets behind a tag", async () => {
    await activeDroplet(api, { tags: ["web"] });
    const { id } = await create({ tags: ["web"] });
    expect((await api.call("GET", `/v2/firewalls/${id}`)).body.firewall.droplet_ids).toEqual([]);
  });

  it("are replaced whole by PUT", async () => {
    const droplet = await activeDroplet(api);
    await tag("t");
    const { id } = await create({ tags: ["t"] });
    const { status, body } = await api.call("PUT", `/v2/firewalls/${id}`, {
      name: "other",
      inbound_rules: null,
      outbound_rules: [OUT],
      droplet_ids: [droplet.id],
      tags: [],
    });
    expect(status).toBe(200);
    expect(body.firewall).toMatchObject({ id, name: "other", inbound_rules: [], tags: [], droplet_ids: [droplet.id] });
  });

  it("let go of a droplet that is deleted", async () => {
    const droplet = await activeDroplet(api);
    const { id } = await create({ droplet_ids: [droplet.id] });
    await api.call("DELETE", `/v2/droplets/${droplet.id}`);
    expect((await api.call("GET", `/v2/firewalls/${id}`)).body.firewall.droplet_ids).toEqual([]);
  });

  it.each([
    ["a port above 65535", { inbound_rules: [{ ...SSH, ports: "65536" }] }, /inbound_rules\[0\].ports/],
    ["a range that runs backwards", { inbound_rules: [{ ...SSH, ports: "9-8" }] }, /inbound_rules\[0\].ports/],
    ["tcp without ports", { inbound_rules: [{ ...SSH, ports: "" }] }, /inbound_rules\[0\].ports/],
    ["icmp with a port", { inbound_rules: [{ ...SSH, protocol: "icmp" }] }, /icmp has none/],
    ["an unknown protocol", { inbound_rules: [{ ...SSH, protocol: "sctp" }] }, /protocol: given "sctp"/],
    ["no address", { inbound_rules: [{ ...SSH, sources: {} }] }, /at least one address, tag or droplet/],
    ["no sources", { inbound_rules: [{ protocol: "tcp", ports: "22" }] }, /inbound_rules\[0\].sources/],
    ["a bad address", { inbound_rules: [{ ...SSH, sources: { addresses: ["1.2.3.4/33"] } }] }, /addresses\[0\]/],
    ["a tag that does not exist", { tags: ["nobody"] }, /tags\[0\]: given "nobody", expected a tag that exists/],
    ["a droplet that does not exist", { droplet_ids: [7] }, /droplet_ids: given 7/],
    ["no rule at all", { inbound_rules: [] }, /at least one inbound or outbound rule/],
    ["a bad name", { name: "-x" }, /name: given "-x"/],
  ])("are refused with %s", async (_what, changes, message) => {
    await expect(create(changes)).rejects.toThrow(message);
  });

  it("have names of their own", async () => {
    await create();
    expect((await api.call("POST", "/v2/firewalls", { name: "wall", inbound_rules: [SSH] })).status).toBe(409);
  });
});

describe("firewalls, as the machines get them", () => {
  it("replace tags and droplets by all their addresses", async () => {
    await tag("web");
    const one = await activeDroplet(api, { name: "one", tags: ["web"], ipv6: true });
    const two = await activeDroplet(api, { name: "two", region: "sgp1" });
    await create({
      tags: ["web"],
      inbound_rules: [
        {
          protocol: "tcp",
          ports: "7001",
          sources: { tags: ["web"], droplet_ids: [two.id], addresses: ["10.0.0.0/8"] },
        },
      ],
    });
    const addresses = [one, two].flatMap((droplet) => droplet.networks.v4.map((entry) => entry.ip_address));
    const { inbound } = filter(one.id) ?? { inbound: [] };
    expect(inbound).toHaveLength(1);
    expect(inbound[0]).toMatchObject({ protocol: "tcp", ports: { from: 7001, to: 7001 } });
    expect([...(inbound[0]?.addresses ?? [])].sort()).toEqual(["10.0.0.0/8", "2001:db8:1::1000", ...addresses].sort());
    expect(filter(two.id)).toBeUndefined();
  });

  it("put every firewall of a droplet together, and none is no filter", async () => {
    const { id } = await activeDroplet(api, { tags: ["a"] });
    const first = await create({ name: "first", tags: ["a"] });
    const second = await create({ name: "second", droplet_ids: [id], inbound_rules: null, outbound_rules: [OUT] });
    expect(filter(id)).toEqual({
      inbound: [{ protocol: "tcp", ports: { from: 22, to: 22 }, addresses: ["0.0.0.0/0"] }],
      outbound: [{ protocol: "udp", addresses: ["0.0.0.0/0", "::/0"] }],
    });
    await api.call("DELETE", `/v2/firewalls/${first.id}`);
    expect(filter(id)?.inbound).toEqual([]);
    await api.call("DELETE", `/v2/firewalls/${second.id}`);
    expect(filter(id)).toBeUndefined();
  });

  it("drop a rule for a tag that nobody has, instead of letting everybody in", async () => {
    await tag("nobody");
    const { id } = await activeDroplet(api);
    await create({
      droplet_ids: [id],
      inbound_rules: [{ protocol: "tcp", ports: "22", sources: { tags: ["nobody"] } }],
    });
    expect(filter(id)).toEqual({ inbound: [], outbound: [] });
  });

  it("follow droplets and tags as they come and go", async () => {
    await tag("web");
    await create({ tags: ["web"], inbound_rules: [{ protocol: "tcp", ports: "7001", sources: { tags: ["web"] } }] });
    const one = await activeDroplet(api, { name: "one", tags: ["web"] });
    expect(filter(one.id)?.inbound[0]?.addresses).toHaveLength(2);
    const two = await activeDroplet(api, { name: "two" });
    const resources = { resources: [{ resource_id: String(two.id), resource_type: "droplet" }] };
    await api.call("POST", "/v2/tags/web/resources", resources);
    expect(filter(one.id)?.inbound[0]?.addresses).toHaveLength(4);
    expect(filter(two.id)?.inbound[0]?.addresses).toHaveLength(4);
    await api.call("DELETE", "/v2/tags/web/resources", resources);
    expect(filter(two.id)).toBeUndefined();
    await api.call("DELETE", `/v2/droplets/${one.id}`);
    await eventually("the first droplet being gone", () => !api.driver.machines.has(one.id));
  });

  it("stand before a droplet with a matching tag is shown as active, here and at its neighbours", async () => {
    await tag("web");
    await create({ tags: ["web"], inbound_rules: [{ protocol: "tcp", ports: "7001", sources: { tags: ["web"] } }] });
    const one = await activeDroplet(api, { name: "one", tags: ["web"] });
    let release = (): void => undefined;
    const set = api.driver.setFirewall.bind(api.driver);
    const held: number[] = [];
    api.driver.setFirewall = async (id, firewall) => {
      held.push(id);
      if (id !== one.id) await new Promise<void>((resolve) => (release = resolve));
      return set(id, firewall);
    };
    const { body } = await api.call("POST", "/v2/droplets", { ...DROPLET, name: "two", tags: ["web"] });
    const two = body.droplet.id;
    await eventually("both machines being told", () => held.includes(two) && held.includes(one.id));
    expect((await api.call("GET", `/v2/droplets/${two}`)).body.droplet.status).toBe("new");
    release();
    await dropletWith(api, two, (droplet) => droplet.status === "active");
    expect(filter(two)?.inbound[0]?.addresses).toHaveLength(4);
    expect(filter(one.id)?.inbound[0]?.addresses).toHaveLength(4);
  });

  it("tell the driver nothing that it knows already", async () => {
    const calls: number[] = [];
    const driver = new VirtualMachineDriver();
    const set = driver.setFirewall.bind(driver);
    driver.setFirewall = (id, firewall) => {
      calls.push(id);
      return set(id, firewall);
    };
    await api.close();
    api = await startApi({ driver });
    const { id } = await activeDroplet(api);
    const before = calls.length;
    await tag("unrelated");
    await create({ tags: ["unrelated"] });
    expect(calls).toHaveLength(before);
    await create({ name: "related", droplet_ids: [id] });
    expect(calls).toHaveLength(before + 1);
  });

  it("never let a droplet become active whose firewall cannot be set", async () => {
    api.driver.setFirewall = () => Promise.reject(new Error("nft is missing"));
    const { body } = await api.call("POST", "/v2/droplets", DROPLET);
    await eventually("the creation failing", async () => {
      const { droplet } = (await api.call("GET", `/v2/droplets/${body.droplet.id}`)).body;
      expect(droplet.status).not.toBe("active");
      return droplet.status === "archive";
    });
  }, 15_000);
});

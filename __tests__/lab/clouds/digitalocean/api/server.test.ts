import { type RunningApi, startApi, TOKEN } from "./support/api";

describe("the API server", () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  const raw = (path: string, init: RequestInit & { token?: string } = {}): Promise<Response> =>
    fetch(`${api.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${init.token ?? TOKEN}`, "content-type": "application/json" },
    });

  describe("lets in only who has the token", () => {
    it.each([
      ["another token", { authorization: "Bearer other" }],
      ["the bare word Bearer", { authorization: "Bearer" }],
      ["no header at all", {}],
    ])("with %s the answer is 401", async (_what, headers) => {
      for (const path of ["/v2/account", "/v2/nothing", "/lab/faults"]) {
        const response = await fetch(`${api.url}${path}`, { headers: headers as Record<string, string> });
        expect(response.status).toBe(401);
        expect(await response.json()).toEqual({
          id: "Unauthorized",
          message: "Unable to authenticate you",
          request_id: response.headers.get("x-request-id"),
        });
      }
    });
  });

  it("answers 404 for paths and ids that do not exist", async () => {
    for (const path of [
      "/v2/nothing",
      "/v2/load_balancers",
      "/v2/droplets/1",
      "/v2/account/keys/1",
      "/v2/tags/none",
      "/v2/vpcs/00000000-0000-0000-0000-000000000000",
      "/v2/firewalls/x",
      "/v2/volumes/x",
      "/v2/reserved_ips/192.0.2.1",
      "/v2/domains/example.com",
      "/v2/actions/1",
      "/v2/images/none",
      "/v2/vpc_peerings/x",
    ]) {
      const { status, body } = await api.call("GET", path);
      expect([path, status, body.id]).toEqual([path, 404, "not_found"]);
    }
  });

  it("answers a body that is not JSON with 400, and says where it breaks", async () => {
    const response = await raw("/v2/tags", { method: "POST", body: "{broken" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      id: "bad_request",
      message: expect.stringContaining("JSON") as string,
    });
  });

  it.each(["[]", "null", '"text"', ""])("answers the body %j with 422 where an object is needed", async (body) => {
    const response = await raw("/v2/tags", { method: "POST", body });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ id: "unprocessable_entity" });
  });

  it("accepts a DELETE that says JSON and has no body", async () => {
    await api.call("POST", "/v2/tags", { name: "short-lived" });
    const response = await raw("/v2/tags/short-lived", { method: "DELETE" });
    expect(response.status).toBe(204);
    expect(await response.text()).toBe("");
  });

  it("sets a request id and the rate limit on every answer", async () => {
    const first = await api.call("GET", "/v2/account");
    const second = await api.call("GET", "/v2/nothing");
    expect(first.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
    expect(Number(second.headers.get("ratelimit-remaining"))).toBe(
      Number(first.headers.get("ratelimit-remaining")) - 1,
    );
    expect(first.headers.get("ratelimit-limit")).toBe("5000");
    expect(Number(first.headers.get("ratelimit-reset"))).toBeGreaterThan(Date.now() / 1000);
  });

  it("has an account", async () => {
    expect((await api.call("GET", "/v2/account")).body.account).toMatchObject({ status: "active", droplet_limit: 25 });
  });

  describe("splits lists into pages", () => {
    beforeAll(async () => {
      for (let number = 1; number <= 7; number += 1) await api.call("POST", "/v2/tags", { name: `page-${number}` });
    });

    it("gives all links that there are, and prev on every page but the first", async () => {
      const page = async (number: number): Promise<string[]> => {
        const { body } = await api.call("GET", `/v2/tags?page=${number}&per_page=3`);
        expect(body.meta).toEqual({ total: 7 });
        return Object.keys(body.links.pages);
      };
      expect(await page(1)).toEqual(["next", "last"]);
      expect(await page(2)).toEqual(["first", "prev", "next", "last"]);
      expect(await page(3)).toEqual(["first", "prev"]);
    });

    it("can be walked the way the provider does: next page = prev's page + 2", async () => {
      const names: string[] = [];
      let number = 1;
      for (let pages = 0; pages < 10; pages += 1) {
        const { body } = await api.call("GET", `/v2/tags?page=${number}&per_page=2`);
        names.push(...body.tags.map((tag) => tag.name));
        const links = body.links.pages as unknown as Record<string, string | undefined>;
        if (links["next"] === undefined) break;
        const before = new URL(links["prev"] ?? "http://x/?page=0").searchParams.get("page");
        number = Number(before) + 2;
      }
      expect(names).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `page-${n}`));
    });

    it("keeps the list's filters in the links", async () => {
      const { body } = await api.call("GET", "/v2/images?type=distribution&per_page=2");
      expect(new URL(body.links.pages.next).searchParams.get("type")).toBe("distribution");
    });

    it("gives 20 items a page unless told, and 200 at most", async () => {
      expect((await api.call("GET", "/v2/sizes")).body.sizes).toHaveLength(20);
      const { body } = await api.call("GET", "/v2/sizes?per_page=1000");
      expect(body.sizes.length).toBe(body.meta.total);
      expect(body.links).toEqual({});
    });

    it.each(["page=0", "page=x", "per_page=-1"])("refuses %s", async (query) => {
      expect((await api.call("GET", `/v2/tags?${query}`)).status).toBe(422);
    });
  });

  describe("knows DigitalOcean's offer", () => {
    it("has every region, with a number of its own", async () => {
      const { body } = await api.call("GET", "/v2/regions?per_page=200");
      const slugs = body.regions.filter((region) => region.available).map((region) => region.slug);
      for (const slug of "lon1 nyc1 nyc2 nyc3 sfo2 sfo3 ams3 fra1 tor1 blr1 syd1 atl1 ric1 sgp1".split(" ")) {
        expect(slugs).toContain(slug);
      }
    });

    it("finds an image by slug and by id", async () => {
      const { body } = await api.call("GET", "/v2/images/debian-13-x64");
      expect(body.image).toMatchObject({ slug: "debian-13-x64", distribution: "Debian", public: true });
      expect((await api.call("GET", `/v2/images/${body.image.id}`)).body).toEqual(body);
    });

    it("has no private images", async () => {
      expect((await api.call("GET", "/v2/images?private=true")).body.images).toEqual([]);
    });
  });
});

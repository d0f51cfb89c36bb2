import type { LabApi } from "../../../../../lab/clouds/digitalocean/client";
import { activeDroplet, DROPLET, dropletWith, type RunningApi, startApi } from "./support/api";

let api: RunningApi;
let lab: LabApi;
beforeEach(async () => {
  api = await startApi();
  lab = api.client;
});
afterEach(() => api.close());

const statuses = async (count: number, path = "/v2/account"): Promise<number[]> => {
  const seen: number[] = [];
  for (let number = 0; number < count; number += 1) seen.push((await api.call("GET", path)).status);
  return seen;
};

describe("faults in answers", () => {
  it("strike as often as they were told, and then no more", async () => {
    await lab.injectFault({ kind: "status", pathPattern: "^/v2/account$", status: 500, times: 2 });
    expect(await statuses(3)).toEqual([500, 500, 200]);
    expect(await lab.faults()).toEqual([]);
  });

  it("strike only their method and path", async () => {
    await lab.injectFault({ kind: "status", method: "post", pathPattern: "/v2/tags", status: 503, times: "forever" });
    expect((await api.call("GET", "/v2/tags")).status).toBe(200);
    expect((await api.call("POST", "/v2/tags", { name: "a" })).status).toBe(503);
    expect((await api.call("GET", "/v2/tags")).body.meta.total).toBe(0);
    await lab.clearFaults();
    expect((await api.call("POST", "/v2/tags", { name: "a" })).status).toBe(201);
  });

  it("can ask to come back later", async () => {
    await lab.injectFault({
      kind: "status",
      pathPattern: "account",
      status: 429,
      retryAfterSeconds: 7,
      message: "slow",
    });
    const { status, headers, body } = await api.call("GET", "/v2/account");
    expect([status, headers.get("retry-after"), body.id, body.message]).toEqual([
      429,
      "7",
      "too_many_requests",
      "slow",
    ]);
  });

  it("can come after the effect, as when a gateway loses the answer", async () => {
    await lab.injectFault({ kind: "status", method: "POST", pathPattern: "tags$", status: 500, afterEffect: true });
    const { status, body } = await api.call("POST", "/v2/tags", { name: "made" });
    expect([status, body.id]).toEqual([500, "server_error"]);
    expect((await api.call("GET", "/v2/tags/made")).status).toBe(200);
    await lab.injectFault({ kind: "status", method: "DELETE", pathPattern: "tags", status: 502, afterEffect: true });
    expect((await api.call("DELETE", "/v2/tags/made")).status).toBe(502);
    expect((await api.call("DELETE", "/v2/tags/made")).status).toBe(404);
  });

  it("can drop the connection, before or after the effect", async () => {
    await lab.injectFault({ kind: "drop", method: "POST", pathPattern: "tags" });
    await expect(api.call("POST", "/v2/tags", { name: "a" })).rejects.toThrow();
    expect((await api.call("GET", "/v2/tags/a")).status).toBe(404);
    await lab.injectFault({ kind: "drop", method: "POST", pathPattern: "tags", afterEffect: true });
    await expect(api.call("POST", "/v2/tags", { name: "a" })).rejects.toThrow();
    expect((await api.call("GET", "/v2/tags/a")).status).toBe(200);
  });

  it("can be slowness", async () => {
    await lab.injectFault({ kind: "latency", pathPattern: "account", ms: 80 });
    const start = Date.now();
    await api.call("GET", "/v2/account");
    expect(Date.now() - start).toBeGreaterThanOrEqual(75);
  });

  it("can be taken back one by one", async () => {
    const { id } = await lab.injectFault({ kind: "status", pathPattern: ".", status: 500, times: "forever" });
    expect((await lab.faults()).map((one) => one.id)).toEqual([id]);
    await lab.removeFault(id);
    expect(await statuses(1)).toEqual([200]);
    await expect(lab.removeFault(id)).rejects.toThrow("404");
  });

  it.each([
    [{ kind: "nonsense" }, /kind: given "nonsense", expected one of status, drop/],
    [{ kind: "status", pathPattern: "(", status: 500 }, /pathPattern: .*a regular expression/],
    [{ kind: "status", pathPattern: ".", status: 200 }, /status: given 200/],
    [{ kind: "status", status: 500 }, /pathPattern: given nothing/],
    [{ kind: "droplet-slow", namePattern: "." }, /seconds: given nothing/],
  ])("are refused when they make no sense: %j", async (fault, message) => {
    const { status, body } = await api.call("POST", "/lab/faults", fault);
    expect(status).toBe(422);
    expect(body.message).toMatch(message);
  });
});

describe("faults of droplets", () => {
  it("keep a droplet in new, for the first of that name only", async () => {
    await lab.injectFault({ kind: "droplet-stays-new", namePattern: "^web" });
    const { body } = await api.call("POST", "/v2/droplets", DROPLET);
    await activeDroplet(api);
    expect((await api.call("GET", `/v2/droplets/${body.droplet.id}`)).body.droplet.status).toBe("new");
    expect(api.driver.machines.has(body.droplet.id)).toBe(false);
    expect((await api.call("DELETE", `/v2/droplets/${body.droplet.id}`)).status).toBe(204);
  });

  it("make a creation fail", async () => {
    await lab.injectFault({ kind: "droplet-errored", namePattern: "." });
    const { body } = await api.call("POST", "/v2/droplets", DROPLET);
    await dropletWith(api, body.droplet.id, (droplet) => droplet.status === "archive");
  });

  it("make a creation late", async () => {
    await lab.injectFault({ kind: "droplet-slow", namePattern: ".", seconds: 0.1 });
    const start = Date.now();
    await activeDroplet(api);
    expect(Date.now() - start).toBeGreaterThanOrEqual(95);
  });

  it("tell the machine to keep SSH waiting", async () => {
    await lab.injectFault({ kind: "ssh-not-ready", namePattern: "web", seconds: 20 });
    const { id } = await activeDroplet(api);
    expect(api.driver.machines.get(id)?.spec?.sshNotReadySeconds).toBe(20);
  });

  it("lock droplets, for a time or until taken back", async () => {
    const { id } = await activeDroplet(api);
    const locked = async (): Promise<unknown> => (await api.call("GET", `/v2/droplets/${id}`)).body.droplet.locked;
    await lab.injectFault({ kind: "locked", namePattern: "web", seconds: 0.05 });
    expect(await locked()).toBe(true);
    await dropletWith(api, id, (droplet) => !droplet.locked);
    await lab.injectFault({ kind: "locked", namePattern: "web" });
    expect(await locked()).toBe(true);
    await lab.clearFaults();
    expect(await locked()).toBe(false);
  });

  it("make an action end in errored, without effect", async () => {
    const { id } = await activeDroplet(api);
    await lab.injectFault({ kind: "action-errored", typePattern: "rename" });
    const { body } = await api.call("POST", `/v2/droplets/${id}/actions`, { type: "rename", name: "other" });
    expect(body.action.status).toBe("errored");
    expect((await api.call("GET", `/v2/droplets/${id}`)).body.droplet.name).toBe("web-1");
  });
});

describe("the request log", () => {
  it("tells what was asked and answered, without user data", async () => {
    await activeDroplet(api, { user_data: "secret" });
    await lab.injectFault({ kind: "status", pathPattern: "account", status: 500 });
    await api.call("GET", "/v2/account");
    const requests = await lab.requests();
    expect(requests[0]).toMatchObject({
      method: "POST",
      url: "/v2/droplets",
      status: 202,
      body: { name: "web-1", user_data: "(6 characters)" },
    });
    expect(JSON.stringify(requests)).not.toContain("secret");
    expect(await lab.requests("^/v2/account")).toMatchObject([{ status: 500, fault: "status" }]);
    await lab.forgetRequests();
    expect(await lab.requests()).toEqual([]);
  });
});

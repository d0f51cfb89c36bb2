/** @independent */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { LAB_GO_TESTS } from "../../../../../lab/go-tested";
import type { LabApi } from "../../../../../lab/clouds/digitalocean/client";
import { waitFor } from "../../../../../lab/tools/wait";
import { useCleanup } from "../../../../cleanup";
import { startApi } from "../api/support/api";
import { passGoTests } from "../../../go-tests";
import { DROPLET, EVERYTHING, IN_PROJECT, THREE_DROPLETS } from "./configurations";
import { TOKEN, Workspace } from "./terraform-workspace";

jest.setTimeout(900_000);

const atEnd = useCleanup();
let work: Workspace;

beforeAll(async () => {
  work = await Workspace.open("http://127.0.0.1:1");
  atEnd(() => work.close());
  await work.write("");
  await work.init();
});

test("the provider passes its own tests", async () => {
  await passGoTests(LAB_GO_TESTS.provider);
});

describe("against the lab's API", () => {
  const atEndOfTest = useCleanup(afterEach);
  let api: LabApi;
  beforeEach(async () => {
    const server = await startApi({ tokens: [TOKEN] });
    atEndOfTest(() => server.close());
    api = server.client;
  });

  async function begin(config: string): Promise<void> {
    await work.beginAnew(config, api.url);
  }

  /** Other than the test's own, to the lab's paths. */
  function requests(): ReturnType<LabApi["requests"]> {
    return api.requests("^/v2/");
  }

  async function count(url: RegExp, method: string): Promise<number> {
    return (await requests()).filter((r) => url.test(r.url) && r.method === method).length;
  }

  test("one of everything: created, left alone, changed in place, left alone, destroyed", async () => {
    await begin(EVERYTHING);
    expect(await work.apply()).toMatchObject({ ok: true });
    expect((await work.plan()).output).toContain("No changes.");

    const change = { TF_VAR_name: "two", TF_VAR_size: "s-2vcpu-2gb", TF_VAR_tags: '["env:prod","Web"]' };
    await api.forgetRequests();
    expect((await work.apply(change)).output).toContain("0 added, 3 changed, 0 destroyed");
    // Off, resize, on, rename for each of three.
    expect(await count(/^\/v2\/droplets\/\d+\/actions$/, "POST")).toBe(12);
    expect((await work.plan(change)).output).toContain("No changes.");

    expect(await work.destroy(change)).toMatchObject({ ok: true });
    expect(await api.request("GET", "/v2/droplets")).toMatchObject({ droplets: [] });
    expect(await api.request("GET", "/v2/volumes")).toMatchObject({ volumes: [] });
    expect(await api.request("GET", "/v2/firewalls")).toMatchObject({ firewalls: [] });
  });

  // Its waits are among the provider's own tests.
  test("as many requests as the original sends", async () => {
    await begin(THREE_DROPLETS);
    await api.forgetRequests();
    expect(await work.apply()).toMatchObject({ ok: true });
    expect(await requests()).toHaveLength(19);

    await api.forgetRequests();
    expect((await work.plan()).output).toContain("No changes.");
    expect(await requests()).toHaveLength(9);

    await api.forgetRequests();
    expect(await work.destroy()).toMatchObject({ ok: true });
    expect(await requests()).toHaveLength(24);
  });

  test.each([
    ["user data", "TF_VAR_user_data", "#cloud-config\n# edited"],
    ["monitoring", "TF_VAR_monitoring", "true"],
  ])("another value of %s is a replacement", async (_what, variable, value) => {
    await begin(DROPLET);
    expect(await work.apply()).toMatchObject({ ok: true });
    expect((await work.plan({ [variable]: value })).output).toContain("must be replaced");
  });

  test("a droplet can be imported, and its user data then plans a replacement", async () => {
    await begin(DROPLET);
    await work.apply();
    const { droplets } = (await api.request("GET", "/v2/droplets")) as { droplets: { id: number }[] };
    await work.terraformCommand(["state", "rm", "digitalocean_droplet.d"]);
    const imported = await work.terraformCommand([
      "import",
      "-input=false",
      "digitalocean_droplet.d",
      String(droplets[0]?.id),
    ]);
    expect(imported).toMatchObject({ ok: true });
    expect((await work.plan()).output).toMatch(/user_data .*forces replacement/);
  });

  test("droplets are put into a project, beside others, and go back into the default one", async () => {
    const { project } = (await api.request("POST", "/v2/projects", { name: "p", purpose: "Service or API" })) as {
      project: { id: string };
    };
    const inProject = async (): Promise<string[]> => {
      const { resources } = (await api.request("GET", `/v2/projects/${project.id}/resources`)) as {
        resources: { urn: string }[];
      };
      return resources.map(({ urn }) => urn);
    };
    await begin(IN_PROJECT);
    const both = { TF_VAR_project: project.id };
    expect(await work.apply(both)).toMatchObject({ ok: true });
    expect(await inProject()).toHaveLength(2);
    expect(await count(/resources$/, "POST")).toBe(1);

    const one = { ...both, TF_VAR_names: '["b"]' };
    expect((await work.apply(one)).output).toContain("0 added, 1 changed, 0 destroyed");
    expect(await inProject()).toHaveLength(1);
    // One that is there beside those of the configuration is nobody's business.
    const droplets = (await api.droplets()).map(({ id }) => `do:droplet:${id}`);
    await api.request("POST", `/v2/projects/${project.id}/resources`, { resources: droplets });
    expect((await work.plan(one)).output).toContain("No changes.");
    // One that somebody took out is put back.
    await api.request("POST", "/v2/projects/default/resources", { resources: droplets });
    expect((await work.apply(one)).output).toContain("0 added, 1 changed, 0 destroyed");

    expect(await work.destroy(one)).toMatchObject({ ok: true });
    expect(await inProject()).toEqual([]);
  });

  test("a droplet that fails to boot fails the apply at once, and the next apply makes another", async () => {
    await begin(DROPLET);
    await api.injectFault({ kind: "droplet-errored", namePattern: "alone" });
    const { ok, output } = await work.apply();
    expect(ok).toBe(false);
    expect(output).toMatch(/unexpected state '.*', wanted target 'active'/);
    expect((await work.apply()).output).toContain("1 added, 0 changed, 1 destroyed");
  });

  test("an overloaded API is asked again, as often as it is told to", async () => {
    await begin(DROPLET);
    await api.injectFault({
      kind: "status",
      status: 429,
      pathPattern: "^/v2/droplets$",
      method: "POST",
      times: 2,
    });
    expect(await work.apply()).toMatchObject({ ok: true });
    expect(await count(/^\/v2\/droplets$/, "POST")).toBe(3);

    await api.injectFault({ kind: "status", status: 503, pathPattern: "^/v2/droplets", times: "forever" });
    await api.forgetRequests();
    const failed = await work.plan();
    expect(failed.output).toMatch(/giving up after 5 attempt/);
    expect(await count(/^\/v2\/droplets/, "GET")).toBe(5);

    await api.forgetRequests();
    expect(await work.plan({ DIGITALOCEAN_HTTP_RETRY_MAX: "0" })).toMatchObject({
      ok: false,
      output: expect.stringMatching(/GET \S+\/v2\/droplets\/\d+: 503 /) as string,
    });
    expect(await count(/^\/v2\/droplets/, "GET")).toBe(1);
  });

  test("Retry-After is waited for", async () => {
    await begin(DROPLET);
    const pathPattern = "^/v2/droplets$";
    await api.injectFault({ kind: "status", status: 429, pathPattern, method: "POST", retryAfterSeconds: 2 });
    expect(await work.apply()).toMatchObject({ ok: true });
    const [refused, repeated] = (await requests()).filter(({ method }) => method === "POST");
    // Both in whole seconds, rounded down: a wait of less than a second, as without the header, makes 1 of them at most.
    expect(Date.parse(repeated.time) - Date.parse(refused.time)).toBeGreaterThanOrEqual(2000);
  });

  test("an answer lost after its effect makes a second droplet, as with the original", async () => {
    await begin(DROPLET);
    const pathPattern = "^/v2/droplets$";
    await api.injectFault({ kind: "status", status: 500, pathPattern, method: "POST", afterEffect: true });
    expect(await work.apply()).toMatchObject({ ok: true });
    expect(((await api.request("GET", "/v2/droplets")) as { droplets: unknown[] }).droplets).toHaveLength(2);
  });

  test("what vanished is planned again", async () => {
    await begin(DROPLET);
    await work.apply();
    const { droplets } = (await api.request("GET", "/v2/droplets")) as { droplets: { id: number }[] };
    await api.request("DELETE", `/v2/droplets/${droplets[0]?.id ?? 0}`);
    await waitFor("the end of the droplet", async () => (await api.droplets()).length === 0, 60);
    expect((await work.plan()).output).toContain("1 to add, 0 to change, 0 to destroy");
  });

  test("the secret parts of user data are not in the state", async () => {
    await begin(DROPLET);
    await work.apply({ TF_VAR_user_data: "#cloud-config\n# hunter2" });
    const state = await work.terraformCommand(["show", "-json"]);
    expect(state.output).not.toContain("hunter2");
    expect(state.output).toMatch(/"user_data":"[0-9a-f]{40}"/);
  });
});

function endServer(server: Server): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

describe("answers that crash the original are errors", () => {
  const atEndOfTest = useCleanup(afterEach);
  let droplet: Record<string, unknown>;
  let bodies: string[];

  beforeEach(async () => {
    droplet = {
      id: 1,
      name: "alone",
      status: "active",
      region: { slug: "lon1" },
      size: { slug: "s-1vcpu-1gb" },
      networks: {},
    };
    bodies = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        if (request.method === "POST") bodies.push(body);
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ droplet }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    atEndOfTest(() => endServer(server));
    await work.beginAnew(DROPLET, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });

  test("the smallest answer that does is enough, and the request is the original's to the letter", async () => {
    expect(await work.apply()).toMatchObject({ ok: true });
    expect((await work.plan()).output).toContain("No changes.");
    expect(bodies).toEqual([
      '{"name":"alone","region":"lon1","size":"s-1vcpu-1gb","image":"debian-13-x64","ssh_keys":null,"backups":false,' +
        '"ipv6":false,"private_networking":false,"monitoring":false,"user_data":"#cloud-config","tags":[]}\n',
    ]);
  });

  test.each(["region", "size", "networks"])("a droplet without %s", async (field) => {
    droplet = { ...droplet, [field]: null };
    expect((await work.apply()).output).toMatch(new RegExp(`has no "droplet.${field}"`));
  });

  test.each([
    ["off", /unexpected state 'off', wanted target 'active'/],
    ["ACTIVE", /unexpected state 'ACTIVE', wanted target 'active'/],
  ])("a droplet that turns %s while it is created", async (status, message) => {
    droplet = { ...droplet, status };
    expect((await work.apply()).output).toMatch(message);
  });

  test("an empty list of features is an opinion, and a missing one is none", async () => {
    droplet = { ...droplet, features: ["monitoring"] };
    expect(await work.apply()).toMatchObject({ ok: true });
    expect((await work.plan()).output).toContain("must be replaced");
  });

  test("a VPC that was not asked for is no drift, a region in upper case is a replacement", async () => {
    droplet = { ...droplet, vpc_uuid: "5a4981aa-9653-4bd1-bef5-d6bff52042e4" };
    expect(await work.apply()).toMatchObject({ ok: true });
    expect((await work.plan()).output).toContain("No changes.");
    droplet = { ...droplet, region: { slug: "LON1" } };
    expect((await work.plan()).output).toContain("must be replaced");
  });
});

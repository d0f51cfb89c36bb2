import { activeDroplet, FINGERPRINTS, KEYS, type RunningApi, startApi } from "./support/api";

describe("SSH keys", () => {
  let api: RunningApi;
  beforeEach(async () => {
    api = await startApi();
  });
  afterEach(() => api.close());

  it.each(["ed25519", "rsa", "ecdsa"] as const)("have ssh-keygen's MD5 fingerprint (%s)", async (kind) => {
    const { status, body } = await api.call("POST", "/v2/account/keys", { name: kind, public_key: KEYS[kind] });
    expect(status).toBe(201);
    expect(body.ssh_key).toMatchObject({ name: kind, fingerprint: FINGERPRINTS[kind], public_key: KEYS[kind] });
    for (const identifier of [body.ssh_key.id, FINGERPRINTS[kind]]) {
      expect((await api.call("GET", `/v2/account/keys/${identifier}`)).body).toEqual(body);
    }
  });

  it("keep their comment and lose only the white space around them", async () => {
    const { body } = await api.call("POST", "/v2/account/keys", { name: "n", public_key: `  ${KEYS.ed25519}\n` });
    expect(body.ssh_key.public_key).toBe(KEYS.ed25519);
  });

  it("exist once, whatever their name and comment", async () => {
    await api.call("POST", "/v2/account/keys", { name: "one", public_key: KEYS.ed25519 });
    const again = await api.call("POST", "/v2/account/keys", { name: "two", public_key: `${KEYS.ed25519}-other` });
    expect(again.status).toBe(422);
    expect(again.body.message).toBe("SSH Key is already in use on your account");
  });

  it.each([
    ["no key", "hello"],
    ["a cut one", KEYS.ed25519.slice(0, 60)],
    ["another type than it says", KEYS.ed25519.replace("ssh-ed25519", "ssh-rsa")],
    ["two keys", `${KEYS.ed25519}\n${KEYS.rsa}`],
    ["a private key", "-----BEGIN OPENSSH PRIVATE KEY-----"],
  ])("are refused when the text is %s", async (_what, text) => {
    const { status, body } = await api.call("POST", "/v2/account/keys", { name: "n", public_key: text });
    expect(status).toBe(422);
    expect(body.message).toMatch(/^public_key: given .* expected one OpenSSH public key/);
  });

  it("can be renamed and deleted once", async () => {
    const { body } = await api.call("POST", "/v2/account/keys", { name: "old", public_key: KEYS.rsa });
    const path = `/v2/account/keys/${body.ssh_key.id}`;
    expect((await api.call("PUT", path, { name: "new" })).body.ssh_key.name).toBe("new");
    expect((await api.call("DELETE", path)).status).toBe(204);
    expect((await api.call("DELETE", path)).status).toBe(404);
  });
});

describe("tags", () => {
  let api: RunningApi;
  beforeEach(async () => {
    api = await startApi();
  });
  afterEach(() => api.close());

  it("always have the counts of all five kinds", async () => {
    const { status, body } = await api.call("POST", "/v2/tags", { name: "env:prod" });
    expect(status).toBe(201);
    const zero = { count: 0 };
    const kinds = { droplets: zero, images: zero, volumes: zero, volume_snapshots: zero, databases: zero };
    expect(body).toEqual({ tag: { name: "env:prod", resources: { count: 0, ...kinds } } });
  });

  it("may be created again, and keep their first spelling", async () => {
    await api.call("POST", "/v2/tags", { name: "Web" });
    const again = await api.call("POST", "/v2/tags", { name: "web" });
    expect([again.status, again.body.tag.name]).toEqual([201, "Web"]);
    expect((await api.call("GET", "/v2/tags/WEB")).body.tag.name).toBe("Web");
    expect((await api.call("GET", "/v2/tags")).body.meta.total).toBe(1);
  });

  it.each(["", "with space", "ü", "a".repeat(256), 7])("are refused when named %j", async (name) => {
    const { status, body } = await api.call("POST", "/v2/tags", { name });
    expect([status, body.message]).toEqual([400, expect.stringMatching(/^name: given .*letters, digits/) as string]);
  });

  it("may be 255 characters long, also in the path", async () => {
    const name = "a".repeat(255);
    await api.call("POST", "/v2/tags", { name });
    expect((await api.call("GET", `/v2/tags/${name}`)).status).toBe(200);
  });

  it("are put on droplets and taken off with a body, colons unescaped", async () => {
    const droplet = await activeDroplet(api);
    await api.call("POST", "/v2/tags", { name: "env:prod" });
    const resources = { resources: [{ resource_id: String(droplet.id), resource_type: "droplet" }] };
    expect((await api.call("POST", "/v2/tags/env:prod/resources", resources)).status).toBe(204);
    expect((await api.call("GET", `/v2/droplets/${droplet.id}`)).body.droplet.tags).toEqual(["env:prod"]);
    const { tag } = (await api.call("GET", "/v2/tags/env:prod")).body;
    expect(tag.resources.droplets).toEqual({
      count: 1,
      last_tagged_uri: `${api.url}/v2/droplets/${droplet.id}`,
    });
    expect((await api.call("DELETE", "/v2/tags/env:prod/resources", resources)).status).toBe(204);
    expect((await api.call("GET", `/v2/droplets/${droplet.id}`)).body.droplet.tags).toEqual([]);
  });

  it("touch no resource when one of those named does not exist", async () => {
    const droplet = await activeDroplet(api);
    await api.call("POST", "/v2/tags", { name: "t" });
    const resources = [droplet.id, 1].map((id) => ({ resource_id: String(id), resource_type: "droplet" }));
    expect((await api.call("POST", "/v2/tags/t/resources", { resources })).status).toBe(404);
    expect((await api.call("GET", `/v2/droplets/${droplet.id}`)).body.droplet.tags).toEqual([]);
  });

  it("leave everything they were on when they are deleted", async () => {
    const droplet = await activeDroplet(api, { tags: ["gone-soon", "stays"] });
    expect((await api.call("DELETE", "/v2/tags/gone-soon")).status).toBe(204);
    expect((await api.call("GET", `/v2/droplets/${droplet.id}`)).body.droplet.tags).toEqual(["stays"]);
    expect((await api.call("DELETE", "/v2/tags/gone-soon")).status).toBe(404);
  });
});

import type { ProjectView } from "./support/answers";
import { activeDroplet, type RunningApi, startApi } from "./support/api";

let api: RunningApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const create = async (changes: Record<string, unknown> = {}): Promise<ProjectView> => {
  const project = { name: "etcd", purpose: "Service or API", environment: "Production", ...changes };
  const { status, body } = await api.call("POST", "/v2/projects", project);
  if (status !== 201) throw new Error(`project not created: ${body.message}`);
  return body.project;
};

const inProject = async (id: string): Promise<string[]> => {
  const { status, body } = await api.call("GET", `/v2/projects/${id}/resources`);
  if (status !== 200) throw new Error(body.message);
  return body.resources.map(({ urn }) => urn);
};

const assign = async (id: string, resources: unknown): Promise<string[]> => {
  const { status, body } = await api.call("POST", `/v2/projects/${id}/resources`, { resources });
  if (status !== 200) throw new Error(body.message);
  return body.resources.map(({ urn, status: at }) => `${urn} ${at}`);
};

describe("projects", () => {
  it("have what was made in none in the default one, which there is from the start", async () => {
    const { id } = await activeDroplet(api);
    const { body } = await api.call("GET", "/v2/projects/default");
    expect(body.project).toMatchObject({ is_default: true });
    expect(await inProject("default")).toEqual([`do:droplet:${id}`]);
    expect(await inProject(body.project.id)).toEqual([`do:droplet:${id}`]);
  });

  it("take resources from each other: none is in two", async () => {
    const urn = `do:droplet:${(await activeDroplet(api)).id}`;
    const [one, two] = [await create(), await create({ name: "two" })];
    expect(await assign(one.id, [urn])).toEqual([`${urn} assigned`]);
    expect(await assign(one.id, [urn])).toEqual([`${urn} already_assigned`]);
    expect([await inProject(one.id), await inProject(two.id), await inProject("default")]).toEqual([[urn], [], []]);
    await assign(two.id, [urn]);
    expect([await inProject(one.id), await inProject(two.id), await inProject("default")]).toEqual([[], [urn], []]);
    await assign("default", [urn]);
    expect([await inProject(one.id), await inProject(two.id), await inProject("default")]).toEqual([[], [], [urn]]);
  });

  it("lose a droplet with its deletion, and can't be deleted before", async () => {
    const { id } = await activeDroplet(api);
    const project = await create();
    await assign(project.id, [`do:droplet:${id}`]);
    const refused = await api.call("DELETE", `/v2/projects/${project.id}`);
    expect([refused.status, refused.body.message]).toEqual([412, "cannot delete a project with resources"]);
    await api.call("DELETE", `/v2/droplets/${id}`);
    expect(await inProject(project.id)).toEqual([]);
    expect((await api.call("DELETE", `/v2/projects/${project.id}`)).status).toBe(204);
    expect((await api.call("GET", `/v2/projects/${project.id}`)).status).toBe(404);
    const { body } = await api.call("GET", "/v2/projects/default");
    expect((await api.call("DELETE", `/v2/projects/${body.project.id}`)).status).toBe(412);
  });

  it("are changed field by field; another default one leaves all where it is", async () => {
    const urn = `do:droplet:${(await activeDroplet(api)).id}`;
    const first = (await api.call("GET", "/v2/projects/default")).body.project;
    const { id } = await create({ purpose: "Ours", environment: "production" });
    const patched = await api.call("PATCH", `/v2/projects/${id}`, { name: "renamed", is_default: true });
    expect(patched.body.project).toMatchObject({
      name: "renamed",
      purpose: "Other: Ours",
      environment: "Production",
      is_default: true,
    });
    expect((await api.call("GET", "/v2/projects/default")).body.project.id).toBe(id);
    expect([await inProject(first.id), await inProject(id)]).toEqual([[urn], []]);
  });

  it("say of what there is not that it was not found, and assign the rest", async () => {
    const urn = `do:droplet:${(await activeDroplet(api)).id}`;
    const { id } = await create();
    expect(await assign(id, ["do:droplet:1", urn])).toEqual(["do:droplet:1 not_found", `${urn} assigned`]);
    expect(await inProject(id)).toEqual([urn]);
  });

  it.each([
    ["no name", { name: "" }, /name: given ""/],
    ["a name in use", { name: "first-project" }, /no other project has/],
    ["a long name", { name: "x".repeat(176) }, /at most 175 characters/],
    ["no purpose", { purpose: undefined }, /purpose: given nothing/],
    ["an environment of its own", { environment: "qa" }, /one of Development, Staging, Production/],
  ])("are refused with %s", async (_what, changes, message) => {
    await expect(create(changes)).rejects.toThrow(message);
  });

  it.each([
    ["an id", [3_000_001], /resources\[0\]: given 3000001, expected a string/],
    ["no URN", ["droplet:1"], /resources: given "droplet:1", expected URNs/],
    ["none", [], /at least one URN/],
  ])("are not given %s for resources", async (_what, resources, message) => {
    await expect(assign((await create()).id, resources)).rejects.toThrow(message);
  });
});

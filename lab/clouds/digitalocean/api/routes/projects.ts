import type { FastifyInstance, FastifyRequest } from "fastify";

import type { Body } from "../body";
import { type ApiContext, bodyOf, created, found, listPage, noContent, param } from "../context";
import { ApiError, invalid } from "../errors";
import { newUuid, timestamp } from "../ids";
import type { Project, State } from "../model";
import { assign, type Assignable, assignable, ensureDefaultProject, resourcesIn } from "../projects";
import type { Json } from "../views";

const ENVIRONMENTS = ["Development", "Staging", "Production"] as const;
const PURPOSES = [
  "Just trying out DigitalOcean",
  "Class project / Educational purposes",
  "Website or blog",
  "Web Application",
  "Service or API",
  "Mobile Application",
  "Machine learning / AI / Data processing",
  "IoT",
  "Operational / Developer tooling",
];
const MOST_NAME = 175;
const MOST_TEXT = 255;
const URN = /^do:(dbaas|domain|droplet|floatingip|reservedip|loadbalancer|space|volume|kubernetes|vpc):.+$/;

export function projectRoutes(app: FastifyInstance, { state }: ApiContext): void {
  ensureDefaultProject(state);
  const byId = (request: FastifyRequest): Project => {
    const id = param(request, "id");
    return found(state.projects.find((one) => (id === "default" ? one.isDefault : one.id === id.toLowerCase())));
  };

  app.get("/v2/projects", (request) => listPage(request, "projects", state.projects, renderProject));

  app.post("/v2/projects", (request, reply) => {
    const body = bodyOf(request);
    const at = timestamp();
    const project: Project = {
      id: newUuid(),
      name: readName(state, body),
      description: readText(body, "description") ?? "",
      purpose: readPurpose(body, body.string("purpose")),
      environment: readEnvironment(body) ?? "Development",
      isDefault: false,
      createdAt: at,
      updatedAt: at,
      assigned: {},
    };
    state.projects.push(project);
    return created(reply, { project: renderProject(project) });
  });

  app.get("/v2/projects/:id", (request) => ({ project: renderProject(byId(request)) }));

  app.patch("/v2/projects/:id", (request) => {
    const project = byId(request);
    const body = bodyOf(request);
    const changes: Partial<Project> = {
      ...(body.has("name") ? { name: readName(state, body, project) } : {}),
      ...(body.has("description") ? { description: readText(body, "description") ?? "" } : {}),
      ...(body.has("purpose") ? { purpose: readPurpose(body, body.string("purpose")) } : {}),
      ...(body.has("environment") ? { environment: readEnvironment(body) ?? project.environment } : {}),
    };
    if (body.boolean("is_default")) makeDefault(state, project);
    Object.assign(project, changes, { updatedAt: timestamp() });
    return { project: renderProject(project) };
  });

  app.delete("/v2/projects/:id", (request, reply) => {
    // "default" stands for its id in the other calls alone.
    const project = found(state.projects.find(({ id }) => id === param(request, "id").toLowerCase()));
    if (project.isDefault) throw preconditionFailed("cannot delete the default project");
    if (resourcesIn(state, project).length > 0) {
      // The text by which clients know that it is worth trying again.
      throw preconditionFailed("cannot delete a project with resources");
    }
    state.projects = state.projects.filter((one) => one !== project);
    return noContent(reply);
  });

  app.get("/v2/projects/:id/resources", (request) => {
    const project = byId(request);
    return listPage(request, "resources", resourcesIn(state, project), (one) =>
      renderResource(request, one, project.assigned[one.urn], "ok"),
    );
  });

  app.post("/v2/projects/:id/resources", (request) => {
    const project = byId(request);
    const given = readUrns(bodyOf(request));
    const before = resourcesIn(state, project).map(({ urn }) => urn);
    const all = assignable(state);
    return {
      resources: given.map((urn) => {
        const resource = all.find((one) => one.urn === urn);
        if (resource === undefined) return { urn, status: "not_found" };
        const status = before.includes(urn) ? "already_assigned" : "assigned";
        if (status === "assigned") assign(state, project, resource);
        return renderResource(request, resource, project.assigned[urn], status);
      }),
    };
  });
}

function preconditionFailed(message: string): ApiError {
  return new ApiError(412, "precondition_failed", message);
}

function readName(state: State, body: Body, self?: Project): string {
  const name = body.string("name", (text) => text.length <= MOST_NAME, `a name of at most ${MOST_NAME} characters`);
  if (state.projects.some((project) => project !== self && project.name === name)) {
    throw invalid("name", name, "a name that no other project has");
  }
  return name;
}

function readText(body: Body, field: string): string | undefined {
  return body.optionalString(field, (text) => text.length <= MOST_TEXT, `at most ${MOST_TEXT} characters`);
}

function readPurpose(body: Body, purpose: string): string {
  readText(body, "purpose");
  return PURPOSES.includes(purpose) || purpose.startsWith("Other: ") ? purpose : `Other: ${purpose}`;
}

/** In any case, as the provider sends it. */
function readEnvironment(body: Body): string | undefined {
  const given = body.optionalString("environment");
  if (given === undefined || given === "") return undefined;
  const environment = ENVIRONMENTS.find((one) => one.toLowerCase() === given.toLowerCase());
  if (environment === undefined) throw invalid("environment", given, `one of ${ENVIRONMENTS.join(", ")}`);
  return environment;
}

/** What was in the default project stays where it is. */
function makeDefault(state: State, project: Project): void {
  const before = found(state.projects.find((one) => one.isDefault));
  if (before === project) return;
  for (const { urn, createdAt } of resourcesIn(state, before)) before.assigned[urn] ??= createdAt;
  before.isDefault = false;
  project.isDefault = true;
}

function readUrns(body: Body): string[] {
  const urns = body.strings("resources");
  const wrong = urns.find((urn) => !URN.test(urn));
  if (wrong !== undefined) throw invalid("resources", wrong, "URNs, as do:droplet:<id>");
  if (urns.length === 0) throw invalid("resources", urns, "at least one URN");
  return urns;
}

function renderProject(project: Project): Json {
  return {
    id: project.id,
    owner_uuid: "b6f189db-f6d9-456c-ace5-f3c78dc9851d",
    owner_id: 1,
    name: project.name,
    description: project.description,
    purpose: project.purpose,
    environment: project.environment,
    is_default: project.isDefault,
    created_at: project.createdAt,
    updated_at: project.updatedAt,
  };
}

function renderResource(
  request: FastifyRequest,
  { urn, path, createdAt }: Assignable,
  assignedAt: string | undefined,
  status: string,
): Json {
  const self = `${request.protocol}://${request.host}${path}`;
  return { urn, assigned_at: assignedAt ?? createdAt, links: { self }, status };
}

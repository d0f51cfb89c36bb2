import type { FastifyInstance, FastifyRequest } from "fastify";

import type { Body } from "../body";
import { type ApiContext, bodyOf, created, found, listPage, liveDroplet, noContent, param } from "../context";
import { conflict, invalid, preconditionFailed } from "../errors";
import { newUuid, timestamp } from "../ids";
import type { Project, ProjectAssignment, State } from "../model";
import { assignToProject, defaultProject } from "../projects";
import type { Json } from "../views";

const ENVIRONMENTS = ["Development", "Staging", "Production"];
const PATHS: Readonly<Record<string, string>> = {
  droplet: "droplets",
  volume: "volumes",
  reservedip: "reserved_ips",
  floatingip: "reserved_ips",
  domain: "domains",
  vpc: "vpcs",
};

export function projectRoutes(app: FastifyInstance, context: ApiContext): void {
  const { state } = context;
  const byId = (request: FastifyRequest): Project => {
    const id = param(request, "id");
    return id === "default" ? defaultProject(state) : found(state.projects.find((one) => one.id === id.toLowerCase()));
  };

  app.get("/v2/projects", (request) => listPage(request, "projects", state.projects, renderProject));

  app.post("/v2/projects", (request, reply) => {
    const now = timestamp();
    const project: Project = {
      id: newUuid(),
      ...readProject(state, bodyOf(request)),
      default: false,
      createdAt: now,
      updatedAt: now,
    };
    state.projects.push(project);
    return created(reply, { project: renderProject(project) });
  });

  app.get("/v2/projects/:id", (request) => ({ project: renderProject(byId(request)) }));

  app.put("/v2/projects/:id", (request) => {
    const project = byId(request);
    const body = bodyOf(request);
    if (!body.has("is_default")) throw invalid("is_default", undefined, "true or false; PATCH changes single fields");
    return { project: renderProject(update(state, project, body, readProject(state, body, project))) };
  });

  app.patch("/v2/projects/:id", (request) => {
    const project = byId(request);
    const body = bodyOf(request);
    return { project: renderProject(update(state, project, body, readChanges(state, body, project))) };
  });

  app.delete("/v2/projects/:id", (request, reply) => {
    const project = byId(request);
    if (project.default) throw preconditionFailed("cannot delete the default project");
    // Clients know this text, and wait for the resources to go.
    if (resourcesOf(state, project).length > 0) throw preconditionFailed("cannot delete a project with resources");
    state.projects = state.projects.filter((one) => one !== project);
    return noContent(reply);
  });

  app.get("/v2/projects/:id/resources", (request) =>
    listPage(request, "resources", resourcesOf(state, byId(request)), (one) => renderResource(request, one, "ok")),
  );

  app.post("/v2/projects/:id/resources", (request) => {
    const project = byId(request);
    const urns = bodyOf(request)
      .list("resources")
      .map(({ name, value }) => readUrn(name, value));
    return { resources: urns.map((urn) => renderResource(request, ...assign(context, project, urn))) };
  });
}

function readProject(
  state: State,
  body: Body,
  self?: Project,
): Pick<Project, "name" | "description" | "purpose" | "environment"> {
  const purpose = body.string("purpose", (text) => text.length <= 255, "a text of 1 to 255 characters");
  return {
    environment: "",
    description: "",
    ...readChanges(state, body, self),
    purpose,
    name: readName(state, body, self),
  };
}

function readChanges(state: State, body: Body, self?: Project): Partial<Project> {
  const environment = body.optionalString("environment");
  const known = ENVIRONMENTS.find((one) => one.toLowerCase() === environment?.toLowerCase());
  if (environment !== undefined && environment !== "" && known === undefined) {
    throw invalid("environment", environment, `one of ${ENVIRONMENTS.join(", ")}`);
  }
  const description = body.optionalString("description", (text) => text.length <= 255, "at most 255 characters");
  return {
    ...(body.has("name") ? { name: readName(state, body, self) } : {}),
    ...(description === undefined ? {} : { description }),
    ...(body.has("purpose") ? { purpose: body.string("purpose", (text) => text.length <= 255) } : {}),
    ...(environment === undefined ? {} : { environment: known ?? "" }),
  };
}

function readName(state: State, body: Body, self?: Project): string {
  const name = body.string("name", (text) => text.length <= 175, "a name of 1 to 175 characters");
  if (state.projects.some((one) => one !== self && one.name === name)) {
    throw conflict(`name is already in use: another project is called ${name}`);
  }
  return name;
}

function update(state: State, project: Project, body: Body, changes: Partial<Project>): Project {
  const makeDefault = body.boolean("is_default", project.default);
  if (project.default && !makeDefault) {
    throw invalid("is_default", false, "true: make another project the default one instead");
  }
  Object.assign(project, changes, { updatedAt: timestamp() });
  if (makeDefault) {
    for (const other of state.projects) other.default = other === project;
  }
  return project;
}

function resourcesOf(state: State, project: Project): ProjectAssignment[] {
  return state.assignments.filter((one) => one.projectId === project.id);
}

function readUrn(field: string, value: unknown): string {
  if (typeof value !== "string" || !/^do:[a-z]+:[^\s:]+$/.test(value)) {
    throw invalid(field, value, "a URN such as do:droplet:13457723");
  }
  return value.replace(/^do:floatingip:/, "do:reservedip:");
}

function assign(context: ApiContext, project: Project, urn: string): [ProjectAssignment, string] {
  const before = context.state.assignments.find((one) => one.urn === urn);
  if (before?.projectId === project.id) return [before, "already_assigned"];
  if (!exists(context, urn)) {
    return [{ urn, projectId: project.id, assignedAt: timestamp() }, "not_found"];
  }
  assignToProject(context.state, urn, project);
  return [{ urn, projectId: project.id, assignedAt: timestamp() }, "assigned"];
}

function exists(context: ApiContext, urn: string): boolean {
  const { state } = context;
  const [, type, id] = urn.split(":");
  switch (type) {
    case "droplet":
      return liveDroplet(context, Number(id)) !== undefined;
    case "volume":
      return state.volumes.some((one) => one.id === id);
    case "reservedip":
      return state.reservedIps.some((one) => one.ip === id);
    case "domain":
      return state.domains.some((one) => one.name === id);
    case "vpc":
      return state.vpcs.some((one) => one.id === id);
    default:
      return false;
  }
}

function renderResource(request: FastifyRequest, { urn, assignedAt }: ProjectAssignment, status: string): Json {
  const [, type = "", id = ""] = urn.split(":");
  const path = Object.hasOwn(PATHS, type) ? PATHS[type] : type;
  return {
    urn,
    assigned_at: assignedAt,
    links: { self: `${request.protocol}://${request.host}/v2/${path}/${id}` },
    status,
  };
}

function renderProject(project: Project): Json {
  return {
    id: project.id,
    owner_uuid: "b6f189db-f6d9-456c-ace5-f3c78dc9851d",
    owner_id: 258992,
    name: project.name,
    description: project.description,
    purpose: project.purpose,
    environment: project.environment,
    is_default: project.default,
    created_at: project.createdAt,
    updated_at: project.updatedAt,
  };
}

import type { FastifyInstance, FastifyRequest } from "fastify";

import { renderAction } from "../actions";
import type { Body } from "../body";
import { findRegion, REGIONS } from "../catalog";
import {
  type ApiContext,
  bodyOf,
  created,
  found,
  listPage,
  liveDroplet,
  noContent,
  param,
  showDroplet,
} from "../context";
import { invalid, notFound, unprocessable } from "../errors";
import { allocateReservedIp } from "../ipam";
import type { Action, Droplet, Project, ReservedIp } from "../model";
import { assignToProject, unassignFromProject, urn } from "../projects";
import { type Json, renderRegion } from "../views";

/** Reserved IPs, and the same under their former name. */
export function reservedIpRoutes(app: FastifyInstance, context: ApiContext): void {
  addRoutes(app, context, "reserved_ip");
  addRoutes(app, context, "floating_ip");
}

function addRoutes(app: FastifyInstance, context: ApiContext, key: "reserved_ip" | "floating_ip"): void {
  const { state, actions } = context;
  const path = `/v2/${key}s`;
  const byIp = (request: FastifyRequest): ReservedIp =>
    found(state.reservedIps.find((one) => one.ip === param(request, "ip")));
  const render = (reserved: ReservedIp): Json => renderReservedIp(context, reserved);

  app.get(path, (request) => listPage(request, `${key}s`, state.reservedIps, render));

  app.post(path, (request, reply) => {
    const { reserved, action } = add(context, bodyOf(request));
    const links = action
      ? {
          droplets: [
            {
              id: reserved.dropletId,
              rel: "droplet",
              href: `${request.protocol}://${request.host}/v2/droplets/${reserved.dropletId ?? ""}`,
            },
          ],
          actions: [
            { id: action.id, rel: "assign_ip", href: `${request.protocol}://${request.host}/v2/actions/${action.id}` },
          ],
        }
      : {};
    return created(reply, { [key]: render(reserved), links }, 202);
  });

  app.get(`${path}/:ip`, (request) => ({ [key]: render(byIp(request)) }));

  app.delete(`${path}/:ip`, (request, reply) => {
    const reserved = byIp(request);
    state.reservedIps = state.reservedIps.filter((one) => one !== reserved);
    unassignFromProject(state, urn("reservedip", reserved.ip));
    return noContent(reply);
  });

  app.get(`${path}/:ip/actions`, (request) =>
    listPage(request, "actions", actions.of("reserved_ip", byIp(request).ip), renderAction),
  );

  app.post(`${path}/:ip/actions`, (request, reply) => {
    const reserved = byIp(request);
    const body = bodyOf(request);
    const type = body.oneOf("type", ["assign", "unassign"]);
    if (type === "unassign") {
      if (reserved.dropletId === undefined) throw unprocessable("The reserved IP is not assigned to a droplet.");
      return created(reply, { action: renderAction(unassign(context, reserved)) });
    }
    const droplet = readDroplet(context, body, reserved);
    return created(reply, { action: renderAction(assign(context, reserved, droplet)) });
  });

  app.get(`${path}/:ip/actions/:action`, (request) => {
    const own = actions.of("reserved_ip", byIp(request).ip);
    return { action: renderAction(found(own.find((one) => String(one.id) === param(request, "action")))) };
  });
}

function add(context: ApiContext, body: Body): { reserved: ReservedIp; action?: Action } {
  const { state } = context;
  const project = readProject(context, body);
  const droplet = body.has("droplet_id") ? readDroplet(context, body) : undefined;
  const given = droplet?.region ?? body.string("region");
  const region = findRegion(given);
  if (!region?.available) {
    const slugs = REGIONS.filter((one) => one.available).map((one) => one.slug);
    throw invalid("region", given, `one of ${slugs.join(", ")}`);
  }
  const reserved: ReservedIp = { ip: allocateReservedIp(state, region.slug), region: region.slug };
  state.reservedIps.push(reserved);
  assignToProject(state, urn("reservedip", reserved.ip), project);
  return { reserved, ...(droplet ? { action: assign(context, reserved, droplet) } : {}) };
}

function assign({ actions }: ApiContext, reserved: ReservedIp, droplet: Droplet): Action {
  return actions.perform({ type: "assign_ip", ...resource(reserved) }, () => {
    reserved.dropletId = droplet.id;
  });
}

function unassign({ actions }: ApiContext, reserved: ReservedIp): Action {
  return actions.perform({ type: "unassign_ip", ...resource(reserved) }, () => {
    delete reserved.dropletId;
  });
}

function resource(reserved: ReservedIp): { resourceType: "reserved_ip"; resource: string; region: string } {
  return { resourceType: "reserved_ip", resource: reserved.ip, region: reserved.region };
}

function readDroplet(context: ApiContext, body: Body, reserved?: ReservedIp): Droplet {
  const id = body.integer("droplet_id", 1, Number.MAX_SAFE_INTEGER);
  const droplet = liveDroplet(context, id);
  if (!droplet) throw invalid("droplet_id", id, "the id of a droplet");
  if (reserved && droplet.region !== reserved.region) {
    throw invalid("droplet_id", id, `a droplet in ${reserved.region}; this one is in ${droplet.region}`);
  }
  const other = context.state.reservedIps.find((one) => one.dropletId === id && one !== reserved);
  if (other) throw unprocessable(`Droplet ${id} already has the reserved IP ${other.ip}.`);
  return droplet;
}

function readProject({ state }: ApiContext, body: Body): Project | undefined {
  const id = body.optionalString("project_id") ?? "";
  const project = state.projects.find((one) => one.id === id);
  if (id !== "" && !project) throw notFound(`project_id: there is no project ${id}`);
  return project;
}

/** The droplet is shown whole: the provider looks at its region. */
function renderReservedIp(context: ApiContext, reserved: ReservedIp): Json {
  const droplet = context.state.droplets.find((one) => one.id === reserved.dropletId);
  const owner = context.state.assignments.find((one) => one.urn === urn("reservedip", reserved.ip));
  return {
    ip: reserved.ip,
    region: renderRegion(reserved.region),
    droplet: droplet ? showDroplet(context, droplet) : null,
    locked: false,
    project_id: owner?.projectId ?? "",
  };
}

import type { FastifyInstance, FastifyRequest } from "fastify";

import { renderAction } from "../actions";
import type { Body } from "../body";
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
import { invalid, unprocessable } from "../errors";
import { allocateReservedIp } from "../ipam";
import type { Action, Droplet, ReservedIp } from "../model";
import { readRegion } from "../region-request";
import { type Json, renderRegion } from "../views";

export function reservedIpRoutes(app: FastifyInstance, context: ApiContext): void {
  const { state, actions } = context;
  const byIp = (request: FastifyRequest): ReservedIp =>
    found(state.reservedIps.find((one) => one.ip === param(request, "ip")));
  const render = (reserved: ReservedIp): Json => renderReservedIp(context, reserved);

  app.get("/v2/reserved_ips", (request) => listPage(request, "reserved_ips", state.reservedIps, render));

  app.post("/v2/reserved_ips", (request, reply) => {
    const { slug } = readRegion(bodyOf(request));
    const reserved: ReservedIp = { ip: allocateReservedIp(state, slug), region: slug };
    state.reservedIps.push(reserved);
    return created(reply, { reserved_ip: render(reserved), links: {} }, 202);
  });

  app.get("/v2/reserved_ips/:ip", (request) => ({ reserved_ip: render(byIp(request)) }));

  app.delete("/v2/reserved_ips/:ip", (request, reply) => {
    const reserved = byIp(request);
    state.reservedIps = state.reservedIps.filter((one) => one !== reserved);
    return noContent(reply);
  });

  app.post("/v2/reserved_ips/:ip/actions", (request, reply) => {
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

  app.get("/v2/reserved_ips/:ip/actions/:action", (request) => {
    const own = actions.of("reserved_ip", byIp(request).ip);
    return { action: renderAction(found(own.find((one) => String(one.id) === param(request, "action")))) };
  });
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

function readDroplet(context: ApiContext, body: Body, reserved: ReservedIp): Droplet {
  const id = body.integer("droplet_id", 1, Number.MAX_SAFE_INTEGER);
  const droplet = liveDroplet(context, id);
  if (!droplet) throw invalid("droplet_id", id, "the id of a droplet");
  if (droplet.region !== reserved.region) {
    throw invalid("droplet_id", id, `a droplet in ${reserved.region}; this one is in ${droplet.region}`);
  }
  const other = context.state.reservedIps.find((one) => one.dropletId === id && one !== reserved);
  if (other) throw unprocessable(`Droplet ${id} already has the reserved IP ${other.ip}.`);
  return droplet;
}

/** Includes the whole droplet: the provider reads its region. */
function renderReservedIp(context: ApiContext, reserved: ReservedIp): Json {
  const droplet = context.state.droplets.find((one) => one.id === reserved.dropletId);
  return {
    ip: reserved.ip,
    region: renderRegion(reserved.region),
    droplet: droplet ? showDroplet(context, droplet) : null,
    locked: false,
  };
}

import type { FastifyInstance } from "fastify";

import type { Body } from "../body";
import { type ApiContext, bodyOf, created, found, listPage, param } from "../context";
import { invalid } from "../errors";
import { newUuid, timestamp } from "../ids";
import type { VpcPeering } from "../model";
import type { Json } from "../views";
import { settlePeering } from "../peerings";

export function vpcPeeringRoutes(app: FastifyInstance, context: ApiContext): void {
  const { state } = context;
  const byId = (id: string): VpcPeering => found(state.peerings.find((one) => one.id === id.toLowerCase()));

  app.get("/v2/vpc_peerings", (request) => listPage(request, "vpc_peerings", state.peerings, renderPeering));

  app.post("/v2/vpc_peerings", (request, reply) => {
    const body = bodyOf(request);
    return created(reply, { vpc_peering: renderPeering(add(context, body, body.strings("vpc_ids"))) }, 202);
  });

  app.get("/v2/vpc_peerings/:peering", (request) => ({
    vpc_peering: renderPeering(byId(param(request, "peering"))),
  }));

  app.patch("/v2/vpc_peerings/:peering", (request) => {
    const peering = byId(param(request, "peering"));
    peering.name = readName(bodyOf(request));
    return { vpc_peering: renderPeering(peering) };
  });

  app.delete("/v2/vpc_peerings/:peering", (request, reply) => {
    const peering = byId(param(request, "peering"));
    peering.status = "DELETING";
    settlePeering(context.store, peering, context.peeringSeconds);
    return created(reply, { vpc_peering: renderPeering(peering) }, 202);
  });
}

function add(context: ApiContext, body: Body, vpcIds: readonly string[]): VpcPeering {
  const { state } = context;
  const name = readName(body);
  const [one, other, ...more] = vpcIds.map((id) => id.toLowerCase());
  const expected = "the ids of two different VPCs that exist";
  if (vpcIds.length !== 2 || more.length > 0 || one === other) throw invalid("vpc_ids", vpcIds, expected);
  for (const id of [one, other]) {
    if (!state.vpcs.some((vpc) => vpc.id === id)) throw invalid("vpc_ids", id, expected);
  }
  if (state.peerings.some((peering) => peering.vpcIds.includes(one) && peering.vpcIds.includes(other))) {
    throw invalid("vpc_ids", vpcIds, "two VPCs that are not peered yet");
  }
  const peering: VpcPeering = {
    id: newUuid(),
    name,
    vpcIds: [one, other],
    status: "PROVISIONING",
    createdAt: timestamp(),
  };
  state.peerings.push(peering);
  settlePeering(context.store, peering, context.peeringSeconds);
  return peering;
}

function readName(body: Body): string {
  return body.string("name", (text) => /^[a-zA-Z0-9-]+$/.test(text), "a name of letters, digits and dashes");
}

function renderPeering(peering: VpcPeering): Json {
  return {
    id: peering.id,
    name: peering.name,
    vpc_ids: peering.vpcIds,
    // Upper case, unlike a droplet's status.
    status: peering.status,
    created_at: peering.createdAt,
  };
}

import type { FastifyInstance, FastifyRequest } from "fastify";

import type { Body } from "../body";
import { type ApiContext, bodyOf, created, found, listPage, noContent, param } from "../context";
import { forbidden, invalid } from "../errors";
import { newUuid, timestamp, urn } from "../ids";
import { allocateVpcRange, contains, overlap, parseRange4, vpcRange } from "../ipam";
import type { State, Vpc } from "../model";
import { readRegion } from "../region-request";
import type { Json } from "../views";

/** The private networks, and the lab's own. */
const ALLOWED = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.19.0.0/16"];
const LARGEST_PREFIX = 16;
const SMALLEST_PREFIX = 28;

export function vpcRoutes(app: FastifyInstance, context: ApiContext): void {
  const { state } = context;
  const byId = (request: FastifyRequest): Vpc =>
    found(state.vpcs.find((vpc) => vpc.id === param(request, "id").toLowerCase()));

  app.get("/v2/vpcs", (request) => listPage(request, "vpcs", state.vpcs, renderVpc));

  app.post("/v2/vpcs", (request, reply) => {
    const body = bodyOf(request);
    const region = readRegion(body);
    const name = freeName(state, body);
    const description = readDescription(body);
    const vpc: Vpc = {
      id: newUuid(),
      name,
      description,
      region: region.slug,
      ipRange: readRange(state, body) ?? allocateVpcRange(state),
      default: false,
      createdAt: timestamp(),
    };
    state.vpcs.push(vpc);
    return created(reply, { vpc: renderVpc(vpc) });
  });

  app.get("/v2/vpcs/:id", (request) => ({ vpc: renderVpc(byId(request)) }));

  app.put("/v2/vpcs/:id", (request) => {
    const vpc = byId(request);
    const body = bodyOf(request);
    const name = freeName(state, body, vpc);
    // A PUT without a description removes it.
    vpc.description = readDescription(body);
    vpc.name = name;
    makeDefault(state, vpc, body);
    return { vpc: renderVpc(vpc) };
  });

  app.delete("/v2/vpcs/:id", (request, reply) => {
    const vpc = byId(request);
    // 403 is what clients retry on while the last members are being destroyed.
    if (vpc.default) throw forbidden("Can not delete default VPCs");
    if (state.droplets.some((droplet) => droplet.vpcId === vpc.id)) throw forbidden("Can not delete VPC with members");
    if (state.peerings.some((peering) => peering.vpcIds.includes(vpc.id))) {
      throw forbidden("Can not delete VPC with peerings");
    }
    state.vpcs = state.vpcs.filter((one) => one !== vpc);
    return noContent(reply);
  });
}

function freeName(state: State, body: Body, self?: Vpc): string {
  const name = body.string(
    "name",
    (text) => /^[a-zA-Z0-9.-]+$/.test(text),
    "a name of letters, digits, dashes and periods",
  );
  if (state.vpcs.some((vpc) => vpc !== self && vpc.name === name)) {
    throw invalid("name", name, "a name that no other VPC has");
  }
  return name;
}

function readDescription(body: Body): string {
  return body.optionalString("description", (text) => text.length <= 255, "at most 255 characters") ?? "";
}

function readRange(state: State, body: Body): string | undefined {
  const given = body.optionalString("ip_range");
  if (given === undefined || given === "") return undefined;
  const range = parseRange4(given);
  if (!range || range.prefix < LARGEST_PREFIX || range.prefix > SMALLEST_PREFIX) {
    throw invalid("ip_range", given, `an IPv4 range in CIDR notation from /${LARGEST_PREFIX} to /${SMALLEST_PREFIX}`);
  }
  const allowed = ALLOWED.some((text) => {
    const outer = parseRange4(text);
    return outer !== undefined && contains(outer, range);
  });
  if (!allowed) throw invalid("ip_range", given, `a range within ${ALLOWED.join(", ")}`);
  const other = state.vpcs.find((vpc) => overlap(vpcRange(vpc), range));
  if (other) {
    throw invalid("ip_range", given, `a range that does not overlap with ${other.ipRange} of VPC ${other.name}`);
  }
  return given;
}

function makeDefault(state: State, vpc: Vpc, body: Body): void {
  if (!body.boolean("default")) return;
  for (const other of state.vpcs) {
    if (other.region === vpc.region) other.default = other === vpc;
  }
}

function renderVpc(vpc: Vpc): Json {
  return {
    id: vpc.id,
    urn: urn("vpc", vpc.id),
    name: vpc.name,
    description: vpc.description,
    region: vpc.region,
    ip_range: vpc.ipRange,
    default: vpc.default,
    created_at: vpc.createdAt,
  };
}

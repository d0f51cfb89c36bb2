import type { FastifyInstance, FastifyRequest } from "fastify";

import {
  type ApiContext,
  bodyOf,
  created,
  dropletById,
  listPage,
  noContent,
  param,
  query,
  showDroplet,
} from "../context";
import { type DropletRequest, readDropletRequest } from "../droplet-request";
import { unprocessable } from "../errors";
import { nextId, timestamp } from "../ids";
import { allocateIpv6, allocatePrivateIpv4, allocatePublicIpv4 } from "../ipam";
import type { Droplet } from "../model";
import { tagsForNew } from "../tagging";
import { defaultVpc } from "../vpcs";

export function dropletRoutes(app: FastifyInstance, context: ApiContext): void {
  const { state, lifecycle, firewalls } = context;
  const byId = (request: FastifyRequest): Droplet => dropletById(context, param(request, "id"));

  app.get("/v2/droplets", (request) => {
    const [tag, name, type] = ["tag_name", "name", "type"].map((field) => query(request, field));
    const wanted = state.droplets.filter(
      (droplet) =>
        type !== "gpus" &&
        (tag === undefined || droplet.tags.some((one) => one.toLowerCase() === tag.toLowerCase())) &&
        (name === undefined || droplet.name.toLowerCase() === name.toLowerCase()),
    );
    return listPage(request, "droplets", wanted, (droplet) => showDroplet(context, droplet));
  });

  app.post("/v2/droplets", (request, reply) => {
    const wanted = readDropletRequest(state, bodyOf(request));
    if (state.droplets.length >= context.dropletLimit) {
      throw unprocessable(
        `creating this/these droplet(s) will exceed your droplet limit: there are ${state.droplets.length} of ${context.dropletLimit}`,
      );
    }
    const uri = `${request.protocol}://${request.host}/v2`;
    const droplet = addDroplet(context, wanted, uri);
    lifecycle.create(droplet);
    const actions = [{ id: droplet.createActionId, rel: "create", href: `${uri}/actions/${droplet.createActionId}` }];
    return created(reply, { droplet: showDroplet(context, droplet), links: { actions } }, 202);
  });

  app.get("/v2/droplets/:id", (request) => ({ droplet: showDroplet(context, byId(request)) }));

  app.delete("/v2/droplets/:id", async (request, reply) => {
    const droplet = byId(request);
    if (!droplet.destroying) lifecycle.destroy(droplet);
    await firewalls.sync();
    return noContent(reply);
  });
}

/** Assigns the addresses before the machine exists, so that firewalls can name them. */
function addDroplet(context: ApiContext, wanted: DropletRequest, uri: string): Droplet {
  const { state, actions, faults } = context;
  const vpc = wanted.vpc ?? defaultVpc(state, wanted.region.slug);
  const privateIpv4 = allocatePrivateIpv4(state, vpc);
  const publicIpv4 = allocatePublicIpv4(state, wanted.region.slug);
  const id = nextId(state, "droplet");
  const action = actions.start({
    type: "create",
    resourceType: "droplet",
    resource: String(id),
    region: wanted.region.slug,
  });
  const droplet: Droplet = {
    id,
    name: wanted.name,
    region: wanted.region.slug,
    size: wanted.size.slug,
    disk: wanted.size.diskGiB,
    imageId: wanted.imageId,
    status: "new",
    createdAt: timestamp(),
    sshKeys: wanted.keys.map((key) => key.publicKey),
    ...(wanted.userData === undefined ? {} : { userData: wanted.userData }),
    tags: tagsForNew(state, wanted.tags, "droplets", `${uri}/droplets/${id}`),
    vpcId: vpc.id,
    publicIpv4,
    privateIpv4,
    ...(wanted.ipv6 ? { publicIpv6: allocateIpv6(state, wanted.region.slug) } : {}),
    ...(wanted.backups ? { backups: wanted.backups } : {}),
    monitoring: wanted.monitoring,
    agent: wanted.agent,
    createActionId: action.id,
    made: false,
    destroying: false,
    faults: { ...faults.takeForDroplet(wanted.name), ...(action.status === "errored" ? { errored: true } : {}) },
  };
  state.droplets.push(droplet);
  for (const volume of wanted.volumes) volume.dropletId = id;
  return droplet;
}

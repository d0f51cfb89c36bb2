import type { FastifyInstance, FastifyRequest } from "fastify";

import { renderAction } from "../actions";
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
import { invalid, unprocessable } from "../errors";
import { nextId, timestamp } from "../ids";
import { allocateIpv6, allocatePrivateIpv4, allocatePublicIpv4 } from "../ipam";
import type { Droplet } from "../model";
import { assignToProject, urn } from "../projects";
import { tagsForNew } from "../tagging";
import { type Json, nextBackupWindow, renderBackupPolicy } from "../views";
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
    if (state.droplets.length + wanted.names.length > context.dropletLimit) {
      throw unprocessable(
        `creating this/these droplet(s) will exceed your droplet limit: there are ${state.droplets.length} of ${context.dropletLimit}`,
      );
    }
    if (wanted.volumes.length > 0 && wanted.names.length > 1) {
      throw invalid("volumes", wanted.volumes.length, "no volumes when several droplets are created at once");
    }
    const uri = `${request.protocol}://${request.host}/v2`;
    const droplets = wanted.names.map((name) => addDroplet(context, wanted, name, uri));
    for (const droplet of droplets) lifecycle.create(droplet);
    const actions = droplets.map(({ createActionId: id }) => ({ id, rel: "create", href: `${uri}/actions/${id}` }));
    const shown = droplets.map((droplet) => showDroplet(context, droplet));
    return created(
      reply,
      { ...(wanted.several ? { droplets: shown } : { droplet: shown[0] }), links: { actions } },
      202,
    );
  });

  app.delete("/v2/droplets", async (request, reply) => {
    const tag = query(request, "tag_name") ?? "";
    if (tag === "") throw invalid("tag_name", tag, "the name of a tag");
    for (const droplet of state.droplets.filter((one) => one.tags.includes(tag) && !one.destroying)) {
      lifecycle.destroy(droplet);
    }
    await firewalls.sync();
    return noContent(reply);
  });

  app.get("/v2/droplets/:id", (request) => ({ droplet: showDroplet(context, byId(request)) }));

  app.delete("/v2/droplets/:id", async (request, reply) => {
    const droplet = byId(request);
    if (!droplet.destroying) lifecycle.destroy(droplet);
    await firewalls.sync();
    return noContent(reply);
  });

  app.get("/v2/droplets/:id/backups", (request) => {
    byId(request);
    return listPage(request, "backups", [], (backup) => backup);
  });

  app.get("/v2/droplets/:id/kernels", (request) => {
    byId(request);
    return listPage(request, "kernels", [], (kernel) => kernel);
  });

  app.get("/v2/droplets/:id/neighbors", (request) => {
    byId(request);
    return listPage(request, "droplets", [], (neighbor) => neighbor);
  });

  app.get("/v2/droplets/:id/snapshots", (request) => {
    const { id } = byId(request);
    const own = state.images.filter((image) => image.dropletId === id);
    return listPage(request, "snapshots", own, (image) => ({
      id: image.id,
      name: image.name,
      created_at: image.createdAt,
      regions: [image.region],
      min_disk_size: image.minDiskSize,
      size_gigabytes: 1,
      type: "snapshot",
    }));
  });

  app.get("/v2/droplets/:id/backups/policy", (request) => ({ policy: backupPolicy(byId(request)) }));

  app.get("/v2/droplets/backups/policies", (request) => {
    const withBackups = state.droplets.filter((droplet) => droplet.backups);
    const policies = Object.fromEntries(withBackups.map((droplet) => [droplet.id, backupPolicy(droplet)]));
    return { policies, links: {}, meta: { total: withBackups.length, page: query(request, "page") ?? 1 } };
  });

  app.get("/v2/droplets/backups/supported_policies", () => ({
    supported_policies: [
      supportedPolicy("weekly", 28, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]),
      supportedPolicy("daily", 7, []),
    ],
  }));

  app.get("/v2/droplets/:id/destroy_with_associated_resources", (request) => {
    const { id } = byId(request);
    const listed = (items: readonly { id: string; name: string }[]): Json[] =>
      items.map((item) => ({ id: item.id, name: item.name, cost: "0.00" }));
    const reserved = state.reservedIps.filter((one) => one.dropletId === id).map(({ ip }) => ({ id: ip, name: ip }));
    const volumes = state.volumes.filter((one) => one.dropletId === id);
    return {
      reserved_ips: listed(reserved),
      floating_ips: listed(reserved),
      snapshots: listed(
        state.images.filter((one) => one.dropletId === id).map((one) => ({ id: String(one.id), name: one.name })),
      ),
      volumes: listed(volumes),
      volume_snapshots: listed(
        state.volumeSnapshots.filter((one) => volumes.some((volume) => volume.id === one.volumeId)),
      ),
    };
  });

  app.get("/v2/reports/droplet_neighbors_ids", () => ({ neighbor_ids: [] }));

  app.get("/v2/droplets/:id/actions", (request) => {
    const droplet = byId(request);
    return listPage(request, "actions", context.actions.of("droplet", String(droplet.id)), renderAction);
  });
}

/** Reserves everything the droplet will have, so that firewalls can name its addresses before it answers. */
function addDroplet(context: ApiContext, wanted: DropletRequest, name: string, uri: string): Droplet {
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
    name,
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
    faults: { ...faults.takeForDroplet(name), ...(action.status === "errored" ? { errored: true } : {}) },
  };
  state.droplets.push(droplet);
  for (const volume of wanted.volumes) volume.dropletId = id;
  assignToProject(state, urn("droplet", id));
  return droplet;
}

function backupPolicy(droplet: Droplet): Json {
  return {
    droplet_id: droplet.id,
    backup_enabled: droplet.backups !== undefined,
    ...(droplet.backups
      ? { backup_policy: renderBackupPolicy(droplet.backups), next_backup_window: nextBackupWindow(droplet.backups) }
      : {}),
  };
}

function supportedPolicy(name: string, retentionDays: number, days: readonly string[]): Json {
  return {
    name,
    possible_window_starts: [0, 4, 8, 12, 16, 20],
    window_length_hours: 4,
    retention_period_days: retentionDays,
    possible_days: days,
  };
}

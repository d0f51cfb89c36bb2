import type { FastifyInstance } from "fastify";

import { renderAction } from "../actions";
import type { Body } from "../body";
import { type ApiContext, bodyOf, created, dropletById, found, param } from "../context";
import { isMachineAction } from "../droplet-lifecycle";
import { readBackupPolicy, readImage, readName, readSize } from "../droplet-request";
import { invalid, unprocessable } from "../errors";
import { allocateIpv6 } from "../ipam";
import type { Action, Droplet } from "../model";

export function dropletActionRoutes(app: FastifyInstance, context: ApiContext): void {
  app.post("/v2/droplets/:id/actions", async (request, reply) => {
    const droplet = dropletById(context, param(request, "id"));
    const action = act(context, droplet, bodyOf(request));
    await context.firewalls.sync();
    return created(reply, { action: renderAction(action) });
  });

  app.get("/v2/droplets/:id/actions/:action", (request) => {
    const droplet = dropletById(context, param(request, "id"));
    const action = context.actions
      .of("droplet", String(droplet.id))
      .find((one) => String(one.id) === param(request, "action"));
    return { action: renderAction(found(action)) };
  });
}

function act(context: ApiContext, droplet: Droplet, body: Body): Action {
  const type = body.string("type");
  if (droplet.destroying || context.lifecycle.blocks(droplet, type)) {
    throw unprocessable("Droplet already has a pending event.");
  }
  if (droplet.status === "new" || droplet.status === "archive") {
    throw unprocessable("Droplet is not ready: its creation has not completed.");
  }
  return isMachineAction(type)
    ? machineAction(context, droplet, type, body)
    : recordAction(context, droplet, type, body);
}

function machineAction(
  context: ApiContext,
  droplet: Droplet,
  type: Parameters<ApiContext["lifecycle"]["run"]>[1],
  body: Body,
): Action {
  const { actions, lifecycle } = context;
  const common = {
    type,
    resourceType: "droplet" as const,
    resource: String(droplet.id),
    region: droplet.region,
  };
  const off = droplet.status === "off";
  // The provider compares this exact message, and takes it for success.
  if (type === "power_off" && off) throw unprocessable("Droplet is already powered off.");
  if (type === "power_on" && !off) throw unprocessable("Droplet is already powered on.");
  if (type === "reboot" && off) throw unprocessable("Droplet is powered off: power it on instead.");
  // A shutdown of a droplet that is off succeeds at once.
  if (type === "shutdown" && off) return actions.perform(common, () => undefined);
  const image = type === "rebuild" ? readImage(body) : undefined;
  if (image && image.minDiskSize > droplet.disk) {
    throw invalid("image", image.id, `an image that fits on a disk of ${droplet.disk} GiB`);
  }
  const action = actions.start({ ...common, ...(image ? { imageId: image.id } : {}) });
  if (action.status === "in-progress") lifecycle.run(action, type, droplet);
  return action;
}

function recordAction(context: ApiContext, droplet: Droplet, type: string, body: Body): Action {
  const effect = effectOf(context, droplet, type, body);
  return context.actions.perform(
    { type, resourceType: "droplet", resource: String(droplet.id), region: droplet.region },
    effect,
  );
}

/** Checks the body; returns the action's effect. */
function effectOf({ state }: ApiContext, droplet: Droplet, type: string, body: Body): () => void {
  switch (type) {
    case "rename": {
      const name = readName(body);
      return () => {
        droplet.name = name;
      };
    }
    case "resize":
      return resize(droplet, body);
    case "enable_backups": {
      const policy = readBackupPolicy(body);
      return () => {
        droplet.backups = policy;
      };
    }
    case "disable_backups":
      // Also without backups: the provider sends this when a size changes together with backups.
      return () => {
        delete droplet.backups;
      };
    case "change_backup_policy": {
      if (!droplet.backups) throw unprocessable("Backups are not enabled: enable them before changing their policy.");
      if (!body.has("backup_policy")) throw invalid("backup_policy", undefined, "a backup policy");
      const policy = readBackupPolicy(body);
      return () => {
        droplet.backups = policy;
      };
    }
    case "enable_ipv6":
      return () => {
        droplet.publicIpv6 ??= allocateIpv6(state, droplet.region);
      };
    default:
      throw invalid("type", type, "an action that droplets have, such as power_off, resize or rename");
  }
}

function resize(droplet: Droplet, body: Body): () => void {
  const size = readSize(body);
  const disk = body.boolean("disk");
  if (droplet.status !== "off") throw unprocessable("Droplet must be powered off before it can be resized.");
  if (!size.regions.includes(droplet.region)) {
    throw invalid("size", size.slug, `a size that is available in ${droplet.region}`);
  }
  if (size.diskGiB < droplet.disk) {
    throw invalid("size", size.slug, `a size with a disk of at least ${droplet.disk} GiB: disks cannot shrink`);
  }
  return () => {
    droplet.size = size.slug;
    if (disk) droplet.disk = size.diskGiB;
  };
}

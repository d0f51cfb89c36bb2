import type { FastifyInstance, FastifyRequest } from "fastify";

import { renderAction } from "../actions";
import type { Body } from "../body";
import { type ApiContext, bodyOf, created, found, listPage, liveDroplet, noContent, param, query } from "../context";
import { conflict, invalid, unprocessable } from "../errors";
import type { Action, Volume } from "../model";
import { LARGEST_GIGABYTES, readNewVolume, renderVolume } from "../volumes";

const MOST_PER_DROPLET = 15;

export function volumeRoutes(app: FastifyInstance, context: ApiContext): void {
  const { state } = context;
  const byId = (request: FastifyRequest): Volume =>
    found(state.volumes.find((volume) => volume.id === param(request, "id").toLowerCase()));

  app.get("/v2/volumes", (request) => {
    const [name, region] = [query(request, "name"), query(request, "region")?.toLowerCase()];
    const wanted = state.volumes.filter(
      (volume) => (name === undefined || volume.name === name) && (region === undefined || volume.region === region),
    );
    return listPage(request, "volumes", wanted, renderVolume);
  });

  app.post("/v2/volumes", (request, reply) => {
    const volume = readNewVolume(state, bodyOf(request), `${request.protocol}://${request.host}/v2`);
    state.volumes.push(volume);
    return created(reply, { volume: renderVolume(volume) });
  });

  app.get("/v2/volumes/:id", (request) => ({ volume: renderVolume(byId(request)) }));

  app.delete("/v2/volumes/:id", (request, reply) => {
    const volume = byId(request);
    if (volume.dropletId !== undefined) {
      throw conflict(
        `The volume is attached to droplet ${volume.dropletId}; it must be detached before it is deleted.`,
      );
    }
    state.volumes = state.volumes.filter((one) => one !== volume);
    return noContent(reply);
  });

  app.post("/v2/volumes/:id/actions", (request, reply) =>
    created(reply, { action: renderAction(act(context, byId(request), bodyOf(request))) }, 202),
  );
}

function act(context: ApiContext, volume: Volume, body: Body): Action {
  const type = body.oneOf("type", ["attach", "detach", "resize"]);
  const region = body.optionalString("region")?.toLowerCase() ?? "";
  if (region !== "" && region !== volume.region)
    throw invalid("region", region, `${volume.region}, where the volume is`);
  const effect = effectOf(context, volume, type, body);
  return context.actions.perform({ type, resourceType: "volume", resource: volume.id, region: volume.region }, effect);
}

/** Checks the body; returns the action's effect. */
function effectOf(context: ApiContext, volume: Volume, type: "attach" | "detach" | "resize", body: Body): () => void {
  if (type === "resize") {
    const size = body.integer("size_gigabytes", volume.sizeGigabytes, LARGEST_GIGABYTES);
    return () => {
      volume.sizeGigabytes = size;
    };
  }
  const dropletId = body.integer("droplet_id", 1, Number.MAX_SAFE_INTEGER);
  if (type === "detach") {
    if (volume.dropletId !== dropletId) throw unprocessable(`The volume is not attached to droplet ${dropletId}.`);
    return () => {
      delete volume.dropletId;
    };
  }
  const droplet = liveDroplet(context, dropletId);
  if (droplet?.region !== volume.region) {
    throw invalid("droplet_id", dropletId, `a droplet in ${volume.region}`);
  }
  if (volume.dropletId !== undefined) {
    throw unprocessable(`The volume is already attached to droplet ${volume.dropletId}.`);
  }
  // Clients recognize this text and try again.
  if (droplet.status === "new" || context.lifecycle.blocks(droplet, type)) {
    throw unprocessable("Droplet already has a pending event.");
  }
  if (context.state.volumes.filter((one) => one.dropletId === dropletId).length >= MOST_PER_DROPLET) {
    throw unprocessable(`Droplet ${dropletId} has ${MOST_PER_DROPLET} volumes, which is the most it can have.`);
  }
  return () => {
    volume.dropletId = dropletId;
  };
}

import type { FastifyInstance } from "fastify";

import { type ApiContext, found, listPage, noContent, param, query } from "../context";
import type { SnapshotImage, State, VolumeSnapshot } from "../model";
import type { Json } from "../views";

/** Snapshots of droplets and of volumes, under one roof. */
export function snapshotRoutes(app: FastifyInstance, { state }: ApiContext): void {
  app.get("/v2/snapshots", (request) => {
    const [type, region] = [query(request, "resource_type"), query(request, "region")];
    const all = [...state.images.map(renderDropletSnapshot), ...state.volumeSnapshots.map(renderVolumeSnapshot)];
    const wanted = all.filter(
      (one) =>
        (type === undefined || one["resource_type"] === type) &&
        (region === undefined || (one["regions"] as string[]).includes(region)),
    );
    return listPage(request, "snapshots", wanted, (snapshot) => snapshot);
  });

  for (const path of ["/v2/snapshots/:id", "/v2/volumes/snapshots/:id"]) {
    app.get(path, (request) => ({ snapshot: found(byId(state, param(request, "id"))) }));

    app.delete(path, (request, reply) => {
      const id = param(request, "id");
      found(byId(state, id));
      state.images = state.images.filter((one) => String(one.id) !== id);
      state.volumeSnapshots = state.volumeSnapshots.filter((one) => one.id !== id);
      return noContent(reply);
    });
  }
}

function byId(state: State, id: string): Json | undefined {
  const image = state.images.find((one) => String(one.id) === id);
  if (image) return renderDropletSnapshot(image);
  const snapshot = state.volumeSnapshots.find((one) => one.id === id);
  return snapshot ? renderVolumeSnapshot(snapshot) : undefined;
}

function renderDropletSnapshot(image: SnapshotImage): Json {
  return {
    id: String(image.id),
    name: image.name,
    created_at: image.createdAt,
    regions: [image.region],
    min_disk_size: image.minDiskSize,
    size_gigabytes: 1,
    resource_id: String(image.dropletId),
    resource_type: "droplet",
    tags: image.tags,
  };
}

export function renderVolumeSnapshot(snapshot: VolumeSnapshot): Json {
  return {
    id: snapshot.id,
    name: snapshot.name,
    created_at: snapshot.createdAt,
    regions: [snapshot.region],
    min_disk_size: snapshot.sizeGigabytes,
    size_gigabytes: 0,
    resource_id: snapshot.volumeId,
    resource_type: "volume",
    tags: snapshot.tags,
  };
}

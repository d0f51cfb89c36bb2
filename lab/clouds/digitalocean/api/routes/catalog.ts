import type { FastifyInstance } from "fastify";

import { IMAGES, REGIONS, SIZES } from "../catalog";
import { type ApiContext, bodyOf, created, found, listPage, noContent, param, query } from "../context";
import { forbidden } from "../errors";
import type { SnapshotImage } from "../model";
import { renderAction } from "../actions";
import { type Json, renderImage, renderRegion, renderSize, renderSnapshotImage } from "../views";

export function catalogRoutes(app: FastifyInstance, { state, actions }: ApiContext): void {
  app.get("/v2/regions", (request) => listPage(request, "regions", REGIONS, (one) => renderRegion(one.slug)));

  app.get("/v2/sizes", (request) => listPage(request, "sizes", SIZES, renderSize));

  app.get("/v2/images", (request) => {
    const [type, own, tag] = ["type", "private", "tag_name"].map((field) => query(request, field));
    const common =
      own === "true" || tag !== undefined ? [] : IMAGES.filter((one) => type === undefined || one.kind === type);
    const snapshots = state.images.filter(
      (one) =>
        type === undefined && (tag === undefined || one.tags.some((name) => name.toLowerCase() === tag.toLowerCase())),
    );
    const all = [...common.map(renderImage), ...snapshots.map(renderSnapshotImage)];
    return listPage(request, "images", all, (image) => image);
  });

  app.get("/v2/images/:image", (request) => ({ image: imageByIdentifier(param(request, "image")) }));

  app.put("/v2/images/:image", (request) => {
    const image = snapshot(param(request, "image"));
    image.name = bodyOf(request).optionalString("name") ?? image.name;
    return { image: renderSnapshotImage(image) };
  });

  app.delete("/v2/images/:image", (request, reply) => {
    const image = snapshot(param(request, "image"));
    state.images = state.images.filter((one) => one !== image);
    return noContent(reply);
  });

  app.get("/v2/images/:image/actions", (request) =>
    listPage(request, "actions", actions.of("image", param(request, "image")), renderAction),
  );

  app.post("/v2/images/:image/actions", (request, reply) => {
    const image = snapshot(param(request, "image"));
    const type = bodyOf(request).oneOf("type", ["transfer", "convert"]);
    const wanted = { type, resourceType: "image", resource: String(image.id), region: image.region } as const;
    return created(reply, renderAction(actions.perform(wanted, () => undefined)));
  });

  app.get("/v2/images/:image/actions/:action", (request) => {
    const own = actions.of("image", param(request, "image"));
    return renderAction(found(own.find((one) => String(one.id) === param(request, "action"))));
  });

  function imageByIdentifier(identifier: string): Json {
    const common = IMAGES.find((one) => one.slug === identifier || String(one.id) === identifier);
    if (common) return renderImage(common);
    return renderSnapshotImage(found(state.images.find((one) => String(one.id) === identifier)));
  }

  function snapshot(identifier: string): SnapshotImage {
    if (IMAGES.some((one) => String(one.id) === identifier)) throw forbidden("Public images can not be changed");
    return found(state.images.find((one) => String(one.id) === identifier));
  }
}

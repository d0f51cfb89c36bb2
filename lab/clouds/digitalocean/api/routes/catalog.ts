import type { FastifyInstance } from "fastify";

import { IMAGES, REGIONS, SIZES } from "../catalog";
import { found, listPage, param, query } from "../context";
import { renderImage, renderRegion, renderSize } from "../views";

export function catalogRoutes(app: FastifyInstance): void {
  app.get("/v2/regions", (request) => listPage(request, "regions", REGIONS, (one) => renderRegion(one.slug)));

  app.get("/v2/sizes", (request) => listPage(request, "sizes", SIZES, renderSize));

  app.get("/v2/images", (request) => {
    const [type, own, tag] = ["type", "private", "tag_name"].map((field) => query(request, field));
    // All images are DigitalOcean's own: none is private or tagged.
    const wanted =
      own === "true" || tag !== undefined ? [] : IMAGES.filter((one) => type === undefined || one.kind === type);
    return listPage(request, "images", wanted, renderImage);
  });

  app.get("/v2/images/:image", (request) => {
    const given = param(request, "image");
    return { image: renderImage(found(IMAGES.find((one) => one.slug === given || String(one.id) === given))) };
  });
}

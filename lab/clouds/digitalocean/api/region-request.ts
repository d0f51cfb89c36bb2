import type { Body } from "./body";
import { findRegion, type Region, REGIONS } from "./catalog";
import { type ApiError, invalid } from "./errors";

/** @throws ApiError unless the body names, in any case, a region that accepts new resources */
export function readRegion(body: Body): Region {
  const region = findRegion(body.optionalString("region") ?? "");
  if (!region?.available) throw noSuchRegion(body);
  return region;
}

export function noSuchRegion(body: Body): ApiError {
  const slugs = REGIONS.filter((one) => one.available).map((one) => one.slug);
  return invalid("region", body.raw("region"), `one of ${slugs.join(", ")}`);
}

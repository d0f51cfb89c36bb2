import { shown } from "../validation";
import { ValidationError } from "../validation-error";
import { METROS } from "./metros";
import { Region } from "./regions";

/** A metropolitan area is not larger, nor are the data centres that a cloud names after its city farther out. */
const METRO_KM = 200;

/** @throws ValidationError for a region with a built-in one's slug, or far from the metropolitan area that it names */
export function requireOwnPlaces(regions: readonly Region[]): void {
  for (const region of regions) {
    requireOwnSlug(region);
    requireNearMetro(region);
  }
}

function requireOwnSlug(region: Region): void {
  const builtIn = Region.find(region.slug);
  if (builtIn === undefined || builtIn === region) return;
  throw new ValidationError({
    what: "region: slug",
    given: shown(region.slug),
    expected: "a name that no built-in region has",
    mend: `take that region itself, or put a name before yours: ${shown(`own:${region.slug}`)}`,
  });
}

function requireNearMetro(region: Region): void {
  if (!METROS.has(region.metro)) return;
  const km = Math.round(region.distanceKmTo(Region.of(region.metro)));
  if (km <= METRO_KM) return;
  const nearest = [...METROS.keys()]
    .map((metro) => ({ metro, km: region.distanceKmTo(Region.of(metro)) }))
    .reduce((best, other) => (other.km < best.km ? other : best));
  throw new ValidationError({
    what: `region ${region.slug}: metro`,
    given: `${shown(region.metro)}, which is ${km} km from latitude ${region.latitude}, longitude ${region.longitude}`,
    expected: `one of the built-in metropolitan areas within ${METRO_KM} km (${[...METROS.keys()].join(", ")}), or a name of your own`,
    mend:
      nearest.km <= METRO_KM
        ? `take ${shown(nearest.metro)}, or correct the coordinates`
        : "give another name: distances are then estimated from the coordinates. Or correct these",
  });
}

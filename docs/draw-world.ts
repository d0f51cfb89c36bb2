/**
 * Writes lib/report/world.ts: the outline of the world's land on the map that reports and docs/cluster.svg are drawn
 * on. Done once, here, so that the published package needs no map data and no library for maps.
 *
 * Run it with `npx tsx docs/draw-world.ts`, when the view or the map data changes.
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { geoBounds, geoEqualEarth, geoGraticule, geoPath } from "d3-geo";
import { format } from "prettier";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import { onMap } from "../lib/report/projection";

const WIDTH = 1200;
const HEIGHT = 600;
const MARGIN = 24;

/** What has to be in view: everywhere but the poles and the Pacific's middle. */
const VIEW = {
  type: "MultiPoint" as const,
  coordinates: [
    [-128, 8],
    [-60, 74],
    [60, 74],
    [156, -34],
    [-70, -56],
    [-122, 40],
  ],
};

const projection = geoEqualEarth()
  .rotate([-14, 0])
  .fitExtent(
    [
      [MARGIN, 30],
      [WIDTH - MARGIN, HEIGHT - 74],
    ],
    VIEW,
  );
const draw = geoPath(projection).digits(1);

/** The world's land without Antarctica, which would only take room. */
function readLand(): GeoJSON.MultiPolygon {
  const file = require.resolve("world-atlas/land-110m.json");
  const topology = JSON.parse(readFileSync(file, "utf8")) as Topology<{ land: GeometryCollection<object> }>;
  const coordinates = feature(topology, topology.objects.land)
    .features.flatMap(({ geometry }) => (geometry.type === "MultiPolygon" ? geometry.coordinates : []))
    .filter((polygon) => geoBounds({ type: "Polygon", coordinates: polygon })[1][1] > -60);
  return { type: "MultiPolygon", coordinates };
}

const view = {
  width: WIDTH,
  height: HEIGHT,
  centralMeridian: -projection.rotate()[0],
  scale: projection.scale(),
  translate: projection.translate(),
};

/** Reports place members with their own few lines of the projection: these have to agree with what is drawn here. */
for (const [longitude, latitude] of [
  [-122.42, 37.77],
  [0, 0],
  [103.82, 1.35],
  [151.21, -33.87],
  [-74, 40.7],
]) {
  const [x, y] = projection([longitude, latitude]) ?? [NaN, NaN];
  const ours = onMap(view, longitude, latitude);
  if (!(Math.hypot(x - ours[0], y - ours[1]) < 0.01)) {
    throw new Error(`${longitude}, ${latitude} is at ${x}, ${y}, but lib/report/projection.ts has ${ours.join(", ")}`);
  }
}

const source = `// Written by docs/draw-world.ts from Natural Earth's land (public domain) by way of world-atlas.
import type { MapView } from "./projection";

/** How the map is drawn. */
export const VIEW: MapView = ${JSON.stringify(view)};

/** The land without Antarctica, as the data of an SVG path. */
export const LAND = ${JSON.stringify(draw(readLand()))};

/** Meridians and parallels, 20 degrees apart. */
export const GRATICULE = ${JSON.stringify(draw(geoGraticule().step([20, 20]).precision(5)()))};
`;

async function write(): Promise<void> {
  const file = path.join(__dirname, "..", "lib", "report", "world.ts");
  writeFileSync(file, await format(source, { parser: "typescript", printWidth: 120 }));
  console.log(`lib/report/world.ts: ${source.length} bytes`);
}

void write();

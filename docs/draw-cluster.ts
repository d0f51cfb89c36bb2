/**
 * Draws docs/cluster.svg: the cluster of main.ts on a map of the world. Places, round-trip times, the leader and the
 * quorum come from the library's own model, so the picture shows what the code says.
 *
 * Run it with `npx tsx docs/draw-cluster.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { geoBounds, geoEqualEarth, geoGraticule, geoPath } from "d3-geo";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import { QuorumModel, Region, RoundTripTimes } from "../lib";

const MEMBERS = ["lon1", "nyc3", "sgp1"];
const WIDTH = 1200;
const HEIGHT = 600;
const MARGIN = 24;
/** How far, in pixels, a link bows out from the straight line between its ends: away from the other links. */
const BOWS: Readonly<Record<string, number>> = { "lon1-nyc3": 40, "lon1-sgp1": -64, "nyc3-sgp1": 118 };

type Point = readonly [number, number];

/** What stands beside a member, and on which side of it. */
interface Label {
  readonly dx: number;
  readonly dy: number;
  readonly anchor: "start" | "end";
}

const LABELS: Readonly<Record<string, Label>> = {
  lon1: { dx: 0, dy: -58, anchor: "start" },
  nyc3: { dx: -26, dy: -6, anchor: "end" },
  sgp1: { dx: 26, dy: -2, anchor: "start" },
};

const times = RoundTripTimes.digitalOcean();
const quorum = new QuorumModel({ roundTripTimes: times, memberLocations: MEMBERS });
const leader = quorum.bestLeader();

const land = readLand();
const view = {
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
    view,
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

function at(slug: string): Point {
  const region = Region.of(slug);
  const point = projection([region.longitude, region.latitude]);
  if (point === null) throw new Error(`${slug} is not on the map`);
  return point;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A quadratic curve between two members, and the point in its middle. */
function bow(from: Point, to: Point, height: number): { readonly path: string; readonly middle: Point } {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy);
  const control: Point = [
    (from[0] + to[0]) / 2 - (dy / length) * height,
    (from[1] + to[1]) / 2 + (dx / length) * height,
  ];
  const middle: Point = [from[0] / 4 + control[0] / 2 + to[0] / 4, from[1] / 4 + control[1] / 2 + to[1] / 4];
  const points = [from, control, to].map((point) => point.map(round).join(" "));
  return { path: `M${points[0]} Q${points[1]} ${points[2]}`, middle };
}

function links(): string {
  const ofQuorum = MEMBERS.filter((slug) => slug !== leader.location)
    .sort((a, b) => times.between(leader.location, a) - times.between(leader.location, b))
    .slice(0, quorum.quorumSize - 1);
  return MEMBERS.flatMap((a, index) =>
    MEMBERS.slice(index + 1).map((b) => {
      const { path: line, middle } = bow(at(a), at(b), BOWS[`${a}-${b}`] ?? 0);
      const commits = [a, b].includes(leader.location) && [a, b].some((slug) => ofQuorum.includes(slug));
      const [x, y] = middle;
      return [
        `<path class="link${commits ? " commits" : ""}" d="${line}"/>`,
        `<g transform="translate(${round(x)} ${round(y)})"><rect class="pill" x="-44" y="-16" width="88" height="32" rx="16"/>`,
        `<text class="rtt" y="6" text-anchor="middle">${times.between(a, b)} ms</text></g>`,
      ].join("");
    }),
  ).join("\n");
}

function members(): string {
  return MEMBERS.map((slug) => {
    const [x, y] = at(slug).map(round);
    const { dx, dy, anchor } = LABELS[slug];
    const leads = slug === leader.location;
    return [
      `<g transform="translate(${x} ${y})">`,
      leads ? '<circle class="ring" r="17"/>' : "",
      `<circle class="${leads ? "leader" : "member"}" r="10"/>`,
      `<text class="city" x="${dx}" y="${dy}" text-anchor="${anchor}">${Region.of(slug).city}</text>`,
      `<text class="name" x="${dx}" y="${dy + 22}" text-anchor="${anchor}">etcd-${slug}${leads ? " · leader" : ""}</text>`,
      "</g>",
    ].join("");
  }).join("\n");
}

/** What the marks mean. */
function legend(): string {
  const rows = [
    [
      '<circle class="ring" cx="22" r="10"/><circle class="leader" cx="22" r="7"/>',
      "leader, where writes are cheapest",
    ],
    ['<path class="link commits" d="M2 0 H42"/>', "nearest quorum: commits a write"],
    ['<path class="link" d="M2 0 H42"/>', "the other round trips"],
  ];
  const lines = rows.map(
    ([mark, text], index) =>
      `<g transform="translate(0 ${index * 28})">${mark}<text class="key" x="56" y="5">${text}</text></g>`,
  );
  return `<g transform="translate(36 ${HEIGHT - 150})">${lines.join("\n")}</g>`;
}

const cities = MEMBERS.map((slug) => Region.of(slug).city);
const commit =
  `A write commits when ${quorum.quorumSize} of ${quorum.memberCount} members have it, ${leader.commitMs} ms after it reaches the leader. ` +
  `Any ${quorum.faultTolerance === 1 ? "one continent" : `${quorum.faultTolerance} continents`} may be lost.`;

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title text">
<title id="title">An etcd cluster with members in ${cities.join(", ")}</title>
<desc id="text">${commit}</desc>
<style>
  svg { --sea: #f3f7fb; --land: #d5dfe9; --grid: #e4ecf4; --ink: #12263a; --soft: #4d6479; --link: #6d8aa6; --commit: #0b7a75; --lead: #d9480f; --card: #ffffff; --edge: #c6d3df }
  @media (prefers-color-scheme: dark) {
    svg { --sea: #0d1722; --land: #223446; --grid: #16232f; --ink: #eaf2f9; --soft: #9db3c7; --link: #6f8eac; --commit: #3fd0c0; --lead: #ff9f5a; --card: #14212e; --edge: #34495c }
  }
  text { font-family: ui-sans-serif, system-ui, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; fill: var(--ink) }
  .sea { fill: var(--sea) } .land { fill: var(--land) } .grid { fill: none; stroke: var(--grid) }
  .link { fill: none; stroke: var(--link); stroke-width: 2.5; stroke-dasharray: 3 7; stroke-linecap: round }
  .link.commits { stroke: var(--commit); stroke-width: 4; stroke-dasharray: none }
  .pill { fill: var(--card); stroke: var(--edge) }
  .rtt { font-size: 17px; font-weight: 600 }
  .member { fill: var(--commit); stroke: var(--card); stroke-width: 3 }
  .leader { fill: var(--lead); stroke: var(--card); stroke-width: 3 }
  .ring { fill: var(--card); stroke: var(--lead); stroke-width: 3 }
  .city { font-size: 24px; font-weight: 700; paint-order: stroke; stroke: var(--sea); stroke-width: 5px; stroke-linejoin: round }
  .name { font-size: 16px; fill: var(--soft); paint-order: stroke; stroke: var(--sea); stroke-width: 5px; stroke-linejoin: round }
  .key { font-size: 15px; fill: var(--soft) }
  .legend { font-size: 16px; font-weight: 600; fill: var(--ink) }
</style>
<clipPath id="frame"><rect width="${WIDTH}" height="${HEIGHT}" rx="18"/></clipPath>
<g clip-path="url(#frame)">
<rect class="sea" width="${WIDTH}" height="${HEIGHT}"/>
<path class="grid" d="${draw(geoGraticule().step([20, 20])()) ?? ""}"/>
<path class="land" d="${draw(land) ?? ""}"/>
</g>
${links()}
${members()}
${legend()}
<text class="legend" x="${WIDTH / 2}" y="${HEIGHT - 26}" text-anchor="middle">${commit}</text>
</svg>
`;

writeFileSync(path.join(__dirname, "cluster.svg"), svg);
console.log(`docs/cluster.svg: ${svg.length} bytes`);

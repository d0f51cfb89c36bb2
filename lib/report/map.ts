import { Region } from "../wan/regions";
import type { RoundTripTimes } from "../wan/round-trip-times";
import type { ClusterPlan, Link } from "./cluster-plan";
import type { Box, Spot } from "./map-layout";
import { around, boxAt, freest, spread } from "./map-layout";
import { escape } from "./markup";
import type { Point } from "./projection";
import { onMap } from "./projection";
import { survival } from "./sentences";
import { GRATICULE, LAND, VIEW } from "./world";

/** Up to here every link has its round trip written on it; beyond, the leader's only. */
const MOST_MEMBERS_FOR_ALL_TIMES = 4;
const DISC = 14;
const PILL = { width: 76, height: 28 };
/** Room that the legend takes, at the lower left. */
const LEGEND: Box = { left: 20, top: VIEW.height - 160, right: 330, bottom: VIEW.height };

/** The map of a plan. */
export interface ClusterMap {
  /** A whole SVG document, which can also stand inside a page. */
  readonly svg: string;
  /** The part of the width that has members in it, from 0 to 1: a small screen shows that part enlarged. */
  readonly from: number;
  readonly to: number;
}

/** A location with members, on the map. */
interface Marker {
  readonly location: string;
  readonly title: string;
  readonly names: string;
  /** In the order to fall back, from 1. */
  readonly rank: number;
  /** Where it is. */
  readonly place: Point;
  /** Where its disc is drawn: beside its place, where another disc is in the way. */
  readonly disc: Point;
}

/** Draws the members of a plan, those with a place on earth, with links, leader and fall-back order. */
export function drawMap(plan: ClusterPlan, times: RoundTripTimes): ClusterMap {
  const markers = markersOf(plan, times);
  const at = new Map(markers.map((marker) => [marker.location, marker.disc]));
  const arcs = plan.links.flatMap((link) => {
    const [from, to] = [at.get(link.a), at.get(link.b)];
    return from === undefined || to === undefined ? [] : [{ link, curve: new Curve(from, to) }];
  });
  const discs = markers.map((marker) => boxAt(marker.disc, 2 * DISC + 8, 2 * DISC + 8));
  const taken: Box[] = [...discs, LEGEND];
  const lines = arcs.flatMap(({ curve }) => curve.points(24));
  const labels = markers.map((marker) => label(marker, taken, lines));
  const pills = arcs
    .filter(({ link }) => hasTime(plan, link))
    .map(({ link, curve }) => pill(link, curve, taken, lines));
  const paths = [...arcs]
    .sort((x, y) => Number(x.link.commits) - Number(y.link.commits))
    .map(
      ({ link, curve }) =>
        `<path class="link${link.commits ? " commits" : hasTime(plan, link) ? "" : " faint"}" d="${curve.path}"/>`,
    );
  const columns = markers.map((marker) => marker.disc[0] / VIEW.width);
  return {
    svg: document(plan, [...paths, ...markers.map(disc), ...labels, ...pills]),
    from: columns.length === 0 ? 0 : Math.min(...columns),
    to: columns.length === 0 ? 1 : Math.max(...columns),
  };
}

function markersOf(plan: ClusterPlan, times: RoundTripTimes): Marker[] {
  const placed = [...new Set(plan.members.map((member) => member.location))].flatMap((location) => {
    const region = times.region(location) ?? Region.find(location);
    if (region === undefined) return [];
    const here = plan.members.filter((member) => member.location === location);
    const place = onMap(VIEW, region.longitude, region.latitude);
    const names = here.map((member) => member.name).join(", ");
    const rank = plan.leaders.findIndex((leader) => leader.location === location) + 1;
    return [{ location, title: region.city, names, rank, place }];
  });
  const discs = spread(
    placed.map((marker) => marker.place),
    2 * DISC + 14,
  );
  return placed.map((marker, index) => ({ ...marker, disc: discs[index] }));
}

function hasTime(plan: ClusterPlan, link: Link): boolean {
  const few = new Set(plan.members.map((member) => member.location)).size <= MOST_MEMBERS_FOR_ALL_TIMES;
  return few || [link.a, link.b].includes(plan.leaders[0].location);
}

function disc({ place, disc: [x, y], rank }: Marker): string {
  const away = Math.hypot(place[0] - x, place[1] - y) > 3;
  return [
    away
      ? `<path class="stem" d="M${point(place)}L${point([x, y])}"/><circle class="place" r="3" cx="${round(place[0])}" cy="${round(place[1])}"/>`
      : "",
    `<g transform="translate(${point([x, y])})"><g class="disc${rank === 1 ? " leads" : ""}">`,
    rank === 1 ? `<circle class="ring" r="${DISC + 5}"/>` : "",
    `<circle class="fill" r="${DISC}"/><text class="rank" y="5.5" text-anchor="middle">${rank}</text></g></g>`,
  ].join("");
}

function label(marker: Marker, taken: Box[], lines: readonly Point[]): string {
  const under = `${marker.names}${marker.rank === 1 ? " · leader" : ""}`;
  const width = Math.max(13 * marker.title.length, 8.4 * under.length);
  const spots = around(marker.disc, width, 44, DISC + 9);
  const { box, anchor } = freest(spots, taken, lines);
  taken.push(box);
  const x = anchor === "start" ? box.left : anchor === "end" ? box.right : (box.left + box.right) / 2;
  return (
    `<g class="label" transform="translate(${point([x, box.top])})"><text class="city" y="19" text-anchor="${anchor}">${escape(marker.title)}</text>` +
    `<text class="name" y="38" text-anchor="${anchor}">${escape(under)}</text></g>`
  );
}

function pill(link: Link, curve: Curve, taken: Box[], lines: readonly Point[]): string {
  const middles = curve.length > 2 * PILL.width ? SHARES.map((share) => curve.at(share)) : beside(curve.at(0.5));
  const spots = middles.map<Spot>((middle) => ({ box: boxAt(middle, PILL.width, PILL.height), anchor: "middle" }));
  const own = new Set(curve.points(24).map(String));
  const { box } = freest(
    spots,
    taken,
    lines.filter((other) => !own.has(String(other))),
  );
  taken.push(box);
  const middle: Point = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  const [from, to] = [curve.at(0.5), middle];
  const stem = spots.length > SHARES.length ? `<path class="time stem" d="M${point(from)}L${point(to)}"/>` : "";
  return (
    stem +
    `<g class="time" transform="translate(${point(middle)})"><rect class="pill" x="${-PILL.width / 2}" y="${-PILL.height / 2}" width="${PILL.width}" height="${PILL.height}" rx="${PILL.height / 2}"/>` +
    `<text class="rtt" y="5.5" text-anchor="middle">${Math.round(link.p50)} ms</text></g>`
  );
}

/** Where along a link its time may stand, best first. */
const SHARES = [0.5, 0.45, 0.55, 0.4, 0.6, 0.34, 0.66, 0.28, 0.72, 0.22, 0.78];

/** Where the time of a link may stand that is too short to have it on itself. */
function beside([x, y]: Point): Point[] {
  return [60, 80, 105].flatMap((distance) =>
    Array.from({ length: 12 }, (_unused, index): Point => {
      const angle = (index * Math.PI) / 6;
      return [x + Math.cos(angle) * distance * 1.2, y + Math.sin(angle) * distance * 0.8];
    }),
  );
}

/** A link: a quadratic curve that bows northward, as the shortest way on the globe does. */
class Curve {
  private readonly control: Point;

  public constructor(
    private readonly start: Point,
    private readonly end: Point,
  ) {
    const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
    const side = dx >= 0 ? 1 : -1;
    this.control = [(start[0] + end[0]) / 2 + side * 0.3 * dy, (start[1] + end[1]) / 2 - side * 0.3 * dx];
  }

  public get length(): number {
    return Math.hypot(this.end[0] - this.start[0], this.end[1] - this.start[1]);
  }

  public get path(): string {
    return `M${point(this.start)} Q${point(this.control)} ${point(this.end)}`;
  }

  public at(share: number): Point {
    const along = (from: number, middle: number, to: number): number =>
      (1 - share) ** 2 * from + 2 * share * (1 - share) * middle + share ** 2 * to;
    return [along(this.start[0], this.control[0], this.end[0]), along(this.start[1], this.control[1], this.end[1])];
  }

  public points(count: number): Point[] {
    return Array.from({ length: count }, (_unused, index) => this.at((index + 0.5) / count));
  }
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function point([x, y]: Point): string {
  return `${round(x)} ${round(y)}`;
}

/** What the marks mean. */
function legend(): string {
  const rows = [
    ['<g class="disc leads"><circle class="fill" cx="22" r="8"/></g>', "best place for the leader"],
    ['<g class="disc"><circle class="fill" cx="22" r="8"/></g>', "member; the number is the fall-back order"],
    ['<path class="link commits" d="M2 0 H42"/>', "nearest quorum: commits a write"],
    ['<path class="link" d="M2 0 H42"/>', "the other round trips"],
  ];
  const lines = rows.map(
    ([mark, text], index) =>
      `<g transform="translate(0 ${index * 26})">${mark}<text class="key" x="56" y="5">${text}</text></g>`,
  );
  return `<g class="legend" transform="translate(32 ${VIEW.height - 140})">${lines.join("\n")}</g>`;
}

/** What the map says, in words. */
export function mapCaption(plan: ClusterPlan): string {
  const [leader] = plan.leaders;
  return (
    `A write commits when ${plan.quorumSize} of ${plan.members.length} members have it, ${Math.round(leader.commitMs)} ms ` +
    `after it reaches the leader. ${survival(plan)}`
  );
}

function document(plan: ClusterPlan, drawing: readonly string[]): string {
  const cities = [...new Set(plan.members.map((member) => member.title))];
  const { width, height } = VIEW;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="etcd-map" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="map-title map-text">
<title id="map-title">An etcd cluster on a map of the world: ${escape(cities.join(", "))}</title>
<desc id="map-text">${escape(mapCaption(plan))}</desc>
<style>${STYLE}</style>
<clipPath id="map-frame"><rect width="${width}" height="${height}" rx="18"/></clipPath>
<g clip-path="url(#map-frame)">
<rect class="sea" width="${width}" height="${height}"/>
<path class="grid" d="${GRATICULE}"/>
<path class="land" d="${LAND}"/>
</g>
${drawing.join("\n")}
${legend()}
<text class="caption" x="${width / 2}" y="${height - 18}" text-anchor="middle">${escape(mapCaption(plan))}</text>
</svg>
`;
}

const STYLE = `
  .etcd-map { --sea: #f3f7fb; --land: #d5dfe9; --grid: #e4ecf4; --ink: #12263a; --soft: #4d6479; --link: #6d8aa6; --commit: #0b7a75; --lead: #c2410c; --card: #ffffff; --edge: #c6d3df }
  @media (prefers-color-scheme: dark) {
    .etcd-map { --sea: #0d1722; --land: #223446; --grid: #16232f; --ink: #eaf2f9; --soft: #9db3c7; --link: #6f8eac; --commit: #3fd0c0; --lead: #ff9f5a; --card: #14212e; --edge: #34495c }
  }
  .etcd-map text { font-family: ui-sans-serif, system-ui, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; fill: var(--ink) }
  .etcd-map .sea { fill: var(--sea) } .etcd-map .land { fill: var(--land) } .etcd-map .grid { fill: none; stroke: var(--grid) }
  .etcd-map .link { fill: none; stroke: var(--link); stroke-width: 2.2; stroke-dasharray: 3 7; stroke-linecap: round }
  .etcd-map .link.commits { stroke: var(--commit); stroke-width: 4; stroke-dasharray: none }
  .etcd-map .link.faint { opacity: .45 }
  .etcd-map .stem { stroke: var(--ink); stroke-width: 1.2 } .etcd-map .place { fill: var(--ink) }
  .etcd-map .pill { fill: var(--card); stroke: var(--edge) }
  .etcd-map .rtt { font-size: 15px; font-weight: 600 }
  .etcd-map .fill { fill: var(--commit); stroke: var(--card); stroke-width: 2.5 }
  .etcd-map .leads .fill { fill: var(--lead) }
  .etcd-map .ring { fill: var(--card); stroke: var(--lead); stroke-width: 3 }
  .etcd-map .rank { font-size: 16px; font-weight: 700; fill: var(--card) }
  .etcd-map .city { font-size: 22px; font-weight: 700 } .etcd-map .name { font-size: 15px; fill: var(--soft) }
  .etcd-map .city, .etcd-map .name { paint-order: stroke; stroke: var(--sea); stroke-width: 5px; stroke-linejoin: round }
  .etcd-map .key { font-size: 15px; fill: var(--soft) }
  .etcd-map .caption { font-size: 16px; font-weight: 600 }
`;

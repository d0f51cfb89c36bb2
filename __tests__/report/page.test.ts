import { Region, RoundTripTimes } from "../../lib";
import { planCluster } from "../../lib/report/cluster-plan";
import { drawMap } from "../../lib/report/map";
import { spread } from "../../lib/report/map-layout";
import { drawPage } from "../../lib/report/page";
import { onMap } from "../../lib/report/projection";
import { VIEW } from "../../lib/report/world";

const roundTripTimes = RoundTripTimes.digitalOcean();

function draw(regions: string[], title = "a plan") {
  const members = regions.map((location, index) => ({ name: `etcd-${location}-${index}`, location }));
  const plan = planCluster({ roundTripTimes, members });
  const map = drawMap(plan, roundTripTimes);
  return { plan, map, page: drawPage(title, plan, map) };
}

/** Elements that HTML leaves open. */
const VOID = new Set(["meta", "!doctype"]);

/** Fails where an element is closed that is not the last one opened, or never. */
function requireWellFormed(markup: string): void {
  const open: string[] = [];
  for (const [, close, name, rest] of markup.matchAll(/<(\/?)([!\w-]+)((?:[^>"]|"[^"]*")*)>/g)) {
    if (close === "/") expect(open.pop()).toBe(name);
    else if (!rest.endsWith("/") && !VOID.has(name.toLowerCase())) open.push(name);
  }
  expect(open).toEqual([]);
}

describe.each([
  [["lon1"]],
  [["lon1", "nyc3", "sgp1"]],
  [["lon1", "lon1", "ams3"]],
  [["lon1", "nyc3", "sgp1", "sfo3", "ams3"]],
  [["lon1", "nyc1", "nyc3", "sgp1", "sfo3", "ams3", "fra1", "syd1", "blr1"]],
])("the page of %j", (regions) => {
  const { plan, map, page } = draw(regions);

  it("is well-formed, as is the map", () => {
    requireWellFormed(page);
    requireWellFormed(map.svg);
    expect(page + map.svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("loads nothing", () => {
    for (const text of [page, map.svg]) {
      expect(text).not.toMatch(/<(script|link|img|iframe|object|embed|image|use)\b|@import|@font-face|\b(src|href)=/i);
      expect([...text.matchAll(/url\(([^)]*)\)/g)].map(([, target]) => target)).toEqual(["#map-frame"]);
    }
  });

  it("has each member, client, loss and timeout", () => {
    for (const member of plan.members) expect(page).toContain(member.name);
    for (const client of plan.clients) expect(page).toContain(`${client.location}, weight ${client.weight}`);
    for (const loss of plan.losses) expect(page).toContain(loss.locations.join(", "));
    for (const line of plan.tuning) expect(page).toContain(line.setting);
    expect(page.match(/<th scope="row">/g)?.length).toBeGreaterThanOrEqual(
      plan.members.length ? plan.tuning.length : 0,
    );
  });

  it("puts each location on the map, numbered by the order to fall back", () => {
    const ranks = [...map.svg.matchAll(/class="rank"[^>]*>(\d+)</g)].map(([, rank]) => Number(rank)).sort();
    expect(ranks).toEqual(plan.leaders.map((_leader, index) => index + 1));
    expect(map.svg.match(/<path class="link( commits| faint)?" d="M(?!2 0)/g) ?? []).toHaveLength(plan.links.length);
  });
});

describe("the map", () => {
  it("has every region within its frame", () => {
    for (const { longitude, latitude } of Region.all()) {
      const [x, y] = onMap(VIEW, longitude, latitude);
      expect(x > 0 && x < VIEW.width && y > 0 && y < VIEW.height).toBe(true);
    }
  });

  it("moves members apart that are too near to tell from each other", () => {
    const moved = spread(
      [
        [0, 0],
        [0, 0],
        [3, 1],
        [100, 100],
      ],
      40,
    );
    for (const [index, [x, y]] of moved.entries()) {
      for (const [ox, oy] of moved.slice(index + 1)) expect(Math.hypot(x - ox, y - oy)).toBeGreaterThan(39.5);
    }
    expect(moved[3]).toEqual([100, 100]);
  });
});

it("escapes what it is given", () => {
  expect(draw(["lon1"], `<b onclick="x">`).page).not.toContain("<b onclick");
});

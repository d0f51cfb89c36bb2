import { Continent, Region } from "../../lib/wan";
import { ValidationError } from "../../lib/validation-error";

describe("the list of regions", () => {
  test("holds DigitalOcean's regions, sorted, each slug once", () => {
    const slugs = Region.inCloud("digitalocean").map((region) => region.slug);
    expect(slugs).toEqual("ams2 ams3 atl1 blr1 fra1 lon1 nyc1 nyc2 nyc3 ric1 sfo2 sfo3 sgp1 syd1 tor1".split(" "));
  });

  test("cannot be changed from outside", () => {
    Region.all().pop();
    Region.inCloud("aws").pop();
    expect(Region.all()).toHaveLength(15 + 19 + 25);
    expect(Region.inCloud("aws")).toHaveLength(19);
  });

  test("holds AWS's, with names that no other cloud's can have", () => {
    const slugs = Region.inCloud("aws").map((region) => region.slug);
    expect(slugs).toEqual([...new Set(slugs)].sort());
    for (const slug of slugs) expect(slug).toMatch(/^aws:[a-z]{2}-[a-z]+-\d$/);
    expect(Region.of("aws:sa-east-1")).toMatchObject({ city: "São Paulo", continent: "South America", metro: "sao" });
    expect(Region.of("aws:us-west-1").metro).toBe(Region.of("sfo3").metro);
  });

  test("holds each metropolitan area by itself, the place of machines of no cloud", () => {
    const [london, lon1, aws] = ["lon", "lon1", "aws:eu-west-2"].map((slug) => Region.of(slug));
    expect(london).toMatchObject({ slug: "lon", metro: "lon", city: "London", cloud: undefined });
    expect([lon1.cloud, aws.cloud]).toEqual(["digitalocean", "aws"]);
    for (const { metro, city, latitude, longitude } of Region.all()) {
      expect(Region.of(metro)).toMatchObject({ slug: metro, metro, city, latitude, longitude });
    }
    expect(new Set(Region.all().map((region) => region.slug)).size).toBe(Region.all().length);
  });

  test("knows the clouds that it has", () => {
    expect(() => Region.inCloud("awz")).toThrow(/^cloud: given "awz", expected one whose.*did you mean aws\?$/);
  });

  test.each([
    ["lon1", "London", Continent.EUROPE],
    ["nyc3", "New York", Continent.NORTH_AMERICA],
    ["sgp1", "Singapore", Continent.ASIA],
    ["syd1", "Sydney", Continent.OCEANIA],
  ])("%s is in %s", (slug, city, continent) => {
    expect(Region.of(slug)).toMatchObject({ slug, city, continent });
  });

  test("groups the data centres of a city into one metro", () => {
    expect(["nyc1", "nyc2", "nyc3"].map((slug) => Region.of(slug).metro)).toEqual(["nyc", "nyc", "nyc"]);
    expect(Region.of("ams3").metro).not.toBe(Region.of("fra1").metro);
  });
});

describe("looking a region up", () => {
  test.each([
    ["lon2", "did you mean lon1?"],
    ["london", "did you mean lon1 or aws:eu-west-2 or lon?"],
    ["nyc4", "did you mean nyc1 or nyc2 or nyc3?"],
    ["NYC", "did you mean nyc1 or nyc2 or nyc3 or nyc?"],
    ["sgb1", "did you mean sgp1"],
    ["eu-central-1", "did you mean aws:eu-central-1?"],
    ["Sao Paulo", "did you mean aws:sa-east-1 or sao?"],
    ["tyo2", "did you mean tyo?"],
    ["somewhere", "use one of ams2, ams3, atl1"],
  ])("%s is refused with what may have been meant", (given, hint) => {
    expect(() => Region.of(given)).toThrow(ValidationError);
    expect(() => Region.of(given)).toThrow(hint);
  });

  test("says what was given and what was expected, in one sentence and part by part", () => {
    let error: unknown;
    try {
      Region.of("lon2");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      name: "ValidationError",
      message: 'region: given "lon2", expected the slug of a built-in region; did you mean lon1?',
      what: "region",
      given: '"lon2"',
      expected: "the slug of a built-in region",
      mend: "did you mean lon1?",
    });
  });

  test("find answers undefined instead", () => {
    expect(Region.find("lon2")).toBeUndefined();
    expect(Region.find("lon1")).toBe(Region.of("lon1"));
  });
});

describe("distance", () => {
  test.each([
    ["lon1", "nyc1", 5570],
    ["lon1", "sgp1", 10_850],
    ["nyc1", "syd1", 15_990],
    ["ams3", "fra1", 364],
  ])("%s-%s is %d km", (a, b, km) => {
    expect(Math.abs(Region.of(a).distanceKmTo(Region.of(b)) - km)).toBeLessThan(10);
    expect(Region.of(b).distanceKmTo(Region.of(a))).toBeCloseTo(Region.of(a).distanceKmTo(Region.of(b)), 6);
  });

  test("light in fibre takes 56 ms from London to New York and back: 2 x 5570 km at 200 km/ms", () => {
    expect(Region.of("lon1").lightRoundTripMsTo(Region.of("nyc1"))).toBeCloseTo(55.7, 1);
  });
});

describe("regions of another cloud", () => {
  const place = { slug: "eu-west-3", city: "Paris", country: "France", continent: Continent.EUROPE };

  test("can be described", () => {
    const paris = new Region({ ...place, latitude: 48.86, longitude: 2.35, metro: "par" });
    expect(paris.metro).toBe("par");
    expect(paris.distanceKmTo(Region.of("lon1"))).toBeCloseTo(344, -1);
  });

  test.each([
    [91, 0],
    [0, 181],
    [NaN, 0],
  ])("latitude %d, longitude %d is not on the globe", (latitude, longitude) => {
    expect(() => new Region({ ...place, latitude, longitude })).toThrow(/expected degrees between/);
  });

  test("need a name", () => {
    expect(() => new Region({ ...place, slug: " ", latitude: 0, longitude: 0 })).toThrow("expected a name");
  });
});

import fc from "fast-check";

import { ValidationError } from "../../lib/validation-error";
import { Continent, FailureDomain, Placement, QuorumModel, Region, RoundTripTimes } from "../../lib/wan";
import { anyCluster } from "./matrices";

const roundTripTimes = RoundTripTimes.digitalOcean();
const clients = [{ location: "lon1" }, { location: "nyc3" }, { location: "sgp1" }];
const everywhere = Region.inCloud("digitalocean").map((region) => region.slug);

function search(conditions: object): Placement[] {
  return Placement.search({ roundTripTimes, clientLocations: clients, ...conditions });
}

describe("the best placement", () => {
  test("for clients on three continents is where they are, led from London", () => {
    const [best] = search({});
    expect(best.memberLocations).toEqual(["lon1", "nyc3", "sgp1"]);
    expect(best.leader).toMatchObject({ location: "lon1", commitMs: 78, worstWriteMs: 245 });
    expect(best.largestRoundTripMs).toBe(224);
    expect(best.survivesLossOfAnyContinent).toBe(true);
    // London lost: New York leads, commit 224; clients 302, 224 and 448
    expect(best.meanWriteAfterLossMs).toBeCloseTo((302 + 224 + 448) / 3);
  });

  test("for losing no more than a location stays in Europe: 11 ms from London to Amsterdam", () => {
    const [best] = search({ mustSurvive: FailureDomain.LOCATION, clientLocations: [{ location: "lon1" }] });
    expect(best.memberLocations).toContain("lon1");
    expect(best.memberLocations).toContain("ams3");
    expect(best.leader).toMatchObject({ location: "lon1", commitMs: 11 });
    expect(best.survivesLossOfAnyLocation).toBe(true);
    expect(best.survivesLossOfAnyContinent).toBe(false);
  });

  test("keeps what has to be included", () => {
    for (const placement of search({ mustInclude: ["syd1", "lon1"] })) {
      expect(placement.memberLocations).toEqual(expect.arrayContaining(["lon1", "syd1"]));
    }
  });

  test("says which fifth region helps most, by keeping the first three", () => {
    const [best] = search({ memberCount: 5, mustInclude: ["lon1", "nyc3", "sgp1"] });
    expect(best.memberLocations).toEqual(["ams3", "lon1", "nyc3", "ric1", "sgp1"]);
    expect(best.survivesLossOfAnyContinent).toBe(true);
  });

  test("of a metro takes the newest data centre, or the one that is pinned", () => {
    expect(search({ results: 100 }).flatMap((placement) => placement.memberLocations)).not.toContain("nyc1");
    expect(search({ mustInclude: ["nyc1"] })[0].memberLocations).toEqual(["lon1", "nyc1", "sgp1"]);
  });

  test("follows the weight of the clients", () => {
    const asia = [{ location: "sgp1", weight: 10 }, { location: "lon1" }];
    const [best] = search({ mustSurvive: FailureDomain.LOCATION, clientLocations: asia });
    expect(best.leader.location).toBe("sgp1");
    expect(best.memberLocations).toContain("blr1");
  });

  test("does not put two members into one city where a city must be survived", () => {
    const inNewYork = { clientLocations: [{ location: "nyc1" }], candidates: everywhere };
    expect(search({ ...inNewYork, mustSurvive: FailureDomain.LOCATION })[0].leader.commitMs).toBe(2);
    const [best] = search({ ...inNewYork, mustSurvive: FailureDomain.METRO });
    expect(best.memberLocations.filter((location) => location.startsWith("nyc"))).toEqual(["nyc1"]);
    expect(best.leader.commitMs).toBe(13);
  });

  test("may put several members into one location where that is allowed", () => {
    const [best] = search({
      candidates: ["lon1", "nyc3", "sgp1"],
      memberCount: 5,
      mostPerLocation: 2,
      results: 1,
    });
    expect(best.memberLocations).toHaveLength(5);
    expect(best.survivesLossOfAnyContinent).toBe(true);
  });

  test("a single member's failure is survived anywhere", () => {
    const inOnePlace = { candidates: ["lon1"], mostPerLocation: 3, mustSurvive: FailureDomain.MEMBER };
    expect(search(inOnePlace)[0].memberLocations).toEqual(["lon1", "lon1", "lon1"]);
  });

  test("is the same whatever the order of the candidates", () => {
    const names = (candidates: string[]) => search({ candidates }).map((placement) => placement.memberLocations);
    expect(names([...everywhere].reverse())).toEqual(names(everywhere));
  });

  test("is described in a sentence", () => {
    expect(search({})[0].describe()).toBe(
      "members in London, New York and Singapore, leader in London: writes take 160 ms on average, 245 ms at worst; " +
        "no outage of a single place stops the cluster",
    );
    const [inEurope] = search({ candidates: ["ams3", "fra1", "lon1"], mustSurvive: FailureDomain.LOCATION });
    expect(inEurope.describe()).toMatch(/an outage of Europe stops the cluster$/);
  });

  test("of seven among all fifteen is found", () => {
    const [best] = search({ memberCount: 7, candidates: everywhere });
    expect(best.memberLocations).toHaveLength(7);
  });
});

describe("candidates of several clouds", () => {
  const builtIn = RoundTripTimes.builtIn();
  const cloudsOf = (slugs: string[]): string[] =>
    [...new Set(slugs.map((slug) => Region.find(slug)?.cloud ?? "none"))].sort();

  test("stay within the clouds of what has to be in, and of the clients", () => {
    const found = (conditions: object): string[] =>
      cloudsOf(
        Placement.search({ roundTripTimes: builtIn, clientLocations: [{ location: "lon1" }], ...conditions }).flatMap(
          (placement) => placement.memberLocations,
        ),
      );
    expect(found({})).toEqual(["digitalocean"]);
    expect(found({ clientLocations: [{ location: "aws:eu-west-2" }] })).toEqual(["aws"]);
    expect(found({ mustInclude: ["aws:us-east-1"] })).toEqual(["aws", "digitalocean"]);
    expect(found({ clientLocations: [{ location: "lon" }] })).toEqual(["none"]);
  });

  test("are the same for DigitalOcean's as among its regions alone", () => {
    const memberLocations = ["lon1", "nyc3", "sgp1"];
    expect(Placement.advise({ roundTripTimes: builtIn, memberLocations })).toEqual(
      Placement.advise({ roundTripTimes, memberLocations }),
    );
  });

  test("take what a user added, of whichever cloud it is", () => {
    const { city, country, continent, latitude, longitude } = Region.of("iad");
    const own = new Region({
      slug: "own-iad",
      city,
      country,
      continent,
      latitude,
      longitude,
      metro: "iad",
      cloud: "own",
    });
    const times = builtIn.withRegions([own]);
    const advice = Placement.advise({ roundTripTimes: times, memberLocations: ["lon1", "nyc3", "sgp1"], results: 50 });
    const targets = advice.map((one) => one.toLocation);
    expect(targets).toContain("own-iad");
    expect(cloudsOf(targets.filter((slug) => slug !== "own-iad"))).toEqual(["digitalocean"]);
  });
});

describe("conditions that cannot be met", () => {
  test("are reported with what stands in the way", () => {
    const impossible = () => search({ candidates: ["lon1", "nyc1", "nyc3"] });
    expect(impossible).toThrow(ValidationError);
    expect(impossible).toThrow(
      /given 3 members over 3 candidates \(2 by continent\).*any one continent: at most 1 in each; add candidates/,
    );
  });

  test.each([
    [{ mustInclude: ["lon1", "fra1"] }, "with lon1, fra1"],
    [{ mustInclude: ["lon1", "lon1"] }, "at most 1 per location"],
    [{ memberCount: 2 }, "memberCount: given 2, expected a whole number from 3 to 7"],
    [{ memberCount: 8 }, "memberCount"],
    [{ mostPerLocation: 0 }, "mostPerLocation"],
    [{ clientLocations: [] }, "share of the writes"],
    [{ clientLocations: [{ location: "lon9" }] }, "did you mean lon1?"],
  ])("%j", (conditions, message) => {
    expect(() => search(conditions)).toThrow(message);
  });

  test("a continent cannot be survived by a location that is on none", () => {
    const times = RoundTripTimes.of([
      { a: "x", b: "y", p50: 10 },
      { a: "x", b: "z", p50: 10 },
      { a: "y", b: "z", p50: 10 },
    ]);
    const props = { roundTripTimes: times, clientLocations: [{ location: "x" }] };
    expect(() => Placement.search(props)).toThrow("expected locations whose continent is known");
    expect(Placement.search({ ...props, mustSurvive: FailureDomain.LOCATION })).toHaveLength(1);
  });

  test("but can once the locations are described", () => {
    const at = (slug: string, continent: Continent) =>
      new Region({ slug, city: slug, country: slug, continent, latitude: 0, longitude: 0 });
    const regions = [at("x", Continent.EUROPE), at("y", Continent.AFRICA), at("z", Continent.ASIA)];
    const pairs = [
      { a: "x", b: "y", p50: 10 },
      { a: "x", b: "z", p50: 10 },
      { a: "y", b: "z", p50: 10 },
    ];
    const times = RoundTripTimes.of(pairs, { regions });
    const [best] = Placement.search({ roundTripTimes: times, clientLocations: [{ location: "x" }] });
    expect(best.memberLocations).toEqual(["x", "y", "z"]);
  });
});

describe("advice", () => {
  const memberLocations = ["lon1", "nyc3", "sgp1"];

  test("names the gain and its price", () => {
    const advice = Placement.advise({ roundTripTimes, memberLocations, candidates: ["fra1"] });
    expect(advice.map((one) => one.sentence)).toContain(
      "with the leader in London, moving the Singapore member to Frankfurt takes a write in New York from 156 to 95 ms, " +
        "but then an outage of Europe stops the cluster",
    );
    // London 17, New York 78 + 17, Singapore 166 + 17 + 17
    expect(advice.find((one) => one.fromLocation === "sgp1")).toMatchObject({
      toLocation: "fra1",
      leader: "lon1",
      meanWriteAfterMs: (17 + 95 + 200) / 3,
      newlyFatal: ["Europe"],
      noLongerFatal: [],
    });
  });

  test("puts moves that cost no safety first", () => {
    const advice = Placement.advise({
      roundTripTimes,
      memberLocations: ["fra1", "nyc3", "syd1"],
      clientLocations: clients,
    });
    expect(advice[0].newlyFatal).toEqual([]);
    expect(advice[0].meanWriteAfterMs).toBeLessThan(advice[0].meanWriteBeforeMs);
  });

  test("names who loses, and where the leader goes", () => {
    const [advice] = Placement.advise({
      roundTripTimes,
      memberLocations: ["lon1", "nyc3", "sgp1"],
      candidates: ["ric1"],
      results: 1,
    });
    expect(advice.sentence).toBe(
      "moving the London member to Richmond, and the leader from London to New York, takes a write in New York from " +
        "156 to 13 ms (but a write in London from 78 to 91 ms), but then an outage of North America stops the cluster",
    );
  });

  test("makes a cluster safer even where that costs time", () => {
    const [first] = Placement.advise({ roundTripTimes, memberLocations: ["lon1", "lon1", "nyc3"] });
    expect(first.noLongerFatal).toEqual(["lon1", "Europe"]);
    expect(first.sentence).toMatch(/and an outage of London or Europe no longer stops the cluster$/);
  });

  test("trades one outage for another openly", () => {
    const [only] = Placement.advise({
      roundTripTimes,
      memberLocations: ["lon1"],
      clientLocations: [{ location: "nyc3" }],
      candidates: ["nyc3"],
    });
    expect(only.sentence).toBe(
      "moving the London member to New York, and the leader from London to New York, takes a write in New York from " +
        "78 to 0 ms, but then an outage of New York instead of London or Europe stops the cluster",
    );
  });

  test("tells two data centres in one city apart", () => {
    const advice = Placement.advise({
      roundTripTimes,
      memberLocations: ["nyc1", "nyc1", "lon1"],
      clientLocations: [{ location: "nyc1" }],
      candidates: ["nyc3"],
    });
    expect(advice[0].sentence).toBe(
      "with the leader in New York (nyc1), moving the New York (nyc1) member to New York (nyc3) takes a write in " +
        "New York (nyc1) from 0 to 2 ms, and an outage of New York (nyc1) no longer stops the cluster",
    );
  });

  test("is silent where nothing helps", () => {
    expect(Placement.advise({ roundTripTimes, memberLocations, candidates: ["syd1"] })).toEqual([]);
    expect(Placement.advise({ roundTripTimes, memberLocations, candidates: memberLocations })).toEqual([]);
  });

  test("gives no more than was asked for", () => {
    expect(Placement.advise({ roundTripTimes, memberLocations, results: 2 })).toHaveLength(2);
  });
});

describe("for any table", () => {
  test("nothing else is better than the best, and it scores as the model says", () => {
    fc.assert(
      fc.property(
        anyCluster,
        fc.integer({ min: 3, max: 5 }),
        ({ roundTripTimes: times, clientLocations }, memberCount) => {
          const those = clientLocations.map((location) => ({ location }));
          const found = Placement.search({
            roundTripTimes: times,
            clientLocations: those,
            memberCount,
            mostPerLocation: memberCount,
            mustSurvive: FailureDomain.MEMBER,
            results: 1000,
          });
          const means = found.map((placement) => placement.leader.meanWriteMs);
          const every = multisets(times.locations, memberCount).map(
            (memberLocations) =>
              new QuorumModel({ roundTripTimes: times, memberLocations, clientLocations: those }).bestLeader()
                .meanWriteMs,
          );
          expect(found).toHaveLength(every.length);
          expect(means[0]).toBeCloseTo(Math.min(...every), 6);
          means.slice(1).forEach((mean, index) => {
            expect(mean).toBeGreaterThanOrEqual(means[index] - 1e-5);
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  test("what is found survives what it was asked to survive", () => {
    const domain = fc.constantFrom(FailureDomain.LOCATION, FailureDomain.METRO, FailureDomain.CONTINENT);
    const some = fc.uniqueArray(fc.constantFrom(...everywhere), { minLength: 9, maxLength: 12 });
    fc.assert(
      fc.property(domain, some, fc.constantFrom(3, 5), (mustSurvive, candidates, memberCount) => {
        const found = ((): Placement[] => {
          try {
            return search({ mustSurvive, candidates, memberCount, mostPerLocation: 2 });
          } catch {
            return [];
          }
        })();
        for (const placement of found) {
          expect(placement.survivesLossOfAnyLocation).toBe(true);
          expect(placement.survivesLossOfAnyContinent || mustSurvive !== FailureDomain.CONTINENT).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });
});

function multisets(names: string[], size: number): string[][] {
  return size === 0
    ? [[]]
    : names.flatMap((name, index) => multisets(names.slice(index), size - 1).map((rest) => [name, ...rest]));
}

import { QuorumModel, RoundTripTimes, Tuning } from "../../lib";
import { LeaderPlacement } from "../../lib/wan/leader-placement";
import type { ClientLocation, LeaderPlacementProps } from "../../lib/wan";

const times = RoundTripTimes.digitalOcean();

function placement(locations: string[], props: LeaderPlacementProps = {}, clients?: ClientLocation[]): LeaderPlacement {
  const quorum = new QuorumModel({ roundTripTimes: times, memberLocations: locations, clientLocations: clients });
  const tuning = Tuning.derive({ roundTripTimes: times, memberLocations: locations });
  const candidates = locations.map((location, index) => ({ name: `${location}-${index}`, location }));
  return new LeaderPlacement(quorum, candidates, tuning, props);
}

describe("LeaderPlacement", () => {
  it("prefers the place whose clients write quickest, and falls back in that order", () => {
    const three = placement(["sgp1", "nyc3", "lon1"]);
    expect(three.order).toEqual(["lon1-2", "nyc3-1", "sgp1-0"]);
    expect(three.betterThan("sgp1-0")).toEqual(["lon1-2", "nyc3-1"]);
    expect(three.betterThan("nyc3-1")).toEqual(["lon1-2"]);
    expect(three.wellPlaced).toEqual(["lon1-2"]);
  });

  it("follows the clients", () => {
    const three = placement(["lon1", "nyc3", "sgp1"], {}, [{ location: "nyc3", weight: 5 }, { location: "lon1" }]);
    expect(three.order[0]).toBe("nyc3-1");
    expect(three.wellPlaced).toEqual(["nyc3-1"]);
  });

  it("moves nobody for a gain that a measurement can't tell from noise", () => {
    // London and Amsterdam are 11 ms apart: from the far ends of the world they are one place.
    const clients = [{ location: "nyc3" }, { location: "sgp1" }];
    const three = placement(["lon1", "ams3", "nyc3", "sgp1", "sfo3"], {}, clients);
    const [best] = three.order;
    for (const name of three.wellPlaced) expect(three.betterThan(name)).toEqual([]);
    expect(three.wellPlaced).toContain(best);
    // Two members in one place are equal whatever their names.
    const twins = placement(["lon1", "lon1", "nyc3"]);
    expect(twins.betterThan("lon1-0")).toEqual([]);
    expect(twins.betterThan("lon1-1")).toEqual([]);
  });

  it("takes names over numbers, each better than those after it", () => {
    const named = placement(["lon1", "nyc3", "sgp1"], { preferred: ["sgp1-2", "nyc3-1"] });
    expect(named.order).toEqual(["sgp1-2", "nyc3-1", "lon1-0"]);
    expect(named.betterThan("lon1-0")).toEqual(["sgp1-2", "nyc3-1"]);
    expect(named.betterThan("nyc3-1")).toEqual(["sgp1-2"]);
    expect(named.wellPlaced).toEqual(["sgp1-2"]);
  });

  it("has nothing to move in a cluster of one", () => {
    expect(placement(["lon1"]).wellPlaced).toEqual(["lon1-0"]);
  });

  it("counts a way as well up to where an alert for that pair begins", () => {
    const three = placement(["lon1", "nyc3", "sgp1"]);
    expect(three.longestRoundTripMs("sgp1-2", "lon1-0")).toBe(229); // 1.25 x 183, its p95
  });

  it("settles for as long as the tuning says, or as given", () => {
    expect(placement(["lon1", "nyc3", "sgp1"]).settleSeconds).toBe(45);
    expect(placement(["lon1", "nyc3", "sgp1"], { settleSeconds: 5 }).settleSeconds).toBe(5);
    expect(placement(["lon1"]).automatic).toBe(true);
    expect(placement(["lon1"], { automatic: false }).automatic).toBe(false);
  });

  it.each<[LeaderPlacementProps, RegExp]>([
    [{ preferred: ["etcd-mars1"] }, /leader.preferred.*"etcd-mars1".*lon1-0, nyc3-1/s],
    [{ preferred: ["lon1-0", "lon1-0"] }, /"lon1-0" twice/],
    [{ settleSeconds: 4 }, /leader.settleSeconds.*4 s.*5 to 3600/s],
    [{ settleSeconds: 4000 }, /5 to 3600/],
    [{ settleSeconds: 7.5 }, /whole number/],
  ])("refuses %j and says what it expects", (props, message) => {
    expect(() => placement(["lon1", "nyc3"], props)).toThrow(message);
  });
});

import fc from "fast-check";

import { QuorumModel, RoundTripTimes } from "../../lib/wan";
import { anyCluster } from "./matrices";

const roundTripTimes = RoundTripTimes.digitalOcean();
const ofThree = new QuorumModel({ roundTripTimes, memberLocations: ["lon1", "nyc3", "sgp1"] });

describe("the place for the leader", () => {
  test("London is best for clients in all three places: (78 + 156 + 245) / 3", () => {
    expect(ofThree.bestLeader()).toEqual({
      location: "lon1",
      commitMs: 78,
      meanWriteMs: (78 + 156 + 245) / 3,
      worstWriteMs: 245,
    });
  });

  test("the others follow in the order to fall back in", () => {
    expect(ofThree.leaders().map((choice) => choice.location)).toEqual(["lon1", "nyc3", "sgp1"]);
  });

  test("follows the weight of the clients", () => {
    const choose = (weight: number) =>
      new QuorumModel({
        roundTripTimes,
        memberLocations: ["lon1", "nyc3", "sgp1"],
        clientLocations: [{ location: "nyc3", weight }, { location: "lon1" }],
      }).bestLeader().location;
    expect(choose(2)).toBe("nyc3");
    expect(choose(0.5)).toBe("lon1");
  });

  test("ignores clients of weight 0, also for the worst write", () => {
    const model = new QuorumModel({
      roundTripTimes,
      memberLocations: ["lon1", "nyc3", "sgp1"],
      clientLocations: [{ location: "lon1" }, { location: "sgp1", weight: 0 }],
    });
    expect(model.leaderAt("lon1")).toMatchObject({ meanWriteMs: 78, worstWriteMs: 78 });
  });

  test("is the first given where two are as good", () => {
    const order = (memberLocations: string[]) =>
      new QuorumModel({
        roundTripTimes,
        memberLocations,
        clientLocations: [{ location: "lon1" }, { location: "nyc3" }],
      })
        .leaders()
        .map((choice) => choice.location);
    expect(order(["lon1", "nyc3", "sgp1"])).toEqual(["lon1", "nyc3", "sgp1"]);
    expect(order(["sgp1", "nyc3", "lon1"])).toEqual(["nyc3", "lon1", "sgp1"]);
  });

  test.each([[[]], [[{ location: "lon1", weight: -1 }]], [[{ location: "lon1", weight: 0 }]]])(
    "cannot be chosen for clients %j",
    (clients) => {
      expect(() => new QuorumModel({ roundTripTimes, memberLocations: ["lon1"], clientLocations: clients })).toThrow(
        "give each location's share of the writes",
      );
    },
  );

  test("no leader is better than the best, by a mean reckoned anew", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(anyCluster, weights, ({ roundTripTimes, memberLocations, clientLocations }, weight) => {
        const clients = clientLocations.map((location, index) => ({ location, weight: weight[index] }));
        const model = new QuorumModel({ roundTripTimes, memberLocations, clientLocations: clients });
        const mean = (leader: string): number =>
          clients.reduce((sum, client) => sum + client.weight * model.writeMs(client.location, leader), 0) /
          clients.reduce((sum, client) => sum + client.weight, 0);
        const best = mean(model.bestLeader().location);
        for (const leader of memberLocations) {
          expect(best).toBeLessThanOrEqual(mean(leader) + 1e-6);
        }
      }),
    );
  });
});

import fc from "fast-check";

import { QuorumModel, RoundTripTimes } from "../../lib/wan";
import { anyCluster } from "./matrices";

const roundTripTimes = RoundTripTimes.digitalOcean();
const ofThree = new QuorumModel({ roundTripTimes, memberLocations: ["lon1", "nyc3", "sgp1"] });
const ofFive = new QuorumModel({ roundTripTimes, memberLocations: ["lon1", "nyc3", "sgp1", "fra1", "tor1"] });

describe("quorum and fault tolerance", () => {
  test.each([
    [1, 1, 0],
    [2, 2, 0],
    [3, 2, 1],
    [4, 3, 1],
    [5, 3, 2],
    [7, 4, 3],
  ])("%d members: quorum %d, %d may fail", (members, quorum, tolerance) => {
    const model = new QuorumModel({ roundTripTimes, memberLocations: Array<string>(members).fill("lon1") });
    expect(model.quorumSize).toBe(quorum);
    expect(QuorumModel.quorumOf(members)).toBe(quorum);
    expect(model.faultTolerance).toBe(tolerance);
  });
});

describe("commit: the (quorum - 1)th smallest round trip to the others", () => {
  test.each([
    ["lon1", 78], // of 78, 167 the first
    ["nyc3", 78], // of 78, 224 the first
    ["sgp1", 167], // of 167, 224 the first
  ])("of three, at a leader in %s: %d ms", (leader, ms) => {
    expect(ofThree.commitMs(leader)).toBe(ms);
  });

  test.each([
    ["lon1", 78], // of 17, 78, 81, 167 the second
    ["nyc3", 78], // of 18, 78, 94, 224 the second
    ["sgp1", 167], // of 166, 167, 222, 224 the second
    ["fra1", 94], // of 17, 94, 97, 166 the second
    ["tor1", 81], // of 18, 81, 97, 222 the second
  ])("of five, at a leader in %s: %d ms", (leader, ms) => {
    expect(ofFive.commitMs(leader)).toBe(ms);
  });

  test("from p95: London 80 ms, Singapore 183 ms", () => {
    expect(ofThree.commitP95Ms("lon1")).toBe(80);
    expect(ofThree.commitP95Ms("sgp1")).toBe(183);
  });

  test("is 0 for a single member, and with a quorum in one place", () => {
    expect(new QuorumModel({ roundTripTimes, memberLocations: ["lon1"] }).commitMs("lon1")).toBe(0);
    const twoInLondon = new QuorumModel({ roundTripTimes, memberLocations: ["lon1", "lon1", "nyc3"] });
    expect(twoInLondon.commitMs("lon1")).toBe(0);
    expect(twoInLondon.commitMs("nyc3")).toBe(78);
  });

  test("needs a leader where a member is", () => {
    expect(() => ofThree.commitMs("fra1")).toThrow("expected one with a member that is up: lon1, nyc3, sgp1");
  });
});

describe("writes and reads: client-member + member-leader + commit", () => {
  test.each([
    ["lon1", "lon1", 78], // 0 + 0 + 78
    ["nyc3", "lon1", 156], // 0 + 78 + 78
    ["sgp1", "lon1", 245], // 0 + 167 + 78
    ["fra1", "lon1", 95], // 17 to London, 0, 78
    ["sfo3", "lon1", 225], // 69 to New York, 78, 78
    ["syd1", "lon1", 340], // 95 to Singapore, 167, 78
    ["nyc3", "sgp1", 391], // 0 + 224 + 167
  ])("a client in %s with the leader in %s: %d ms", (client, leader, ms) => {
    expect(ofThree.writeMs(client, leader)).toBe(ms);
    expect(ofThree.linearizableReadMs(client, leader)).toBe(ms);
  });

  test("agree with what was measured: 74, 146 and 406 ms for a client in New York at 70/170/230", () => {
    const model = new QuorumModel({
      roundTripTimes: RoundTripTimes.of([
        { a: "lon1", b: "nyc3", p50: 70 },
        { a: "lon1", b: "sgp1", p50: 170 },
        { a: "nyc3", b: "sgp1", p50: 230 },
      ]),
      memberLocations: ["lon1", "nyc3", "sgp1"],
    });
    const measured: [string, number][] = [
      ["nyc3", 74],
      ["lon1", 146],
      ["sgp1", 406],
    ];
    for (const [leader, ms] of measured) {
      expect(Math.abs(model.writeMs("nyc3", leader) - ms)).toBeLessThanOrEqual(6);
    }
  });

  test("through a member of the client's choice", () => {
    // New York to Singapore 224, from there to London 167, commit 78
    expect(ofThree.writeViaMs("nyc3", "sgp1", "lon1")).toBe(469);
    expect(() => ofThree.writeViaMs("nyc3", "fra1", "lon1")).toThrow("one with a member that is up");
  });

  test("serializable reads end at the nearest member", () => {
    expect(ofThree.nearestMember("sfo3")).toBe("nyc3");
    expect(ofThree.serializableReadMs("sfo3")).toBe(69);
    expect(ofThree.serializableReadMs("sgp1")).toBe(0);
  });
});

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
        clients: [{ location: "nyc3", weight }, { location: "lon1" }],
      }).bestLeader().location;
    expect(choose(2)).toBe("nyc3");
    expect(choose(0.5)).toBe("lon1");
  });

  test("ignores clients of weight 0, also for the worst write", () => {
    const model = new QuorumModel({
      roundTripTimes,
      memberLocations: ["lon1", "nyc3", "sgp1"],
      clients: [{ location: "lon1" }, { location: "sgp1", weight: 0 }],
    });
    expect(model.leaderAt("lon1")).toMatchObject({ meanWriteMs: 78, worstWriteMs: 78 });
  });

  test("is the first given where two are as good", () => {
    const order = (memberLocations: string[]) =>
      new QuorumModel({ roundTripTimes, memberLocations, clients: [{ location: "lon1" }, { location: "nyc3" }] })
        .leaders()
        .map((choice) => choice.location);
    expect(order(["lon1", "nyc3", "sgp1"])).toEqual(["lon1", "nyc3", "sgp1"]);
    expect(order(["sgp1", "nyc3", "lon1"])).toEqual(["nyc3", "lon1", "sgp1"]);
  });

  test.each([[[]], [[{ location: "lon1", weight: -1 }]], [[{ location: "lon1", weight: 0 }]]])(
    "cannot be chosen for clients %j",
    (clients) => {
      expect(() => new QuorumModel({ roundTripTimes, memberLocations: ["lon1"], clients })).toThrow(
        "give each location's share of the writes",
      );
    },
  );
});

describe("losses", () => {
  test("of London: the quorum stays two of three, and New York-Singapore is what is left", () => {
    const left = ofThree.afterLossOf("lon1");
    expect(left.memberCount).toBe(3);
    expect(left.quorumSize).toBe(2);
    expect(left.faultTolerance).toBe(0);
    expect(left.commitMs("nyc3")).toBe(224);
    expect(left.bestLeader().location).toBe("nyc3");
    // 78 to New York, which leads, 224
    expect(left.writeMs("lon1", "nyc3")).toBe(302);
  });

  test("of each location in turn", () => {
    expect(
      ofThree.lossOfEachLocation().map(({ lost, leader, quorumLeft }) => [lost, quorumLeft, leader?.location]),
    ).toEqual([
      ["lon1", true, "nyc3"],
      ["nyc3", true, "lon1"],
      ["sgp1", true, "lon1"],
    ]);
    expect(ofThree.locationsThatMayBeLost()).toEqual(["lon1", "nyc3", "sgp1"]);
    expect(ofThree.survivesLossOfAnyLocation()).toBe(true);
  });

  test("of a second location stop three members, and say so", () => {
    const none = ofThree.afterLossOf("lon1").afterLossOf("nyc3");
    expect(none.hasQuorum).toBe(false);
    expect(none.faultTolerance).toBe(-1);
    expect(none.leaders()).toEqual([]);
    expect(none.serializableReadMs("nyc3")).toBe(224);
    expect(() => none.bestLeader()).toThrow("given a cluster with 1 members up, expected at least 2, a quorum");
    expect(() => none.commitMs("sgp1")).toThrow("a quorum");
    expect(none.survivesLossOfAnyLocation()).toBe(false);
  });

  test("of everything leave nobody to talk to", () => {
    const nothing = new QuorumModel({ roundTripTimes, memberLocations: ["lon1"] }).afterLossOf("lon1");
    expect(() => nothing.nearestMember("lon1")).toThrow("a cluster with 0 members up");
  });

  test("of a continent take all its members", () => {
    const reports = ofFive.lossOfEachContinent();
    expect(reports.map(({ lost, membersLost, quorumLeft }) => [lost, membersLost, quorumLeft])).toEqual([
      ["Europe", 2, true],
      ["North America", 2, true],
      ["Asia", 1, true],
    ]);
    expect(ofFive.survivesLossOfAnyContinent()).toBe(true);
    expect(ofFive.afterLossOfContinent("Asia").faultTolerance).toBe(1);
    expect(() => ofFive.afterLossOfContinent("Oceania")).toThrow("Europe, North America, Asia");
  });

  test("of Europe stop a cluster that has two of three members there", () => {
    const model = new QuorumModel({ roundTripTimes, memberLocations: ["lon1", "fra1", "nyc3"] });
    expect(model.survivesLossOfAnyLocation()).toBe(true);
    expect(model.survivesLossOfAnyContinent()).toBe(false);
    expect(model.outagesThatStopTheCluster()).toEqual(["Europe"]);
    expect(model.lossOfEachContinent()[0]).toEqual({
      lost: "Europe",
      membersLost: 2,
      quorumLeft: false,
      faultToleranceLeft: 0,
    });
  });

  test("of a location with two of three members stop it, of one of these members do not", () => {
    const model = new QuorumModel({ roundTripTimes, memberLocations: ["lon1", "lon1", "nyc3"] });
    expect(model.locationsThatStopTheCluster()).toEqual(["lon1"]);
    expect(model.locationsThatMayBeLost()).toEqual(["nyc3"]);
    expect(model.afterLossOfMember("lon1").memberLocations).toEqual(["lon1", "nyc3"]);
    expect(model.afterLossOfMember("lon1").commitMs("lon1")).toBe(78);
  });

  test("a location that is not on the map is a continent of its own", () => {
    const times = roundTripTimes.withPairs([
      { a: "mars", b: "lon1", p50: 90 },
      { a: "mars", b: "nyc3", p50: 90 },
    ]);
    const model = new QuorumModel({ roundTripTimes: times, memberLocations: ["lon1", "nyc3", "mars"] });
    expect(model.lossOfEachContinent().map((report) => report.lost)).toEqual(["Europe", "North America", "mars"]);
  });
});

describe("input that is incomplete", () => {
  test("no member is refused", () => {
    expect(() => new QuorumModel({ roundTripTimes, memberLocations: [] })).toThrow("one entry for each member");
  });

  test("an unknown member or client is refused", () => {
    expect(() => new QuorumModel({ roundTripTimes, memberLocations: ["lon1", "nyc9"] })).toThrow("did you mean nyc1");
    const clients = [{ location: "sgp9" }];
    expect(() => new QuorumModel({ roundTripTimes, memberLocations: ["lon1"], clients })).toThrow("did you mean sgp1?");
  });
});

describe("for any cluster", () => {
  /** Every set of members, and whether it holds a quorum with the leader in it. */
  function fastestQuorum(times: RoundTripTimes, members: string[], leader: string): number {
    const leaderIndex = members.indexOf(leader);
    let fastest = Infinity;
    for (let mask = 0; mask < 2 ** members.length; mask++) {
      const chosen = members.filter((_member, index) => (mask >> index) & 1);
      if (((mask >> leaderIndex) & 1) === 1 && 2 * chosen.length > members.length) {
        const others = members.filter((_member, index) => index !== leaderIndex && (mask >> index) & 1);
        fastest = Math.min(fastest, Math.max(0, ...others.map((member) => times.between(leader, member))));
      }
    }
    return fastest;
  }

  test("commit is the slowest member of the fastest quorum, found by trying all", () => {
    fc.assert(
      fc.property(anyCluster, ({ roundTripTimes, memberLocations }) => {
        const model = new QuorumModel({ roundTripTimes, memberLocations });
        for (const leader of memberLocations) {
          expect(model.commitMs(leader)).toBe(fastestQuorum(roundTripTimes, memberLocations, leader));
        }
      }),
    );
  });

  test("commit does not get faster when any round trip gets slower", () => {
    fc.assert(
      fc.property(anyCluster, fc.nat(), fc.double({ min: 1, max: 2, noNaN: true }), (cluster, which, factor) => {
        const { roundTripTimes, memberLocations } = cluster;
        const pairs = roundTripTimes.pairs();
        const { a, b, p50 } = pairs[which % pairs.length];
        const slower = roundTripTimes.withPairs([{ a, b, p50: Math.min(2000, p50 * factor), p95: 2000 }]);
        for (const leader of memberLocations) {
          const before = new QuorumModel({ roundTripTimes, memberLocations }).commitMs(leader);
          const after = new QuorumModel({ roundTripTimes: slower, memberLocations }).commitMs(leader);
          expect(after).toBeGreaterThanOrEqual(before);
        }
      }),
    );
  });

  test("commit does not get faster when a member is lost", () => {
    fc.assert(
      fc.property(anyCluster, ({ roundTripTimes, memberLocations }) => {
        const model = new QuorumModel({ roundTripTimes, memberLocations });
        for (const lost of memberLocations) {
          const left = model.afterLossOfMember(lost);
          for (const leader of left.hasQuorum ? left.memberLocations : []) {
            expect(left.commitMs(leader)).toBeGreaterThanOrEqual(model.commitMs(leader));
          }
        }
      }),
    );
  });

  test("no leader is better than the best, by a mean reckoned anew", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(anyCluster, weights, ({ roundTripTimes, memberLocations, clientLocations }, weight) => {
        const clients = clientLocations.map((location, index) => ({ location, weight: weight[index] }));
        const model = new QuorumModel({ roundTripTimes, memberLocations, clients });
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

  test("a quorum is left exactly where more than half of all voters are up", () => {
    fc.assert(
      fc.property(anyCluster, ({ roundTripTimes, memberLocations }) => {
        const model = new QuorumModel({ roundTripTimes, memberLocations });
        for (const { lost, membersLost, quorumLeft } of model.lossOfEachLocation()) {
          const up = memberLocations.filter((location) => location !== lost).length;
          expect(up + membersLost).toBe(memberLocations.length);
          expect(quorumLeft).toBe(2 * up > memberLocations.length);
        }
      }),
    );
  });
});

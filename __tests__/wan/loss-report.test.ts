import { QuorumModel, RoundTripTimes } from "../../lib/wan";

const roundTripTimes = RoundTripTimes.digitalOcean();
const ofThree = new QuorumModel({ roundTripTimes, memberLocations: ["lon1", "nyc3", "sgp1"] });
const ofFive = new QuorumModel({ roundTripTimes, memberLocations: ["lon1", "nyc3", "sgp1", "fra1", "tor1"] });

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

import fc from "fast-check";

import { QuorumModel, RoundTripTimes } from "../../lib/wan";
import { anyCluster } from "./matrices";

const roundTripTimes = RoundTripTimes.digitalOcean();
const ofThree = new QuorumModel({ roundTripTimes, memberLocations: ["lon1", "nyc3", "sgp1"] });
const ofFive = new QuorumModel({ roundTripTimes, memberLocations: ["lon1", "nyc3", "sgp1", "fra1", "tor1"] });

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

describe("input that is incomplete", () => {
  test("no member is refused", () => {
    expect(() => new QuorumModel({ roundTripTimes, memberLocations: [] })).toThrow("one entry for each member");
  });

  test("an unknown member or client is refused", () => {
    expect(() => new QuorumModel({ roundTripTimes, memberLocations: ["lon1", "nyc9"] })).toThrow("did you mean nyc1");
    const clients = [{ location: "sgp9" }];
    expect(() => new QuorumModel({ roundTripTimes, memberLocations: ["lon1"], clientLocations: clients })).toThrow(
      "did you mean sgp1?",
    );
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
});

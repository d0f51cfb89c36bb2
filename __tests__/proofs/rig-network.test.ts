import type { PairSettings } from "terraform-lab";
import { AddressPlan, locationName, rigMatrix, type NetworkCondition } from "../../proofs/rig/network";
import { RoundTripTimes } from "../../lib/wan";

const GOOD: NetworkCondition = { name: "good", regions: ["lon1", "nyc3"], lossPercent: 0.1, jitterMs: 3 };
const BAD: NetworkCondition = { name: "bad", regions: ["lon1", "nyc3"], lossPercent: 3, jitterMs: 20 };

const times = RoundTripTimes.digitalOcean();
const matrix = rigMatrix({ p50: (a, b) => times.between(a, b) }, [GOOD, BAD]);

function pair(a: string, b: string): PairSettings | undefined {
  return matrix.find((one) => (one.a === a && one.b === b) || (one.a === b && one.b === a));
}

describe("the rig's network", () => {
  it("gives each condition the real distance with its own loss and jitter", () => {
    expect(pair("lon1.good", "nyc3.good")).toMatchObject({ rttMs: 78, loss: 0.1, jitterMs: 3 });
    expect(pair("lon1.bad", "nyc3.bad")).toMatchObject({ rttMs: 78, loss: 3, jitterMs: 20 });
  });

  it("lets nothing pass from one condition to another", () => {
    expect(pair("lon1.good", "nyc3.bad")?.down).toBe(true);
    expect(pair("lon1.good", "lon1.bad")?.down).toBe(true);
  });

  it("loses nothing within a region", () => {
    expect(pair("lon1.bad", "lon1.bad")).toEqual({ a: "lon1.bad", b: "lon1.bad", rttMs: 0.5 });
  });

  it("says something of every two locations, once, as the switch demands", () => {
    const locations = [...new Set(matrix.flatMap(({ a, b }) => [a, b]))];
    const named = matrix.map(({ a, b }) => [a, b].sort().join(" "));
    expect(new Set(named).size).toBe(named.length);
    expect(named).toHaveLength((locations.length * (locations.length + 1)) / 2);
  });
});

describe("the rig's addresses", () => {
  it("are the lab's, one subnet for each location", () => {
    const plan = new AddressPlan([GOOD, BAD]);
    expect([plan.next("lon1.good"), plan.next("lon1.good"), plan.next("nyc3.bad")]).toEqual([
      "198.18.1.10",
      "198.18.1.11",
      "198.18.4.10",
    ]);
  });

  it("says which locations there are when it is asked for another", () => {
    expect(() => new AddressPlan([GOOD]).next(locationName(BAD, "lon1"))).toThrow(
      '"lon1.bad" is no location of this rig; it has lon1.good, nyc3.good',
    );
  });
});

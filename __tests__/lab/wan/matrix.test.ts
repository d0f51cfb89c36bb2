import { wanMatrix } from "../../../lab/wan/matrix";

const TIMES: Readonly<Record<string, number>> = {
  "lon1 nyc3": 70,
  "lon1 sgp1": 165,
  "nyc3 sgp1": 224,
  "lon1 syd1": 262,
};
const times = { between: (a: string, b: string) => TIMES[[a, b].sort().join(" ")] };
const source = { p50: times.between };

function rtt(pairs: ReturnType<typeof wanMatrix>, a: string, b: string): number | undefined {
  return pairs.find((pair) => (pair.a === a && pair.b === b) || (pair.a === b && pair.b === a))?.rttMs;
}

describe("the lab's matrix", () => {
  const matrix = wanMatrix(source, { regions: ["lon1", "nyc3", "sgp1"] });

  it("has the given round-trip times between regions", () => {
    expect(rtt(matrix, "lon1", "nyc3")).toBe(times.between("lon1", "nyc3"));
    expect(rtt(matrix, "nyc3", "sgp1")).toBe(times.between("nyc3", "sgp1"));
  });

  it("puts the operator next to London, as far from all else as London is", () => {
    expect(rtt(matrix, "operator", "lon1")).toBe(2);
    expect(rtt(matrix, "operator", "sgp1")).toBe(times.between("lon1", "sgp1"));
  });

  it("can put the operator elsewhere, also where no machine is", () => {
    const moved = wanMatrix(source, { regions: ["lon1"], operatorRegion: "syd1", operatorRttMs: 20 });
    expect(rtt(moved, "operator", "syd1")).toBe(20);
    expect(rtt(moved, "operator", "lon1")).toBe(times.between("syd1", "lon1"));
  });

  it("has the mirror next to everybody", () => {
    for (const location of ["lon1", "nyc3", "sgp1", "operator"]) {
      expect(rtt(matrix, "mirror", location)).toBe(1);
    }
  });

  it("is complete and says nothing twice", () => {
    const locations = ["lon1", "nyc3", "sgp1", "operator", "mirror"];
    for (const a of locations) {
      for (const b of locations) {
        expect([a, b, rtt(matrix, a, b)]).toEqual([a, b, expect.any(Number)]);
      }
    }
    const keys = matrix.map(({ a, b }) => [a, b].sort().join("-"));
    expect(new Set(keys).size).toBe(keys.length);
  });
});

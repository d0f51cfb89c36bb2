import { RoundTripTimes } from "../../lib/wan";

describe("what is missing", () => {
  const partial = RoundTripTimes.of([
    { a: "lon1", b: "nyc3", p50: 78 },
    { a: "lon1", b: "sgp1", p50: 167 },
    { a: "lon1", b: "syd1", p50: 261 },
  ]);

  test("is listed in one go, with what to add", () => {
    expect(() => {
      partial.require(["lon1", "nyc3", "sgp1", "syd1"]);
    }).toThrow(/nothing for nyc3-sgp1, nyc3-syd1, sgp1-syd1.*\.withPairs\(\[\{ a: "nyc3", b: "sgp1"/);
  });

  test("by a misspelt location is met with the near ones", () => {
    expect(() => RoundTripTimes.digitalOcean().between("lon1", "nyc4")).toThrow("did you mean nyc1 or nyc2 or nyc3?");
    expect(() => partial.between("lon1", "sgp2")).toThrow("did you mean sgp1?");
  });

  test("by a location like no other is met with the whole list", () => {
    expect(() => partial.between("lon1", "eu-west-3")).toThrow("use one of lon1, nyc3, sgp1, syd1");
  });
});

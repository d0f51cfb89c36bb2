import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ValidationError } from "../../lib/validation-error";
import { Continent, Region, RoundTripTimes } from "../../lib/wan";

const table = RoundTripTimes.digitalOcean();

describe("files", () => {
  const file = {
    schema: "cdktf-etcd/round-trip-times",
    version: 1,
    cluster: "etcd/etcd",
    clusterId: "cdf818194e3a8c32",
    measuredAt: "2026-11-22T14:00:00Z",
    source: "etcd's own metric over 24 h",
    pairs: [{ a: "lon1", b: "nyc3", p50: 78.2, p95: 80.1, samples: 8640, lossPercent: 0.1, method: "TCP" }],
  };
  const parse = (changes: object) => () => RoundTripTimes.fromJson(JSON.stringify({ ...file, ...changes }));

  test("are read with everything they say about themselves", () => {
    const times = parse({})();
    expect(times).toMatchObject({
      cluster: file.cluster,
      clusterId: file.clusterId,
      measuredAt: file.measuredAt,
      source: file.source,
    });
    expect(times.pairs()).toEqual([{ ...file.pairs[0], estimated: undefined }]);
    expect(times.lossPercentBetween("nyc3", "lon1")).toBe(0.1);
  });

  test("survive being written and read again, own regions included", () => {
    const place = { city: "Paris", country: "France", continent: Continent.EUROPE, latitude: 48.86, longitude: 2.35 };
    const times = table.withPairs([{ a: "eu-west-3", b: "lon1", p50: 8, lossPercent: 1 }], {
      regions: [new Region({ slug: "eu-west-3", ...place })],
    });
    const again = RoundTripTimes.fromJson(times.toJson());
    expect(again.toJson()).toBe(times.toJson());
    expect(again.between("eu-west-3", "lon1")).toBe(8);
    expect(again.isEstimated("atl1", "lon1")).toBe(true);
    expect(again.region("eu-west-3")?.city).toBe("Paris");
  });

  test("are not written without a date", () => {
    expect(() => RoundTripTimes.of([{ a: "lon1", b: "nyc3", p50: 78 }]).toJson()).toThrow("measuredAt");
  });

  test.each([
    [{ schema: "other" }, 'schema: given "other"'],
    [{ schema: undefined }, "schema: given nothing, expected text"],
    [{ version: 2 }, "version: given 2, expected 1"],
    [{ measuredAt: "yesterday" }, "measuredAt"],
    [{ measuredAt: undefined }, "measuredAt: given nothing"],
    [{ clusterId: "lon1" }, "hexadecimal"],
    [{ pairs: {} }, "pairs: given {}, expected a list"],
    [{ pairs: [] }, "given no pair"],
    [{ pairs: [78] }, "pairs[0]: given 78, expected an object"],
    [{ pairs: [{ a: "lon1", b: "nyc3", p50: "78", samples: 1 }] }, 'pairs[0]: p50: given "78", expected a number'],
    [{ pairs: [{ a: "lon1", b: "nyc3", p50: 78 }] }, "pairs[0]: samples: given nothing"],
    [{ pairs: [{ a: "lon1", b: "nyc3", p50: 78, samples: 1, estimated: 1 }] }, "expected true or false"],
    [{ regions: [{ slug: "x", continent: "Atlantis" }] }, "expected one of Africa, Asia"],
  ])("%j is refused", (changes, message) => {
    expect(parse(changes)).toThrow(ValidationError);
    expect(parse(changes)).toThrow(message);
  });

  test("that are not JSON are refused", () => {
    expect(() => RoundTripTimes.fromJson("p50: 78")).toThrow("expected JSON");
    expect(() => RoundTripTimes.fromJson("[]")).toThrow("expected an object");
  });

  test("are read from disk, and named in the error", () => {
    const directory = mkdtempSync(join(tmpdir(), "rtt-"));
    try {
      const path = join(directory, "times.json");
      writeFileSync(path, JSON.stringify(file));
      expect(RoundTripTimes.fromFile(path).between("lon1", "nyc3")).toBe(78.2);
      writeFileSync(path, JSON.stringify({ ...file, version: 9 }));
      expect(() => RoundTripTimes.fromFile(path)).toThrow(`${path}: version`);
      expect(() => RoundTripTimes.fromFile(`${path}.old`)).toThrow(/expected a file that can be read.*ENOENT/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Attachment } from "../../../lab/wan/protocol";
import {
  otherLocations,
  WanRecordFile,
  withAttachment,
  withChange,
  withIsolation,
  withKnownChanges,
  withoutAttachment,
  withoutChanges,
  type WanRecords,
} from "../../../lab/wan/records";

const MATRIX = [
  { a: "lon1", b: "nyc3", rttMs: 78 },
  { a: "lon1", b: "sgp1", rttMs: 167 },
  { a: "nyc3", b: "sgp1", rttMs: 224 },
];
const NONE: WanRecords = { matrix: MATRIX, attachments: {}, changes: [] };
const LONDON: Attachment = { id: "lon", device: "wan0", location: "lon1", addresses: [{ ip: "198.18.1.10" }] };

const directory = mkdtempSync(join(tmpdir(), "wan-records-"));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe("what the WAN was told", () => {
  it("is kept on disk, and is the matrix alone at first", () => {
    const file = () => new WanRecordFile(join(directory, "wan.json"), MATRIX);
    expect(file().read()).toEqual(NONE);
    file().update((records) => withAttachment(records, LONDON));
    expect(file().read()).toEqual({ ...NONE, attachments: { lon: LONDON } });
  });

  it("knows what is attached, and what of it is isolated", () => {
    const isolated = withIsolation(withAttachment(NONE, LONDON), "lon", true);
    expect(isolated.attachments).toEqual({ lon: { ...LONDON, isolated: true } });
    expect(withAttachment(isolated, LONDON).attachments).toEqual({ lon: LONDON });
    expect(withoutAttachment(isolated, "lon")).toEqual(NONE);
  });

  it("adds up the changes of a pair, in whichever order it is named", () => {
    const once = withChange(NONE, { a: "lon1", b: "nyc3", loss: 5 });
    const twice = withChange(once, { a: "nyc3", b: "lon1", down: true });
    expect(twice.changes).toEqual([{ a: "nyc3", b: "lon1", loss: 5, down: true }]);
  });

  it("forgets the changes that were healed: all, those of a location, or those of a pair", () => {
    const changed = MATRIX.reduce((records, { a, b }) => withChange(records, { a, b, loss: 5 }), NONE);
    const left = (a?: string, b?: string) => withoutChanges(changed, a, b).changes.map((pair) => `${pair.a}-${pair.b}`);
    expect(left()).toEqual([]);
    expect(left("sgp1")).toEqual(["lon1-nyc3"]);
    expect(left("sgp1", "lon1")).toEqual(["lon1-nyc3", "nyc3-sgp1"]);
  });

  it("forgets the changes of locations that a new matrix does not have", () => {
    const changed = MATRIX.reduce((records, { a, b }) => withChange(records, { a, b, loss: 5 }), NONE);
    const known = withKnownChanges({ ...changed, matrix: MATRIX.slice(0, 1) });
    expect(known.changes).toEqual([{ a: "lon1", b: "nyc3", loss: 5 }]);
  });

  it("tells which other locations there are", () => {
    expect(otherLocations(NONE, "nyc3")).toEqual(["lon1", "sgp1"]);
  });
});

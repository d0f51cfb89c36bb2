import { appendFileSync, existsSync } from "node:fs";
import * as path from "node:path";
import { useScratchDir } from "../../lab/tools/scratch";
import { readTimings, recordTiming, type TimingEntry } from "../../../proofs/recording/timings";

const DEPLOY: TimingEntry = {
  kind: "deploy",
  command: "deploy",
  test: "a cluster grows",
  seconds: 10,
  phases: { synth: 1, plan: 2, boot: 3, install: 1, activate: 2, rest: 1 },
};
const WAIT: TimingEntry = { kind: "wait", what: "a leader", seconds: 2.5 };

const scratch = useScratchDir();
beforeEach(() => {
  delete process.env.CDKTF_ETCD_TIMINGS;
});

afterAll(() => {
  delete process.env.CDKTF_ETCD_TIMINGS;
});

describe("timings", () => {
  it("are kept in the file that the suite names, in order", () => {
    const directory = path.join(scratch(), "timings");
    process.env.CDKTF_ETCD_TIMINGS = path.join(directory, "lab-proofs-membership.jsonl");
    recordTiming(DEPLOY);
    recordTiming(WAIT);
    expect(readTimings(directory)).toEqual(new Map([["lab-proofs-membership", [DEPLOY, WAIT]]]));
  });

  it("are kept nowhere outside of the suite", () => {
    const directory = scratch();
    recordTiming(WAIT);
    process.env.CDKTF_ETCD_TIMINGS = "";
    recordTiming(WAIT);
    expect(readTimings(directory)).toEqual(new Map());
  });

  it("are those that were written whole, where a process was killed while it wrote", () => {
    const directory = scratch();
    process.env.CDKTF_ETCD_TIMINGS = path.join(directory, "lab-proofs-birth.jsonl");
    recordTiming(WAIT);
    appendFileSync(process.env.CDKTF_ETCD_TIMINGS, '{"kind":"wait","wh');
    expect(readTimings(directory)).toEqual(new Map([["lab-proofs-birth", [WAIT]]]));
  });

  it("are none where nothing was kept", () => {
    const directory = path.join(scratch(), "missing");
    expect(existsSync(directory)).toBe(false);
    expect(readTimings(directory)).toEqual(new Map());
  });
});

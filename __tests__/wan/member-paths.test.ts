import { MemberPaths } from "../../lib/wan/member-paths";
import { RoundTripTimes } from "../../lib/wan/round-trip-times";

const MIB = 1024 * 1024;

function buffers(longestMs: number): number {
  return new MemberPaths(longestMs, 0).socketBufferBytes;
}

describe("TCP buffers", () => {
  it("hold 1 Gbit/s over the round trip, in whole MiB", () => {
    // 125,000 bytes/ms x 224 ms = 28,000,000 bytes = 26.7 MiB
    expect(buffers(224)).toBe(27 * MIB);
  });

  it("are never smaller than the kernel's own, nor larger than a small machine can spare", () => {
    expect(buffers(0.5)).toBe(6 * MIB);
    expect(buffers(10_000)).toBe(64 * MIB);
  });
});

describe("the log's way to followers", () => {
  it("is by cubic where nothing is lost, however far, and however near", () => {
    for (const longestMs of [0, 0.5, 10, 78, 224, 400]) {
      expect([longestMs, new MemberPaths(longestMs, 0).streamsByCubic]).toEqual([longestMs, true]);
    }
  });

  it("is by BBR from the loss on at which cubic would carry less than 1 MB/s", () => {
    // 1 MB/s x 224 ms / 1448 bytes = 155 segments in flight; (155 / 1.054)^(4/3) = 774 = 0.224 s / 0.00029
    expect(new MemberPaths(224, 0.028).streamsByCubic).toBe(true);
    expect(new MemberPaths(224, 0.03).streamsByCubic).toBe(false);
    // The nearer, the sooner cubic recovers.
    expect(new MemberPaths(78, 0.03).streamsByCubic).toBe(true);
  });

  it("takes the longest and the worst of the paths between members, and no other", () => {
    const times = RoundTripTimes.of([
      { a: "lon1", b: "nyc3", p50: 78, lossPercent: 0.1 },
      { a: "lon1", b: "sgp1", p50: 167 },
      { a: "nyc3", b: "sgp1", p50: 224 },
      { a: "lon1", b: "ams3", p50: 8, lossPercent: 5 },
      { a: "nyc3", b: "ams3", p50: 82 },
      { a: "sgp1", b: "ams3", p50: 170 },
    ]);
    expect(MemberPaths.among(times, ["lon1", "nyc3", "sgp1"])).toEqual(new MemberPaths(224, 0.1));
  });
});

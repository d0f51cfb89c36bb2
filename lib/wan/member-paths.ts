import type { RoundTripTimes } from "./round-trip-times";

const MIB = 1024 * 1024;
/** The rate that one connection is to reach over the longest path, with a snapshot or while a follower catches up. */
const BYTES_PER_MS = 125_000; // 1 Gbit/s
/** The kernel's own limit for receiving, up to Linux 6.12 (tcp(7), tcp_rmem). */
const USUAL_BYTES = 6 * MIB;
/** A connection that is given more may take a fair part of a small machine's memory. */
const MOST_BYTES = 64 * MIB;

/** What a follower must always be able to take, in bytes a second: a thousand writes of 1 KB. */
const STREAM_BYTES_PER_SECOND = 1_000_000;
/** Of a TCP segment over Ethernet, with timestamps. */
const SEGMENT_BYTES = 1448;
/** The average window of cubic is 1.054 x (round trip in seconds / share lost)^0.75 segments (RFC 9438, 5.1). */
const CUBIC_FACTOR = 1.054;
const CUBIC_EXPONENT = 0.75;

/** What TCP needs to know of the paths between members. */
export class MemberPaths {
  /** @throws ValidationError listing the pairs that are missing */
  public static among(roundTripTimes: RoundTripTimes, memberLocations: string[]): MemberPaths {
    return new MemberPaths(
      roundTripTimes.largestAmong(memberLocations),
      roundTripTimes.largestLossPercentAmong(memberLocations),
    );
  }

  /**
   * @param longestMs the longest round trip, in milliseconds
   * @param lossPercent the largest share of packets that get lost, in percent
   */
  public constructor(
    public readonly longestMs: number,
    private readonly lossPercent: number,
  ) {}

  /**
   * The most that the kernel may buffer for one TCP connection, in bytes: bandwidth x delay at 1 Gbit/s, in whole MiB
   * between the kernel's usual 6 and 64. The kernel grows buffers to it step by step, only for connections that fill
   * them, and counts its own overhead: the window is about half of it.
   */
  public get socketBufferBytes(): number {
    return Math.min(MOST_BYTES, Math.max(USUAL_BYTES, Math.ceil((BYTES_PER_MS * this.longestMs) / MIB) * MIB));
  }

  /**
   * Whether the log is sent to followers with cubic instead of BBR congestion control: with BBR one in 30 writes of the
   * farthest clients takes up to one more round trip, on a path that loses nothing (docs/benchmarks.md). Not where
   * losses would keep cubic below 1 MB/s: a follower could fall behind for good, which is worse. At 224 ms that is from
   * 0.03 % on.
   */
  public get streamsByCubic(): boolean {
    if (this.lossPercent === 0) return true;
    const seconds = this.longestMs / 1000;
    const segmentsInFlight = CUBIC_FACTOR * (seconds / (this.lossPercent / 100)) ** CUBIC_EXPONENT;
    return (segmentsInFlight * SEGMENT_BYTES) / seconds >= STREAM_BYTES_PER_SECOND;
  }
}

const MIB = 1024 * 1024;
/** What a connection is to be able to carry alone: a snapshot or a long way back, over the longest path. */
const BYTES_PER_MS = 125_000; // 1 Gbit/s
/** The kernel's own limit for receiving, up to Linux 6.12 (tcp(7), tcp_rmem). */
const USUAL_BYTES = 6 * MIB;
/** A connection that is given more may take a fair part of a small machine's memory. */
const MOST_BYTES = 64 * MIB;

/**
 * The most that the kernel may buffer for one TCP connection, in bytes: bandwidth x delay at 1 Gbit/s, in whole MiB
 * between the kernel's usual 6 and 64. The kernel comes to it step by step, only for connections that fill it, and counts
 * its own bookkeeping in: the window that is left is about half of it.
 *
 * @param rttMs the longest round trip between members, in milliseconds
 */
export function socketBufferBytes(rttMs: number): number {
  return Math.min(MOST_BYTES, Math.max(USUAL_BYTES, Math.ceil((BYTES_PER_MS * rttMs) / MIB) * MIB));
}

import { socketBufferBytes } from "../../lib/wan/socket-buffers";

const MIB = 1024 * 1024;

describe("TCP buffers", () => {
  it("hold 1 Gbit/s over the round trip, in whole MiB", () => {
    // 125,000 bytes/ms x 224 ms = 28,000,000 bytes = 26.7 MiB
    expect(socketBufferBytes(224)).toBe(27 * MIB);
  });

  it("are never smaller than the kernel's own, nor larger than a small machine can spare", () => {
    expect(socketBufferBytes(0.5)).toBe(6 * MIB);
    expect(socketBufferBytes(10_000)).toBe(64 * MIB);
  });
});

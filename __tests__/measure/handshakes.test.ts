import { handshakeMs, segmentsOf } from "../../lib/measure/handshakes";

describe("a line of measure-handshakes.sh", () => {
  it.each([
    ["a connection that went on", "0 0.000150 0.078450 0.240000", 78.3],
    ["one whose TLS failed", "35 0.000150 0.078450 0.240000 alert", 78.3],
    [
      "a refusal, which comes from the peer itself",
      "7 0.000100 0.000000 0.167300 Failed to connect: Connection refused",
      167.2,
    ],
  ])("%s is a round trip", (_name, line, expected) => {
    expect(handshakeMs(line.split(" "))).toBeCloseTo(expected);
  });

  it.each([
    ["a time-out", "28 0.000100 0.000000 3.001000 Connection timed out after 3001 milliseconds"],
    ["a router's word", "7 0.000100 0.000000 0.010000 Failed to connect: No route to host"],
    ["half a line", "0"],
  ])("%s is none", (_name, line) => {
    expect(handshakeMs(line.split(" "))).toBeUndefined();
  });

  it("that tells of segments does so, and no other does", () => {
    expect(segmentsOf("segments 12345 6".split(" "))).toEqual({ sent: 12345, lost: 6 });
    expect(segmentsOf("0 0.000150 0.078450 0.240000".split(" "))).toBeUndefined();
  });
});

import { ProtobufMessage } from "../../lib/measure/protobuf";
import { MEMBER_LIST } from "./members";

/** What etcd 3.6.14 answered to Status, and what etcdctl made of the same member at that time. */
const STATUS = Buffer.from(
  "0a1908afb7adaecc81c39f980110dbf8bdcafdb7a2de77180120031206332e362e31341880a00220dbf8bdcafdb7a2de77280630033806488080" +
    "015a05332e362e306080808080086a00",
  "hex",
);

describe("a message of etcd's", () => {
  it("has its numbers, in full where they take 64 bits", () => {
    const status = new ProtobufMessage(STATUS);
    const header = status.message(1);
    expect([1, 2, 3, 4].map((field) => header.number(field))).toEqual([
      10970500466295397295n,
      8627922443212651611n,
      1n,
      3n,
    ]);
    // dbSize, leader, raftIndex, raftTerm, raftAppliedIndex, dbSizeQuota.
    expect([3, 4, 5, 6, 7, 12].map((field) => status.number(field))).toEqual([
      36864n,
      8627922443212651611n,
      6n,
      3n,
      6n,
      2147483648n,
    ]);
  });

  it("may hold a list, of which nothing is wanted", () => {
    expect(new ProtobufMessage(MEMBER_LIST).message(1).number(1).toString(16)).toBe("983f0c0cc5cb5baf");
  });

  it("says 0 of a number that it leaves out", () => {
    expect(new ProtobufMessage(STATUS).number(10)).toBe(0n);
    expect(new ProtobufMessage(new Uint8Array()).message(1).number(1)).toBe(0n);
  });

  it.each([
    ["is cut off in a number", "08ff"],
    ["is cut off in a message within", "0a1708"],
    ["has a number of more than 64 bits", `08${"ff".repeat(10)}01`],
    ["has what etcd's messages do not have", "0d00000000"],
  ])("is refused where it %s", (_what, hex) => {
    expect(() => new ProtobufMessage(Buffer.from(hex, "hex"))).toThrow(/^not a message of etcd's/);
  });
});

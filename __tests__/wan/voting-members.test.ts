import fc from "fast-check";

import { QuorumModel, RoundTripTimes } from "../../lib/wan";
import { anyCluster } from "./matrices";

const roundTripTimes = RoundTripTimes.digitalOcean();

describe("quorum and fault tolerance", () => {
  test.each([
    [1, 1, 0],
    [2, 2, 0],
    [3, 2, 1],
    [4, 3, 1],
    [5, 3, 2],
    [7, 4, 3],
  ])("%d members: quorum %d, %d may fail", (members, quorum, tolerance) => {
    const model = new QuorumModel({ roundTripTimes, memberLocations: Array<string>(members).fill("lon1") });
    expect(model.quorumSize).toBe(quorum);
    expect(QuorumModel.quorumOf(members)).toBe(quorum);
    expect(model.faultTolerance).toBe(tolerance);
  });

  test("a quorum is left exactly where more than half of all voters are up", () => {
    fc.assert(
      fc.property(anyCluster, ({ roundTripTimes, memberLocations }) => {
        const model = new QuorumModel({ roundTripTimes, memberLocations });
        for (const { lost, membersLost, quorumLeft } of model.lossOfEachLocation()) {
          const up = memberLocations.filter((location) => location !== lost).length;
          expect(up + membersLost).toBe(memberLocations.length);
          expect(quorumLeft).toBe(2 * up > memberLocations.length);
        }
      }),
    );
  });
});

import { RoundTripTimes, Tuning } from "../../lib/wan";

const roundTripTimes = RoundTripTimes.digitalOcean();

describe("alert thresholds", () => {
  test("near clusters keep the published alert thresholds", () => {
    const tuning = Tuning.derive({ roundTripTimes, memberLocations: ["lon1", "ams3", "fra1"] });
    expect(tuning.peerRoundTripAlertMs).toBe(50);
    expect(tuning.requestAlertMs).toBe(150);
  });

  test("each pair has an alert threshold of its own", () => {
    const tuning = Tuning.derive({ roundTripTimes, memberLocations: ["lon1", "nyc3", "sgp1"] });
    expect(tuning.peerRoundTripAlertBetweenMs("lon1", "nyc3")).toBe(100); // 1.25 x 80
    expect(tuning.peerRoundTripAlertBetweenMs("lon1", "sgp1")).toBe(229); // 1.25 x 183
  });
});

/**
 * Where should the members be? Asks the distance model and deploys nothing.
 *
 *     npx tsx examples/placement.ts
 *
 * In a project of your own, import from "cdktf-etcd" instead of "../lib".
 */
import { FailureDomain, Placement, RoundTripTimes } from "../lib";

const roundTripTimes = RoundTripTimes.digitalOcean();
const clientLocations = [
  { location: "fra1", weight: 4 },
  { location: "nyc3", weight: 1 },
];

console.log("The best places for three members that survive the loss of any one continent:");
for (const placement of Placement.search({ roundTripTimes, clientLocations, mustSurvive: FailureDomain.CONTINENT })) {
  console.log(`  ${placement.describe()}`);
}

console.log("\nMoves that would help members in London, New York and Singapore:");
for (const advice of Placement.advise({ roundTripTimes, clientLocations, memberLocations: ["lon1", "nyc3", "sgp1"] })) {
  console.log(`  ${advice.sentence}`);
}

/**
 * Draws docs/cluster.svg: the cluster of main.ts on a map of the world, as `cdktf-etcd report` draws it.
 *
 * Run it with `npx tsx docs/draw-cluster.ts`.
 */
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { RoundTripTimes } from "../lib";
import { planCluster } from "../lib/report/cluster-plan";
import { drawMap } from "../lib/report/map";

const roundTripTimes = RoundTripTimes.digitalOcean();
const members = ["lon1", "nyc3", "sgp1"].map((location) => ({ name: `etcd-${location}`, location }));
const { svg } = drawMap(planCluster({ roundTripTimes, members }), roundTripTimes);

writeFileSync(path.join(__dirname, "cluster.svg"), svg);
console.log(`docs/cluster.svg: ${svg.length} bytes`);

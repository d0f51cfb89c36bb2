import { RoundTripTimes } from "../lib/wan";
import { REGIONS } from "./clouds/digitalocean/api/catalog";
import { LabPaths } from "./paths";
import { WanClient } from "./wan/client";
import type { PairSettings } from "./wan/protocol";
import { type MatrixOptions, wanMatrix } from "./wan/matrix";

/** The WAN of a lab: all of DigitalOcean's regions, at the distances of the library's own table. */
export function wanClient(paths: LabPaths, log?: (line: string) => void): WanClient {
  return new WanClient({ stateDir: paths.wan, matrix: matrix(), log });
}

/** Has the operator sit next to every region from now on; machines are as far from each other as before. */
export function operatorNearby(paths: LabPaths): Promise<void> {
  return wanClient(paths).setMatrix(matrix({ operatorEverywhere: true }));
}

function matrix(options: Omit<MatrixOptions, "regions"> = {}): PairSettings[] {
  const times = RoundTripTimes.digitalOcean();
  return wanMatrix(
    { p50: (a, b) => times.between(a, b) },
    { ...options, regions: REGIONS.map(({ slug }) => slug).filter((slug) => times.has("lon1", slug)) },
  );
}

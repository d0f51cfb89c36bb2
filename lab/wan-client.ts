import { RoundTripTimes } from "../lib/wan";
import { REGIONS } from "./api/catalog";
import { LabPaths } from "./paths";
import { buildWan } from "./wan/build";
import { WanClient } from "./wan/client";
import { wanMatrix } from "./wan/defaults";

/** The WAN of a lab: all of DigitalOcean's regions, at the distances of the library's own table. */
export function wanClient(paths: LabPaths, log?: (line: string) => void): WanClient {
  const times = RoundTripTimes.digitalOcean();
  return new WanClient({
    stateDir: paths.wan,
    binary: buildWan,
    matrix: wanMatrix(
      { p50: (a, b) => times.between(a, b) },
      { regions: REGIONS.map(({ slug }) => slug).filter((slug) => times.has("lon1", slug)) },
    ),
    log,
  });
}

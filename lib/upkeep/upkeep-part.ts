import { commands, libraries, NodePart, text, units, UNITS } from "../node/node-part";
import { Templates } from "../terraform/templates";
import { shellBare, unitText } from "../terraform/writers";
import { ResolvedUpkeep } from "./upkeep-props";

const MIB = 1024 ** 2;

/**
 * Up to this size in use, in MiB, a database is defragmented while its member leads. Writes stop while what is in use
 * is copied: for 0.5 s with 64 MiB (measured, etcd 3.6.14). A transfer of leadership stops them for 0.2 to 0.6 s, and
 * so does the one back; and each drops the writes in flight, which fail for clients that do not retry
 * (docs/benchmarks.md, "What a client's settings save").
 */
const DEFRAGMENTED_IN_PLACE_MIB = 64;

/** What defragmentation, making room when the quota is full, and metrics need on every node. */
export function upkeepPart(templates: Templates, cluster: string, upkeep: ResolvedUpkeep): NodePart {
  return {
    files: {
      ...commands(templates, "upkeep/defragment.sh", "upkeep/reclaim-space.sh", "upkeep/metrics.sh"),
      ...libraries(templates, "upkeep/coordinator.sh", "upkeep/defragmentation.sh"),
      ...units(templates, "upkeep/etcd-defragment.service", "upkeep/etcd-metrics.service", "upkeep/etcd-metrics.timer"),
      [`${UNITS}/etcd-defragment.timer`]: text(
        templates.render("upkeep/etcd-defragment.timer.tftpl", {
          weekday: unitText(upkeep.weekday ?? ""),
          hour: upkeep.hour,
        }),
      ),
      "/etc/etcd/upkeep.env": text(
        templates.render("upkeep/upkeep.env.tftpl", {
          cluster: shellBare(cluster),
          minimum_free_bytes: upkeep.minimumFreeMiB * MIB,
          in_place_bytes: DEFRAGMENTED_IN_PLACE_MIB * MIB,
        }),
      ),
    },
    timers: { "etcd-defragment.timer": upkeep.defragment, "etcd-metrics.timer": true },
  };
}

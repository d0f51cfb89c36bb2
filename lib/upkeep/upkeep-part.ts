import { commands, libraries, NodePart, text, units, UNITS } from "../node/node-part";
import { Templates } from "../terraform/templates";
import { ResolvedUpkeep } from "./upkeep-props";

const MIB = 1024 ** 2;

/**
 * Largest database in use, in MiB, that a leader is defragmented with while it leads. Writes stop for as long as it takes
 * to copy what is in use: 0.5 s for 64 MiB (measured, etcd 3.6.14), and go on then. A transfer of leadership stops them
 * for 0.2 to 0.6 s, and so does the one back; and it drops those that it meets, which fail for naive clients
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
        templates.render("upkeep/etcd-defragment.timer.tftpl", { weekday: upkeep.weekday ?? "", hour: upkeep.hour }),
      ),
      "/etc/etcd/upkeep.env": text(
        templates.render("upkeep/upkeep.env.tftpl", {
          cluster,
          minimum_free_bytes: upkeep.minimumFreeMiB * MIB,
          in_place_bytes: DEFRAGMENTED_IN_PLACE_MIB * MIB,
        }),
      ),
    },
    timers: { "etcd-defragment.timer": upkeep.defragment, "etcd-metrics.timer": true },
  };
}

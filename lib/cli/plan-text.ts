import type { ClusterPlan, LossRow } from "../report/cluster-plan";
import { duration, milliseconds } from "../report/milliseconds";
import { survival, tolerance } from "../report/sentences";
import { textTable } from "./text-table";

/** A plan for a terminal. */
export function planText(plan: ClusterPlan): string {
  const [leader] = plan.leaders;
  const names = new Map([...plan.members, ...plan.clients].map((place) => [place.location, place.title]));
  const sections = [
    [
      `${plan.members.length} members: ${plan.members.map((member) => member.location).join(", ")}`,
      `Quorum ${plan.quorumSize} of ${plan.members.length}; ${tolerance(plan.faultTolerance)}. ${survival(plan)}`,
      `Best leader: ${names.get(leader.location) ?? ""} (${leader.location}), which commits in ${milliseconds(leader.commitMs)}.`,
    ].join("\n"),
    section(
      "Leaders, in the order to fall back",
      textTable(
        [
          { title: "leader" },
          { title: "commit", right: true },
          { title: "p95", right: true },
          { title: "mean write", right: true },
          { title: "worst write", right: true },
        ],
        plan.leaders.map((row) => [
          row.location,
          ...[row.commitMs, row.commitP95Ms, row.meanWriteMs, row.worstWriteMs].map(milliseconds),
        ]),
      ),
    ),
    section(
      "Write, or linearizable read, by client and leader",
      textTable(
        [
          { title: "client" },
          { title: "weight", right: true },
          { title: "nearest" },
          { title: "stale read", right: true },
          ...plan.leaders.map((row) => ({ title: row.location, right: true })),
        ],
        plan.clients.map((row) => [
          row.location,
          String(row.weight),
          row.nearestMember,
          milliseconds(row.serializableReadMs),
          ...row.writes.map((write) => milliseconds(write.ms)),
        ]),
      ),
    ),
    section(
      "After a loss",
      textTable(
        [
          { title: "lost" },
          { title: "quorum" },
          { title: "may still fail", right: true },
          { title: "leader" },
          { title: "mean write", right: true },
        ],
        plan.losses
          .filter(isNews)
          .map((row) => [
            row.kind === "continent" ? `${row.lost} (${row.locations.join(", ")})` : row.lost,
            row.quorumLeft ? "left" : "LOST: writes stop",
            row.quorumLeft ? String(row.faultToleranceLeft) : "-",
            row.leader?.location ?? "-",
            row.leader === undefined ? "-" : milliseconds(row.leader.meanWriteMs),
          ]),
      ),
    ),
    section(
      `Tuning, profile ${plan.profile}`,
      textTable(
        [{ title: "setting" }, { title: "value", right: true }, { title: "why" }],
        plan.tuning.map((line) => [line.setting, duration(line.ms), line.reason]),
      ),
    ),
    section("Advice", bullets(plan.advice.length > 0 ? plan.advice : ["no single move helps these clients"])),
    ...(plan.warnings.length > 0 ? [section("Warnings", bullets(plan.warnings))] : []),
    `Round-trip times: ${plan.source}${plan.measuredAt === undefined ? "" : ` (${plan.measuredAt})`}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

/** A continent with one location says nothing that the location does not. */
function isNews(row: LossRow): boolean {
  return row.kind === "location" || row.locations.length > 1;
}

function section(title: string, body: string): string {
  return `${title}\n${body}`;
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `  - ${line}`).join("\n");
}

import { commands, libraries, NodePart, text, units } from "../node/node-part";
import { Templates } from "../terraform/templates";
import { shellList } from "../terraform/writers";
import { LeaderPlacement } from "../wan/leader-placement";

/** The timer that moves the leader to a better place, and how node scripts hand leadership over. */
export function leaderPart(templates: Templates, member: string, leader: LeaderPlacement): NodePart {
  return {
    files: {
      ...commands(templates, "leader/place-leader.sh"),
      ...libraries(templates, "leader/grpc.sh", "leader/leadership.sh"),
      ...units(templates, "leader/etcd-leader.service", "leader/etcd-leader.timer"),
      "/etc/etcd/leader.env": text(
        templates.render("leader/leader.env.tftpl", {
          order: shellList(leader.order),
          well_placed: shellList(leader.wellPlaced),
          better_placed: shellList(
            leader.betterThan(member).map((name) => `${name}=${leader.longestRoundTripMs(member, name)}`),
          ),
          settle_seconds: leader.settleSeconds,
          handover_pause_seconds: leader.handoverPauseSeconds,
        }),
      ),
    },
    timers: { "etcd-leader.timer": leader.automatic },
  };
}

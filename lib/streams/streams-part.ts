import { commands, NodePart, text, units } from "../node/node-part";
import { Templates } from "../terraform/templates";
import { MemberPaths } from "../wan/member-paths";

/** Kernel settings for long distances, and the congestion control of the streams between members. */
export function streamsPart(templates: Templates, paths: MemberPaths): NodePart {
  return {
    files: {
      ...commands(templates, "streams/route-streams.sh"),
      ...units(templates, "streams/etcd-streams.service", "streams/etcd-streams.timer"),
      "/etc/sysctl.d/60-etcd-wan.conf": text(
        templates.render("streams/sysctl.conf.tftpl", {
          max_rtt_ms: paths.longestMs,
          buffer_bytes: paths.socketBufferBytes,
        }),
      ),
    },
    staging: { end: templates.file("streams/stage-end.sh.part") },
    timers: { "etcd-streams.timer": paths.streamsByCubic },
  };
}

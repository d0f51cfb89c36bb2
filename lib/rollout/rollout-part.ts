import { EtcdVersion } from "../etcd-version";
import { ResolvedOrigin } from "./cluster-origin";
import { commands, libraries, NodePart, text, units } from "../node/node-part";
import { Templates } from "../terraform/templates";
import { shellList, shellWord } from "../terraform/writers";

/** What the code declares about the cluster, for the node scripts. */
export interface Declaration {
  /** Names of all members. */
  readonly members: readonly string[];
  readonly version: EtcdVersion;
  readonly origin: ResolvedOrigin;
}

/** The node scripts that bring what is staged into service, and what the code declares about the cluster for them. */
export function rolloutPart(templates: Templates, member: string, declared: Declaration): NodePart {
  return {
    files: {
      ...commands(
        templates,
        "rollout/activate.sh",
        "rollout/check-change.sh",
        "rollout/check-log.sh",
        "rollout/check-version.sh",
        "rollout/converge.sh",
        "rollout/join.sh",
        "rollout/lay-down.sh",
        "rollout/migrate.sh",
        "rollout/prepare-founding.sh",
        "rollout/restart.sh",
        "rollout/retire-predecessor.sh",
      ),
      ...libraries(
        templates,
        "rollout/authorities.sh",
        "rollout/common.sh",
        "rollout/decide.sh",
        "rollout/liveness.sh",
        "rollout/members.sh",
      ),
      ...units(templates, "rollout/etcd-join.service"),
      "/etc/etcd/declared.env": text(declaredEnv(templates, member, declared)),
    },
    staging: {
      check: templates.file("rollout/stage-check.sh.part"),
      prepare: templates.file("rollout/stage-prepare.sh.part"),
    },
  };
}

function declaredEnv(templates: Templates, member: string, declared: Declaration): string {
  const { version, origin } = declared;
  return templates.render("rollout/declared.env.tftpl", {
    member: shellWord(member),
    members: shellList(declared.members),
    version: shellWord(version.version),
    enters_from: shellList(version._entersFrom()),
    least_predecessor: shellWord(version._leastBefore() ?? ""),
    log_readable_since: shellWord(version._readsLogSince() ?? ""),
    genesis: origin.founding,
    recover_from: shellWord(origin.survivor ?? ""),
    restore: shellWord(origin.snapshot),
    adopted_client_urls: shellList(origin.adoption.clientUrls),
    adopted_peer_urls: shellList(origin.adoption.peerUrls),
    retire_adopted: shellWord(origin.adoption.retire ? "yes" : ""),
  });
}

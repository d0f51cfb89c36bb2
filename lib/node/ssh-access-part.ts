import { bareHostKeys } from "../ssh/host-keys";
import { SshConnection } from "../ssh-connection";
import { commands, NodePart, text } from "./node-part";
import { Templates } from "../terraform/templates";
import { asItIs, loginName, shellWord, Written } from "../terraform/writers";

/** Settings of a machine's sshd. Each deploy writes them; so does the first boot of machines whose user data is ours. */
export function sshdSettings(
  templates: Templates,
  { user, hostKeys }: Pick<SshConnection, "user" | "hostKeys">,
): Written {
  return templates.render("ssh/sshd.conf.tftpl", { user: loginName(user), host_key: asItIs(hostKeys[0]) });
}

/** In place of a host key where none is pinned: sshd is not configured then, and nothing is compared with it. */
const NONE = "none none";

/** SSH access: the keys that the user of the deploys accepts, and the settings of sshd. */
export function sshAccessPart(templates: Templates, connection: SshConnection): NodePart {
  const { user, authorizedKeys = [], configureSshd = true } = connection;
  const hostKeys = bareHostKeys(connection.hostKeys);
  const configured = configureSshd && hostKeys.length > 0;
  return {
    files: {
      ...commands(templates, "ssh/authorize-keys.sh", "ssh/configure-sshd.sh"),
      "/etc/etcd/ssh/access.env": text(
        templates.render("ssh/ssh.env.tftpl", { user: shellWord(user), host_key: asItIs(hostKeys[0] ?? NONE) }),
      ),
      // Where keys or sshd are to be left alone, the file is empty, so that one of an earlier deploy does not stay.
      "/etc/etcd/ssh/authorized_keys": text(
        templates.render("ssh/authorized-keys.tftpl", { keys: authorizedKeys.map(asItIs) }),
      ),
      "/etc/etcd/ssh/sshd.conf": text(configured ? sshdSettings(templates, { user, hostKeys }) : ""),
    },
    staging: { prepare: templates.file("ssh/stage-prepare.sh.part") },
  };
}

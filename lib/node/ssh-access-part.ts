import { SshConnection } from "../etcd-host";
import { commands, NodePart, text } from "./node-part";
import { Templates } from "../terraform/templates";
import { asItIs, loginName, shellWord, Written } from "../terraform/writers";

/** Settings of a machine's sshd. Each deploy writes them; so does the first boot of machines whose user data is ours. */
export function sshdSettings(
  templates: Templates,
  { user, hostKey }: Pick<SshConnection, "user" | "hostKey">,
): Written {
  return templates.render("ssh/sshd.conf.tftpl", { user: loginName(user), host_key: asItIs(hostKey) });
}

/** SSH access: the keys that the user of the deploys accepts, and the settings of sshd. */
export function sshAccessPart(templates: Templates, connection: SshConnection): NodePart {
  const { user, hostKey, authorizedKeys = [], configureSshd = true } = connection;
  return {
    files: {
      ...commands(templates, "ssh/authorize-keys.sh", "ssh/configure-sshd.sh"),
      "/etc/etcd/ssh/access.env": text(
        templates.render("ssh/ssh.env.tftpl", { user: shellWord(user), host_key: asItIs(hostKey) }),
      ),
      // Where keys or sshd are to be left alone, the file is empty, so that one of an earlier deploy does not stay.
      "/etc/etcd/ssh/authorized_keys": text(
        templates.render("ssh/authorized-keys.tftpl", { keys: authorizedKeys.map(asItIs) }),
      ),
      "/etc/etcd/ssh/sshd.conf": text(configureSshd ? sshdSettings(templates, connection) : ""),
    },
    staging: { prepare: templates.file("ssh/stage-prepare.sh.part") },
  };
}

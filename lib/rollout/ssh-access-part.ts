import { SshConnection } from "../hosts/host";
import { commands, NodePart, text } from "./node-part";
import { Templates } from "./templates";

/** What sshd of a machine is told: by the first boot, where the host is made from a template of ours, and by each deploy. */
export function sshdSettings(templates: Templates, { user, hostKey }: Pick<SshConnection, "user" | "hostKey">): string {
  return templates.render("ssh/sshd.conf.tftpl", { user, host_key: hostKey });
}

/** What keeps the deploys' way into a machine open, and all others shut. */
export function sshAccessPart(templates: Templates, connection: SshConnection): NodePart {
  const { user, hostKey, authorizedKeys = [], configureSshd = true } = connection;
  return {
    files: {
      ...commands(templates, "ssh/authorize-keys.sh", "ssh/configure-sshd.sh"),
      "/etc/etcd/ssh/access.env": text(templates.render("ssh/ssh.env.tftpl", { user, host_key: hostKey })),
      // Those that are left alone are there too, empty: what was there before must not stay.
      "/etc/etcd/ssh/authorized_keys": text(templates.render("ssh/authorized-keys.tftpl", { keys: authorizedKeys })),
      "/etc/etcd/ssh/sshd.conf": text(configureSshd ? sshdSettings(templates, connection) : ""),
    },
    staging: { prepare: templates.file("ssh/stage-prepare.sh.part") },
  };
}

import { IEtcdHost } from "../etcd-host";
import { commands, NodePart, text, units } from "../node/node-part";
import { Templates } from "../terraform/templates";
import { shellList } from "../terraform/writers";
import { shown } from "../validation";
import { ValidationError } from "../validation-error";

/** As useradd accepts them: they become words of a shell script. */
const USER_NAME = /^[a-z_][a-z0-9_-]{0,31}$/;

/** Who reaches the machine's metadata service: root and those whom the host names; everybody where it names none. */
export function metadataPart(templates: Templates, { hostName, metadataReaders }: IEtcdHost): NodePart {
  const wrong = metadataReaders?.find((user) => !USER_NAME.test(user));
  if (wrong !== undefined) {
    throw new ValidationError({
      what: `metadataReaders of ${hostName}`,
      given: shown(wrong),
      expected: 'names of users, for example "do-agent"',
      mend: "name users of the machine, or leave it out to have the metadata service open",
    });
  }
  return {
    files: {
      ...commands(templates, "metadata/close-metadata.sh"),
      ...units(templates, "metadata/etcd-metadata.service"),
      "/etc/etcd/metadata.env": text(
        templates.render("metadata/metadata.env.tftpl", {
          closed: metadataReaders !== undefined,
          readers: shellList(metadataReaders ?? []),
        }),
      ),
    },
    // No timer, but started as they are: by each deploy that lays something down.
    timers: { "etcd-metadata.service": true },
  };
}

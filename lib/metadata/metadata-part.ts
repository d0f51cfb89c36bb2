import { IEtcdHost } from "../etcd-host";
import { commands, NodePart, text, units } from "../node/node-part";
import { Templates } from "../terraform/templates";
import { loginNames } from "../terraform/writers";

/** Who reaches the machine's metadata service: root and those whom the host names; everybody where it names none. */
export function metadataPart(templates: Templates, { metadataReaders }: IEtcdHost): NodePart {
  return {
    files: {
      ...commands(templates, "metadata/close-metadata.sh"),
      ...units(templates, "metadata/etcd-metadata.service"),
      "/etc/etcd/metadata.env": text(
        templates.render("metadata/metadata.env.tftpl", {
          closed: metadataReaders !== undefined,
          readers: loginNames(metadataReaders ?? []),
        }),
      ),
    },
    // No timer, but started as they are: by each deploy that lays something down.
    timers: { "etcd-metadata.service": true },
  };
}

import { SensitiveFile } from "@cdktf/provider-local/lib/sensitive-file";
import { Construct } from "constructs";
import { literal } from "../terraform/literal";
import { AccessDirectory } from "./access-directory";

/**
 * Writes one of a client's files, for its owner alone, into a directory of the client's.
 *
 * @param directory of all clients' files
 * @throws ValidationError if another construct of the app writes that file
 */
export function writeClientFile(
  scope: Construct,
  directory: AccessDirectory,
  client: string,
  name: string,
  content: string,
): void {
  new SensitiveFile(scope, name, {
    filename: directory.take(scope, `${client}/${name}`),
    content: literal(content),
    filePermission: "0600",
    directoryPermission: "0700",
  });
}

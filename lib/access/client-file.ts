import { SensitiveFile } from "@cdktf/provider-local/lib/sensitive-file";
import { Construct } from "constructs";
import { literal } from "../terraform/literal";
import { claimFile, relativeToStack } from "./stack-path";

/**
 * Writes one of a client's files, for its owner alone, into a directory of the client's.
 *
 * @param directory of all clients' files, relative to where the app runs, or absolute
 * @throws ValidationError if another construct of the app writes that file
 */
export function writeClientFile(
  scope: Construct,
  directory: string,
  client: string,
  name: string,
  content: string,
): void {
  claimFile(scope, `${directory}/${client}/${name}`, name);
  new SensitiveFile(scope, name, {
    filename: literal(`${relativeToStack(scope, directory)}/${client}/${name}`),
    content: literal(content),
    filePermission: "0600",
    directoryPermission: "0700",
  });
}

import { chmodSync, mkdirSync } from "node:fs";
import * as path from "node:path";
import { clientFilesOutput, inDirectory } from "../access/client-files-output";
import { outputPrefix } from "../access/output-prefix";
import { terraformOutput } from "../terraform/terraform-output";
import { ValidationError } from "../validation-error";
import { unwritable, writeAllAtomically } from "./atomic-file";
import { jsonText } from "./json-text";
import { isObject, outputFrom } from "./outputs-option";
import { chosenCluster, outputPrefixOf, stackOf } from "./stack-option";
import type { Console, Typed } from "./usage";

/** Of the client's files: they hold its key. */
const [FILE_MODE, FOLDER_MODE] = [0o600, 0o700];

/** `cdktf-etcd access --client`: a client's files from the outputs of a deployed stack. */
export function writeClientFiles(typed: Typed, client: string, console: Console): void {
  const files = filesOf(typed, client);
  const folder = folderOf(typed, client);
  const written = write(folder, files);
  console.out(typed.flag("json") ? jsonText({ client, files: written }) : `${written.join("\n")}\n`);
}

type Files = Readonly<Record<string, string>>;

function filesOf(typed: Typed, client: string): Files {
  const outputs = typed.value("outputs");
  if (outputs === undefined) {
    const stack = stackOf(typed);
    const output = clientFilesOutput(outputPrefixOf(chosenCluster(stack, typed.value("cluster"))), client);
    const expected = `the files of ${client}, deployed with clientFiles: false`;
    return requireFiles(output, terraformOutput({ stack, output, option: "--client", expected }, process.env));
  }
  const cluster = typed.value("cluster");
  if (cluster === undefined || typed.value("stack") !== undefined) {
    throw new ValidationError({
      what: "--outputs",
      given: cluster === undefined ? "without --cluster" : "along with --stack",
      expected: "the outputs, and the cluster's id",
      mend: "write --cluster <id> --outputs <file>, without --stack",
    });
  }
  return outputFrom(outputs, clientFilesOutput(outputPrefix(cluster), client), isFiles);
}

/** Whether these are files of a client: plain names, so that none leads out of its folder. */
function isFiles(value: unknown): value is Files {
  return (
    isObject(value) &&
    "client.crt" in value &&
    Object.entries(value).every(([name, content]) => /^[\w-][\w.-]*$/.test(name) && typeof content === "string")
  );
}

function requireFiles(output: string, value: unknown): Files {
  if (isFiles(value)) return value;
  throw new ValidationError({
    what: `output ${output}`,
    given: "something else",
    expected: "a client's files, each with its name",
    mend: "deploy with this version of cdktf-etcd",
  });
}

function folderOf(typed: Typed, client: string): string {
  const out = typed.value("out") ?? "etcd-access";
  // eslint-disable-next-line no-control-regex -- the path stands in a comment of a script, which a line break would end
  if (out !== "" && !/[\u0000-\u001f\u007f]/.test(out)) return path.resolve(out, client);
  throw new ValidationError({
    what: "--out",
    given: JSON.stringify(out),
    expected: "a folder, without control characters in its name",
    mend: "name another, or leave it out for etcd-access",
  });
}

function write(folder: string, files: Files): string[] {
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    chmodSync(folder, FOLDER_MODE);
  } catch (error) {
    throw unwritable("--out", folder, "a folder that can be written to", error);
  }
  const contents = Object.entries(files).map(
    ([name, content]) => [path.join(folder, name), inDirectory(content, folder)] as const,
  );
  writeAllAtomically("--out", contents, FILE_MODE);
  return contents.map(([file]) => file);
}

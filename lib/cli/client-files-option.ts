import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import type { ClientFiles } from "../measure/client-files";
import { clientFilesFrom, inEnvironment, readClientFiles } from "../measure/client-files";
import { ValidationError } from "../validation-error";

/** The file's name, as `addClient` writes it. */
const ENV_FILE = "etcd.env";

/**
 * The files of the client to connect as: those of `--env`, else those that the environment names, else those that the
 * stack writes for the cluster's first client.
 *
 * @throws ValidationError where they cannot be read; where there are none, if they are `needed`
 */
export function clientFilesOf(
  given: string | undefined,
  stack: string,
  cluster: string,
  needed: boolean,
): ClientFiles | undefined {
  if (given !== undefined) return readClientFiles(given);
  if (inEnvironment(process.env)) return clientFilesFrom(process.env, "the environment");
  const written = writtenBy(stack, cluster);
  const found = written.find((file) => existsSync(file));
  if (found !== undefined) return readClientFiles(found);
  if (!needed) return undefined;
  throw new ValidationError({
    what: "--env",
    given:
      written.length === 0
        ? `nothing, and deploys write no files of a client of ${cluster}`
        : `nothing, and no ${written[0]}`,
    expected: "the etcd.env of a client, to read etcd's metric with",
    mend:
      written.length === 0
        ? 'add one: cluster.addClient("operator"), and deploy; with clientFiles: false, run cdktf-etcd access and name its etcd.env; or measure with --ssh'
        : "deploy, which writes it; or name another: --env <accessDirectory>/<client>/etcd.env",
  });
}

interface WrittenFile {
  readonly filename?: string;
  readonly "//"?: { readonly metadata?: { readonly path?: string } };
}

/** The etcd.env files that a synthesized stack writes for a cluster's clients. */
function writtenBy(stack: string, cluster: string): string[] {
  const file = path.join(stack, "cdk.tf.json");
  // A stack in HCL has no list of them that could be read here.
  if (!existsSync(file)) return [];
  const { resource } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly resource?: { readonly local_sensitive_file?: Readonly<Record<string, WrittenFile>> };
  };
  return Object.values(resource?.local_sensitive_file ?? {}).flatMap(({ filename, "//": comment }) => {
    const mine = comment?.metadata?.path?.startsWith(`${cluster}/`) ?? false;
    // Terraform runs in the stack's folder.
    return mine && filename !== undefined && path.basename(filename) === ENV_FILE
      ? [path.resolve(stack, filename)]
      : [];
  });
}

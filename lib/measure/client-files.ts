import { existsSync, readFileSync } from "node:fs";
import { ValidationError } from "../validation-error";

/** What a client's `etcd.env` says: where the members are, and how the client authenticates. */
export interface ClientFiles {
  /** Client URLs. */
  readonly endpoints: readonly string[];
  /** Certificate of the authority that signed the members' server certificates, PEM. */
  readonly ca: string;
  /** The client's certificate, PEM. */
  readonly certificate: string;
  /** Its private key, PEM. */
  readonly key: string;
  /** Where it was read from, for messages. */
  readonly source: string;
}

const NAMES = ["ETCDCTL_ENDPOINTS", "ETCDCTL_CACERT", "ETCDCTL_CERT", "ETCDCTL_KEY"] as const;

/** `export NAME='value'`, where a quote in the value is written as '\''. */
const ASSIGNMENT = /^(?:export )?(\w+)=(.*)$/;

/** Whether the environment is that of a shell that sourced an `etcd.env`. */
export function inEnvironment(env: NodeJS.ProcessEnv): boolean {
  return NAMES.every((name) => (env[name] ?? "") !== "");
}

/**
 * Reads an `etcd.env` as `addClient` writes it, and the files that it names.
 *
 * @throws ValidationError where the file, a variable or a file that it names is missing
 */
export function readClientFiles(file: string): ClientFiles {
  const lines = read("--env", file, "name the etcd.env of a client: <accessDirectory>/<client>/etcd.env").split("\n");
  const variables = lines.flatMap((line) => {
    const match = ASSIGNMENT.exec(line.trim());
    return match === null ? [] : [[match[1], unquoted(match[2])] as const];
  });
  return clientFilesFrom(Object.fromEntries(variables), file);
}

/**
 * The same from variables.
 *
 * @throws ValidationError where a variable or a file that it names is missing
 */
export function clientFilesFrom(variables: NodeJS.ProcessEnv, source: string): ClientFiles {
  const missing = NAMES.filter((name) => (variables[name] ?? "") === "");
  if (missing.length > 0) {
    throw new ValidationError({
      what: source,
      given: `no ${missing.join(", ")}`,
      expected: `${NAMES.join(", ")}, as cluster.addClient writes them`,
      mend: "name the etcd.env of a client: --env <accessDirectory>/<client>/etcd.env",
    });
  }
  const pem = (name: (typeof NAMES)[number]): string =>
    read(
      `${source}: ${name}`,
      variables[name] ?? "",
      "deploy, so that the client's files are written, or name others with --env",
    );
  return {
    source,
    endpoints: (variables.ETCDCTL_ENDPOINTS ?? "").split(",").map((endpoint) => requireHttps(source, endpoint.trim())),
    ca: pem("ETCDCTL_CACERT"),
    certificate: pem("ETCDCTL_CERT"),
    key: pem("ETCDCTL_KEY"),
  };
}

function requireHttps(source: string, endpoint: string): string {
  if (URL.canParse(endpoint) && new URL(endpoint).protocol === "https:") return endpoint.replace(/\/$/, "");
  throw new ValidationError({
    what: `${source}: ETCDCTL_ENDPOINTS`,
    given: JSON.stringify(endpoint),
    expected: "https URLs",
    mend: "write them as https://<address>:2379, with commas in between",
  });
}

function unquoted(value: string): string {
  return value.startsWith("'") ? value.replace(/'\\''/g, "\0").replace(/'/g, "").replace(/\0/g, "'") : value;
}

function read(what: string, file: string, mend: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ValidationError({
      what,
      given: file,
      expected: existsSync(file) ? "a file that you may read" : "a file that is there",
      mend: `${mend} (${why})`,
    });
  }
}

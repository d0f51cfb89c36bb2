import { readFileSync } from "node:fs";
import type { CertificateExpiry } from "../access/certificate-expiry";
import { ValidationError } from "../validation-error";

type Json = Readonly<Record<string, unknown>>;

/**
 * When each certificate of a cluster ends, from a file with that output of its stack: see {@link outputFrom}.
 *
 * @param prefix of the cluster's outputs
 * @throws ValidationError if there is no such file, or if it does not have that cluster's certificates
 */
export function expiryFrom(file: string, prefix: string): CertificateExpiry {
  return outputFrom(file, `${prefix}_certificate_expiry`, isExpiry);
}

/**
 * One output of a deployed stack, from a file: what `terraform output -json <name>` prints, or, with more of them in it,
 * what `cdktf deploy --outputs-file` writes or Terraform prints without a name.
 *
 * @param file "-" for standard input
 * @param isIt whether a value is that output's
 * @throws ValidationError if there is no such file, or if it does not have that output
 */
export function outputFrom<Value>(file: string, name: string, isIt: (value: unknown) => value is Value): Value {
  const outputs = readJson(file, name);
  // Terraform's are wrapped in "value"; cdktf's stand below the name of the stack.
  const found = [outputs, ...Object.values(outputs)].flatMap((level) =>
    isObject(level) && isObject(level[name]) ? [level[name]] : [],
  );
  const values: unknown[] = [outputs, ...found.map((output) => output.value ?? output)];
  const value = values.find(isIt);
  if (value === undefined) {
    throw new ValidationError({
      what: "--outputs",
      given: file,
      expected: `the outputs of a deployed stack, with ${name} in them`,
      mend: `deploy with this version of cdktf-etcd, then ask for it: ${askFor(name)}`,
    });
  }
  return value;
}

/** All outputs together hold the key to the machines and every client's, so nobody is told to ask for them. */
function askFor(name: string): string {
  return `terraform output -json ${name}`;
}

function readJson(file: string, name: string): Json {
  try {
    const read: unknown = JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8"));
    if (isObject(read)) return read;
    throw new Error("it is no object");
  } catch (error) {
    throw new ValidationError({
      what: "--outputs",
      given: file,
      expected: "a file with a stack's outputs as JSON",
      mend: `write what this prints into it: ${askFor(name)} (${error instanceof Error ? error.message : String(error)})`,
    });
  }
}

/** Whether it is an object, as JSON has them. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isExpiry(value: unknown): value is CertificateExpiry {
  return isObject(value) && isObject(value.members) && isObject(value.clients) && isObject(value.authorities);
}

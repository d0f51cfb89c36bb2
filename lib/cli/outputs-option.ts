import { readFileSync } from "node:fs";
import type { CertificateExpiry } from "../access/certificate-expiry";
import { ValidationError } from "../validation-error";

type Json = Readonly<Record<string, unknown>>;

/**
 * When each certificate of a cluster ends, from a file with the outputs of its stack: what `terraform output -json` prints, or
 * `cdktf deploy --outputs-file` writes.
 *
 * @param prefix of the cluster's outputs
 * @throws ValidationError if there is no such file, or if it does not have that cluster's certificates
 */
export function expiryFrom(file: string, prefix: string): CertificateExpiry {
  const name = `${prefix}_certificate_expiry`;
  const outputs = readJson(file);
  // Terraform's are wrapped in "value"; cdktf's stand below the name of the stack.
  const found = [outputs, ...Object.values(outputs)].flatMap((level) =>
    isObject(level) && isObject(level[name]) ? [level[name]] : [],
  );
  const values: unknown[] = found.map((output) => output.value ?? output);
  const expiry = values.find(isExpiry);
  if (expiry === undefined) {
    throw new ValidationError({
      what: "--outputs",
      given: file,
      expected: `the outputs of a deployed stack, with ${name} in them`,
      mend: "deploy with this version of cdktf-etcd, then write them: terraform output -json > outputs.json",
    });
  }
  return expiry;
}

function readJson(file: string): Json {
  try {
    const read: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isObject(read)) return read;
    throw new Error("it is no object");
  } catch (error) {
    throw new ValidationError({
      what: "--outputs",
      given: file,
      expected: "a file with a stack's outputs as JSON",
      mend: `write it: terraform output -json > outputs.json (${error instanceof Error ? error.message : String(error)})`,
    });
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isExpiry(value: unknown): value is CertificateExpiry {
  return isObject(value) && isObject(value.members) && isObject(value.clients) && isObject(value.authorities);
}

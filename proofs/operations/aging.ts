import { readFileSync } from "node:fs";
import { writeAtomically } from "terraform-lab";
import { mustHave, type Stage } from "./stage";

interface CertificateAttributes {
  readonly is_ca_certificate: boolean;
  validity_end_time: string;
}

interface State {
  readonly resources: readonly {
    readonly type: string;
    readonly instances: readonly { readonly attributes: CertificateAttributes }[];
  }[];
}

/**
 * Makes leaf certificates due for renewal without waiting for months: edits Terraform's state, from which the tls
 * provider takes their ends, so that they end in so many days.
 */
export function ageLeaves(stage: Stage, daysLeft: number): void {
  const file = stage.harness.stateFile;
  const state = JSON.parse(readFileSync(file, "utf8")) as State;
  const leaves = state.resources
    .filter(({ type }) => type === "tls_locally_signed_cert")
    .flatMap(({ instances }) => instances.map(({ attributes }) => attributes))
    .filter((attributes) => !attributes.is_ca_certificate);
  mustHave("there are leaf certificates in the state", leaves.length > 0, file);
  const end = new Date(Date.now() + daysLeft * 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");
  for (const attributes of leaves) attributes.validity_end_time = end;
  writeAtomically(file, JSON.stringify(state, null, 2));
}

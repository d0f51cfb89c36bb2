import { spawnSync } from "node:child_process";
import { ValidationError } from "../validation-error";

/** How to reach a member's machine, as the cluster's sensitive output `<cluster>_ssh` says. */
export interface Machine {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Public host key in authorized_keys form: a machine with another key is refused. */
  readonly host_key: string;
  readonly private_key: string;
  /** Where its peers reach it. */
  readonly peer_url: string;
}

/**
 * Asks Terraform how to reach the machines of a cluster, by the members' names, whatever backend the state is in.
 *
 * @param prefix of the cluster's outputs
 * @throws ValidationError where Terraform can't be run, or the stack is not deployed
 */
export function machinesOf(stack: string, prefix: string, env: NodeJS.ProcessEnv): Map<string, Machine> {
  const terraform = env.TERRAFORM_BINARY_NAME ?? "terraform";
  const output = `${prefix}_ssh`;
  const { status, stdout, stderr, error } = spawnSync(terraform, [`-chdir=${stack}`, "output", "-json", output], {
    env,
    encoding: "utf8",
    maxBuffer: 16 * 1024 * 1024,
  });
  if (error === undefined && status === 0)
    return new Map(Object.entries(JSON.parse(stdout) as Record<string, Machine>));
  throw new ValidationError({
    what: "--ssh",
    given: `no output ${output} from ${terraform} (${reason(error?.message ?? stderr)})`,
    expected: "the stack's machines, deployed with this version of cdktf-etcd",
    mend: `deploy first, from here; then try ${terraform} -chdir=${stack} output`,
  });
}

/** The first line of Terraform's message that has text, without colours and the box around it. */
function reason(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/\x1b\[[\d;]*m/g, "").replace(/^[╷│╵\s]+/, "")); // eslint-disable-line no-control-regex
  return lines.find((line) => line !== "") ?? "it said nothing";
}

import { terraformOutput } from "../terraform/terraform-output";

/** How to log in somewhere. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Public host key in authorized_keys form: a machine with another key is refused. Empty if none is pinned. */
  readonly host_key: string;
  /** All of them, where it has several. */
  readonly host_keys?: readonly string[];
  readonly private_key?: string;
  /** File with the key, as the code has it. */
  readonly private_key_file?: string;
  /** Whether an SSH agent has the key. */
  readonly agent?: boolean;
}

/** How to reach a member's machine, as the cluster's sensitive output `<cluster>_ssh` says. */
export interface Machine extends Login {
  /** What to log in to first. */
  readonly bastion?: Login;
  /** Where its peers reach it. */
  readonly peer_url: string;
}

/**
 * Asks Terraform how to reach the machines of a cluster, by the members' names.
 *
 * @param prefix of the cluster's outputs
 * @param option what of the command line needs them
 * @throws ValidationError where Terraform can't be run, or the stack is not deployed
 */
export function machinesOf(
  stack: string,
  prefix: string,
  option: string,
  env: NodeJS.ProcessEnv,
): Map<string, Machine> {
  const output = `${prefix}_ssh`;
  const expected = "the stack's machines, deployed with this version of cdktf-etcd";
  const machines = terraformOutput({ stack, output, option, expected }, env);
  return new Map(Object.entries(machines as Record<string, Machine>));
}

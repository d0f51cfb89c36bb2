import { spawnSync } from "node:child_process";
import { ValidationError } from "../validation-error";

/** Which output is asked for, and why, for the message where there is none. */
export interface TerraformOutputQuery {
  /** Folder of the synthesized stack. */
  readonly stack: string;
  /** The output's name. */
  readonly output: string;
  /** The option of the command line that needs it. */
  readonly option: string;
  readonly expected: string;
}

/**
 * Asks Terraform for an output of a deployed stack, whatever backend the state is in. It touches no file.
 *
 * @throws ValidationError where Terraform can't be run, or the stack is not deployed
 */
export function terraformOutput(query: TerraformOutputQuery, env: NodeJS.ProcessEnv): unknown {
  const { stack, output, option, expected } = query;
  const terraform = env.TERRAFORM_BINARY_NAME ?? "terraform";
  const { status, stdout, stderr, error } = spawnSync(terraform, [`-chdir=${stack}`, "output", "-json", output], {
    env,
    encoding: "utf8",
    maxBuffer: 16 * 1024 * 1024,
  });
  if (error === undefined && status === 0) return JSON.parse(stdout);
  throw new ValidationError({
    what: option,
    given: `no output ${output} from ${terraform} (${reason(error?.message ?? stderr)})`,
    expected,
    mend: `deploy first, from here; then try ${terraform} -chdir=${stack} output`,
  });
}

/** The first line of Terraform's message that has text, without colours and the box around it. */
function reason(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/\x1b\[[\d;]*m/g, "").replace(/^[╷│╵\s]+/, "")); // eslint-disable-line no-control-regex
  return lines.find((line) => line !== "") ?? "it said nothing";
}

import { writeFileSync } from "node:fs";
import * as path from "node:path";
import type { Sites } from "terraform-lab";
import { argvOf } from "../workload/flags";

/** Time limit of the search for a linear order, over all keys. */
const CHECK_SECONDS = 120;

/** The histories to check, and how to reach the cluster for its final state. */
export interface HistoriesProps {
  readonly location: string;
  /** The workload program. */
  readonly program: string;
  /** A client's etcd.env. */
  readonly envFile: string;
  /** Prefix of all keys of the load. */
  readonly prefix: string;
  /** Directory for the verdict, and for drawings of histories that are not linearizable. */
  readonly directory: string;
  readonly histories: readonly string[];
}

/** As `workload check -json` prints it. */
interface Verdict {
  readonly ok: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly sentences: readonly string[];
  }[];
}

/**
 * Checks that all acknowledged writes are there, that watches have shown every change once and in order, and that the
 * history is linearizable; returns a sentence for each violation.
 */
export async function checkHistories(sites: Sites, props: HistoriesProps): Promise<string[]> {
  const flags = argvOf({
    env: props.envFile,
    prefix: props.prefix,
    timeout: `${CHECK_SECONDS}s`,
    drawings: path.join(props.directory, "drawings"),
  });
  const argv = [props.program, "check", "-json", ...flags, ...props.histories];
  const { stdout, stderr } = await sites.run(props.location, argv, (CHECK_SECONDS + 60) * 1000);
  if (stdout === "") throw new Error(`the histories could not be checked: ${stderr}`);
  writeFileSync(path.join(props.directory, "verdict"), stderr);
  const verdict = JSON.parse(stdout) as Verdict;
  if (verdict.ok) return [];
  return verdict.checks
    .filter(({ outcome }) => outcome !== "passed")
    .flatMap(({ name, outcome, sentences }) => sentences.map((sentence) => `${name} ${outcome}: ${sentence}`));
}

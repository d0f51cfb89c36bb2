import * as path from "node:path";
import type { OperatorGroup } from "../../../lab/terraform/operator-group";
import { terraform } from "../../../lab/terraform/run";
import { scratchDirectory } from "../../templates/render";

const scratch = scratchDirectory();
/** Without control groups, which take root. */
const operator = { add: () => undefined } as unknown as OperatorGroup;

describe("Terraform, run by the lab", () => {
  it("writes its files for their owner alone, whatever this process's umask is", async () => {
    const { exitCode, output } = await terraform({
      command: "/bin/sh",
      args: ["-c", 'umask; echo "$1"', "sh", "an argument"],
      env: {},
      operator,
      logFile: path.join(scratch, "log"),
    });
    expect([exitCode, output.split("\n")]).toEqual([0, ["0077", "an argument"]]);
  });
});

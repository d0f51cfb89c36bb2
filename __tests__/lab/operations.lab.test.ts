import * as os from "node:os";
import * as path from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { operationNamed } from "../../lab/operations/catalog";
import { INTERRUPTIONS } from "../../lab/operations/interruption";
import { Load, type OperationRow } from "../../lab/operations/load";
import { carryOut } from "../../lab/operations/operation";
import { CLIENT_LOCATIONS, Stage } from "../../lab/operations/stage";
import { operationTable, verdicts } from "../../lab/operations/table";
import { Random } from "../../lab/tools/random";
import { LabHarness } from "../../lab/harness";

jest.setTimeout(300_000);

const harness = new LabHarness();
const directory = mkdtempSync(path.join(os.tmpdir(), "cdktf-etcd-operations-"));
const stage = new Stage(harness, directory);
const rows: OperationRow[] = [];
let load: Load;
let violated = true;

beforeAll(async () => {
  await harness.up();
  await stage.deploy();
  load = await Load.start({
    paths: harness.paths,
    locations: CLIENT_LOCATIONS,
    directory: path.join(directory, "load"),
    // 50 operations per second in all.
    writesPerSecond: 6,
  });
});
afterAll(async () => {
  await load.stop();
  if (violated) process.stderr.write(`      histories, and all that was applied: ${directory}\n`);
  else rmSync(directory, { recursive: true });
  await harness.down();
});

/** Times are printed, not judged: on a busy machine they say nothing. */
function publish(name: string, row: OperationRow): void {
  rows.push(row);
  const lines = verdicts(row, operationNamed(name).bars ?? []);
  process.stderr.write([...row.failures, ...lines].map((line) => `      ${line}\n`).join(""));
}

describe("clients on three continents lose nothing", () => {
  it.each(["settings roll", "machine replaced (-replace)", "leaf certificates renewed"])("%s", async (name) => {
    publish(name, await load.during(name, () => carryOut(operationNamed(name), stage)));
  });

  it("when Terraform is killed in the middle of a rollout: the next deploy completes it", async () => {
    const name = "settings roll";
    const [kill] = INTERRUPTIONS;
    expect(kill.name).toBe("SIGKILL to Terraform");
    stage.disturbNext((pid) => kill.strike(harness, pid, new Random(1)), /: restarting$/);
    const row = await load.during(`${name} (Terraform killed)`, async () => {
      await operationNamed(name).perform(stage);
    });
    publish(name, row);
  });

  it("and had a quorum in service all along", async () => {
    await load.finish();
    violated = false;
    process.stderr.write(`${operationTable(rows)}\n`);
    expect(rows.map(({ recommended }) => recommended.requests).every((requests) => requests > 0)).toBe(true);
  });
});

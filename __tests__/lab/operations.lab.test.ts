import { setTimeout as sleep } from "node:timers/promises";
import * as os from "node:os";
import * as path from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { operationNamed } from "../../lab/operations/catalog";
import { INTERRUPTIONS } from "../../lab/operations/interruption";
import { Load, type OperationRow } from "../../lab/operations/load";
import { carryOut, getReleases } from "../../lab/operations/operation";
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
  await getReleases([operationNamed("upgrade from 3.6 to 3.7")], stage);
  await stage.deploy();
  load = await Load.start({
    paths: harness.paths,
    locations: CLIENT_LOCATIONS,
    directory: path.join(directory, "load"),
    // 50 operations per second in all.
    writesPerSecond: 6,
  });
}, 900_000);
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
  it.each(["settings roll", "machine replaced (-replace)", "leaf certificates renewed", "upgrade from 3.6 to 3.7"])(
    "%s",
    async (name) => {
      publish(name, await load.during(name, () => carryOut(operationNamed(name), stage)));
    },
  );

  /** Rolls a setting out, kills Terraform a while after such a line, and deploys again; returns what was said. */
  async function rollWithKill(name: string, at: RegExp, waitMs: number): Promise<readonly string[]> {
    const [kill] = INTERRUPTIONS;
    expect(kill.name).toBe("SIGKILL to Terraform");
    stage.disturbNext(async (pid) => {
      await sleep(waitMs);
      await kill.strike(harness, pid, new Random(1));
    }, at);
    let lines: readonly string[] = [];
    const roll = operationNamed("settings roll");
    const row = await load.during(name, async () => {
      lines = await roll.perform(stage);
    });
    publish(roll.name, row);
    return lines;
  }

  it("when Terraform is killed in the middle of a rollout: the next deploy completes it", async () => {
    await rollWithKill("settings roll (Terraform killed)", /: restarting$/, 0);
  });

  // Terraform saves its state when London's install is done, and counts those as done then that it has begun.
  it("when Terraform is killed in the middle of the installs: none is missing after the next deploy", async () => {
    const name = "settings roll (Terraform killed while it installs)";
    const lines = await rollWithKill(name, /lon1_install_\w+: Creation complete/, 300);
    expect(lines).toContain("etcd-sgp1: what install was to stage is not here, as it was interrupted");
  });

  it("and had a quorum in service all along", async () => {
    await load.finish();
    violated = false;
    process.stderr.write(`${operationTable(rows)}\n`);
    expect(rows.map(({ recommended }) => recommended.requests).every((requests) => requests > 0)).toBe(true);
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import * as os from "node:os";
import * as path from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { operationNamed } from "../../lab/operations/catalog";
import { interruptionNamed } from "../../lab/operations/interruption";
import { Load, type OperationRow } from "../../lab/operations/load";
import { carryOut, getReleases, ROLL_IN_TWO, type Bar } from "../../lab/operations/operation";
import { CLIENT_LOCATIONS, Stage, type Miss } from "../../lab/operations/stage";
import { missed, operationTable, verdicts } from "../../lab/operations/table";
import { Random } from "../../lab/tools/random";
import { LabHarness } from "../../lab/harness";
import { useCleanup } from "../cleanup";

jest.setTimeout(300_000);

const harness = new LabHarness();
const atEnd = useCleanup();
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
  atEnd(() => load.stop());
}, 900_000);
afterAll(async () => {
  if (violated) process.stderr.write(`      histories, and all that was applied: ${directory}\n`);
  else rmSync(directory, { recursive: true });
  await harness.down();
});

/** Times are printed, not judged: on a busy machine they say nothing. */
function judge(row: OperationRow, bars: readonly Bar[]): void {
  rows.push(row);
  process.stderr.write([...row.failures, ...verdicts(row, bars)].map((line) => `      ${line}\n`).join(""));
  const sure = bars.filter(({ timing }) => !timing);
  expect(missed(row, sure)).toEqual([]);
}

/** Does something that begins with leadership in its place, and with nothing in flight of what was done before. */
async function during(name: string, action: () => Promise<void>): Promise<OperationRow> {
  await load.during("leadership brought back", () => stage.settled());
  return load.during(name, action);
}

describe("clients on three continents lose nothing", () => {
  it.each(["settings roll", "machine replaced (-replace)", "leaf certificates renewed", "upgrade from 3.6 to 3.7"])(
    "%s",
    async (name) => {
      const operation = operationNamed(name);
      judge(await during(name, () => carryOut(operation, stage)), operation.bars ?? []);
    },
  );

  /** Rolls a setting out, kills Terraform a while after such a line, and deploys again; returns what was said. */
  async function rollWithKill(name: string, at: RegExp, waitMs: number): Promise<readonly string[]> {
    const kill = interruptionNamed("SIGKILL to Terraform");
    let miss: Miss = "its moment never came";
    let lines: readonly string[] = [];
    const row = await during(name, async () => {
      stage.disturbNext(async (apply) => {
        await sleep(waitMs);
        miss = await kill.strike(harness, apply, new Random(1));
        return miss;
      }, at);
      lines = await operationNamed("settings roll").perform(stage);
    });
    expect(miss).toBeUndefined();
    judge(row, ROLL_IN_TWO);
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

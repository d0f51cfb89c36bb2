import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CdktfResult, CdktfRun } from "terraform-lab";
import type { LabHarness } from "../../../proofs/harness";
import { Stage } from "../../../proofs/operations/stage";
import { NO_CHANGES } from "../../../proofs/harness";

const BEGINS = "hosts_lon1: Creating...";
const REFUSED = "Error: DigitalOcean has machines of these names, and Terraform's state knows none: etcd-lon1";

/** A stage on which each deploy prints these lines and ends like this; how often one did is counted. */
function stageWith(lines: readonly string[], exitCodes: readonly number[], pid = process.pid) {
  let deploys = 0;
  const run = async (command: string, _knobs: object, more: Partial<CdktfRun>): Promise<CdktfResult> => {
    more.onSpawn?.(pid);
    const output = readFileSync(stateFile, "utf8") === "" ? REFUSED : NO_CHANGES;
    const printed = command === "diff" ? [output] : lines;
    for (const line of printed) more.onLine?.(line);
    // A moment in which a failure of what gets in the way has nobody who waits for it.
    await sleep(20);
    if (command === "diff") return { exitCode: 0, output };
    deploys += 1;
    return { exitCode: exitCodes[deploys - 1] ?? 0, output: printed.join("\n") };
  };
  const stateFile = path.join(scratch, "terraform.tfstate");
  writeFileSync(stateFile, "{}");
  writeFileSync(`${stateFile}.backup`, '{"serial":1}');
  const harness = { run, destroy: () => Promise.resolve(), stateFile } as unknown as LabHarness;
  return { stage: new Stage(harness, "/nowhere"), deploys: () => deploys, stateFile };
}

const scratch = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-stage-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

describe("an apply with something in its way", () => {
  it("may fail, and is completed by the next", async () => {
    const { stage, deploys } = stageWith([BEGINS], [1, 0]);
    let struck = 0;
    stage.disturbNext((apply) => {
      expect(apply.pid).toBe(process.pid);
      struck += 1;
      return Promise.resolve(undefined);
    });
    await stage.deploy();
    expect([struck, deploys()]).toEqual([1, 2]);
  });

  it("goes on from the state before it where it left an empty one, and only there", async () => {
    for (const [left, expected] of [
      ["", '{"serial":1}'],
      ['{"serial":2}', '{"serial":2}'],
    ]) {
      const { stage, stateFile } = stageWith([BEGINS], [1, 0]);
      stage.disturbNext(() => {
        writeFileSync(stateFile, left);
        return Promise.resolve(undefined);
      });
      await stage.deploy();
      expect(readFileSync(stateFile, "utf8")).toBe(expected);
    }
  });

  it("must not fail where it was missed", async () => {
    const { stage } = stageWith([BEGINS], [1, 0]);
    stage.disturbNext(() => Promise.resolve("the apply was through"));
    await expect(stage.deploy()).rejects.toThrow(/^the deploy failed/);
  });

  it("is none if its moment never came", async () => {
    const { stage } = stageWith(["Apply complete!"], [0]);
    stage.disturbNext(() => Promise.resolve(undefined));
    await expect(stage.deploy()).rejects.toThrow(/^nothing got in the way of the deploy: it never printed/);
  });

  it("fails as what gets in the way does, once it has ended", async () => {
    const { stage, deploys } = stageWith([BEGINS], [0]);
    stage.disturbNext(() => Promise.reject(new Error("no such machine")));
    await expect(stage.deploy()).rejects.toThrow("no such machine");
    expect(deploys()).toBe(1);
  });
});

it("ends nothing when no apply is under way, whoever has that process's number", async () => {
  const bystander = spawn("sleep", ["60"]);
  try {
    const { stage } = stageWith([], [0], bystander.pid);
    await stage.deploy();
    stage.abort();
    await sleep(50);
    expect(bystander.signalCode).toBeNull();
  } finally {
    bystander.kill("SIGKILL");
  }
});

it("tells the time between two lines of the last apply", async () => {
  const { stage } = stageWith(["one", "two"], [0]);
  await stage.deploy();
  expect(stage.secondsBetween(/one/, /two/)).toBeGreaterThanOrEqual(0);
  expect(stage.secondsBetween(/two/, /one/)).toBeNaN();
});

it("tells how long a machine took to boot, of the machine that is meant", async () => {
  const order = "digitalocean_droplet.hosts_sgp1_droplet_1DD75094: Creating...";
  const login = "terraform_data.etcd_etcd-sgp1_install_9099F064 (remote-exec): Connected!";
  const { stage } = stageWith([order, login.replace("sgp1", "lon1"), login], [0]);
  await stage.deploy();
  expect(stage.bootSeconds("sgp1")).toBeGreaterThanOrEqual(0);
  expect(stage.bootSeconds("lon1")).toBeNaN();
});

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { attempt, run } from "../../../lab/tools/command";
import { type RunningApi, startApi, TOKEN } from "./support/api";

const CACHE = join(homedir(), ".cache", "cdktf-etcd");
const PROGRAM = join(CACHE, "godo-conformance");

function hasGo(): boolean {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

(hasGo() ? describe : describe.skip)("DigitalOcean's Go client", () => {
  let api: RunningApi;
  beforeAll(async () => {
    mkdirSync(CACHE, { recursive: true });
    const source = join(__dirname, "..", "..", "..", "lab", "api", "conformance");
    await run(["go", "build", "-o", PROGRAM, "."], { cwd: source });
    api = await startApi();
  }, 300_000);
  afterAll(() => api.close());

  it("gets from every service what it expects", async () => {
    const env = { DIGITALOCEAN_API_URL: api.url, DIGITALOCEAN_TOKEN: TOKEN };
    const { status, stdout } = await attempt([PROGRAM], { env });
    // The program says on its output which service gave what instead of what.
    if (status !== 0) throw new Error(stdout);
    expect(stdout).not.toContain("FAILED");
    expect(stdout.split("\n").filter((line) => line.startsWith("ok "))).toHaveLength(15);
  }, 120_000);
});

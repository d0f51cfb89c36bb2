import { execFile, execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { type RunningApi, startApi, TOKEN } from "./support/api";

const run = promisify(execFile);
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
    await run("go", ["build", "-o", PROGRAM, "."], { cwd: source });
    api = await startApi();
  }, 300_000);
  afterAll(() => api.close());

  it("gets from every service what it expects", async () => {
    const env = { ...process.env, DIGITALOCEAN_API_URL: api.url, DIGITALOCEAN_TOKEN: TOKEN };
    const { stdout } = await run(PROGRAM, [], { env }).catch((error: unknown) => {
      // The program says on its output which service gave what instead of what.
      throw new Error((error as { stdout: string }).stdout);
    });
    expect(stdout).not.toContain("FAILED");
    expect(stdout.split("\n").filter((line) => line.startsWith("ok "))).toHaveLength(15);
  }, 120_000);
});

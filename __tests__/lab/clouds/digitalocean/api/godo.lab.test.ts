/** @independent */
import { attempt } from "../../../../../lab/tools/command";
import { ensureConformance } from "../../../../../lab/clouds/digitalocean/conformance";
import { type RunningApi, startApi, TOKEN } from "./support/api";

describe("DigitalOcean's Go client", () => {
  let program: string;
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi();
    program = await ensureConformance();
  }, 300_000);
  afterAll(() => api.close());

  it("gets from every service what it expects", async () => {
    const env = { DIGITALOCEAN_API_URL: api.url, DIGITALOCEAN_TOKEN: TOKEN };
    const { status, stdout, stderr } = await attempt([program], { env });
    // The program says on its output which service gave what instead of what.
    if (status !== 0) throw new Error(stdout + stderr);
    expect(stdout).not.toContain("FAILED");
    expect(stdout.split("\n").filter((line) => line.startsWith("ok "))).toHaveLength(13);
  }, 120_000);
});

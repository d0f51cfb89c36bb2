import { join } from "node:path";

import { run } from "../../../../../lab/tools/command";
import { KEYS, type RunningApi, startApi, TOKEN } from "./support/api";

describe("DigitalOcean's own TypeScript client", () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  it("understands the answers through the life of a small deployment", async () => {
    const story = join(__dirname, "support", "dots-story.ts");
    const answer = await run([process.execPath, "--import", "tsx", story, api.url, TOKEN, KEYS.ed25519]);
    expect(JSON.parse(answer)).toEqual({
      account: "active",
      regions: 16,
      sizes: 20,
      images: 17,
      addresses: [
        ["public", "198.18.1.10"],
        ["private", "10.7.0.2"],
      ],
      status: "active",
      action: "completed",
      renamed: "dots-2",
      listed: ["dots-2"],
      firewall: "succeeded",
      unknown: 404,
    });
  }, 120_000);
});

import { mkdtempSync, rmSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { LabHarness } from "../../proofs/harness";
import { useCleanup } from "../cleanup";

// Everything is fetched or built.
jest.setTimeout(1_800_000);

const atEnd = useCleanup();

describe("a machine on which no lab has been yet", () => {
  it("gets all that a deploy needs, and deploys", async () => {
    const cache = mkdtempSync(path.join(os.tmpdir(), "cdktf-etcd-cold-"));
    const before = process.env.TERRAFORM_LAB_CACHE;
    process.env.TERRAFORM_LAB_CACHE = cache;
    atEnd(() => {
      if (before === undefined) delete process.env.TERRAFORM_LAB_CACHE;
      else process.env.TERRAFORM_LAB_CACHE = before;
      rmSync(cache, { recursive: true, force: true });
    });
    const harness = new LabHarness();
    atEnd(() => harness.down());
    await harness.up();
    await harness.deploy();
    await (await harness.cluster()).mustBeHealthy();
  });
});

import * as path from "node:path";
import { cached } from "./cache";
import { buildGoTests } from "./go-build";
import { hashOfGoTests } from "./go-program";
import { hostArch } from "./platform";
import { silent, type Progress } from "./progress";

const PROJECT = path.join(__dirname, "..", "..");
const LAB = path.join(PROJECT, "lab");

/** What has tests in Go: its module's directory, and the package that they are of. */
const TESTED = {
  provider: { sources: path.join(LAB, "clouds", "digitalocean", "provider"), package: "./digitalocean" },
  wan: { sources: path.join(LAB, "wan", "switch"), package: "." },
  workload: { sources: path.join(PROJECT, "proofs", "workload"), package: "." },
} as const;

/** What {@link ensureGoTests} knows. */
export type GoTested = keyof typeof TESTED;

/** Everything that has tests in Go. */
export const GO_TESTED = Object.keys(TESTED) as readonly GoTested[];

/** Builds these tests, once for each state of the sources; returns the path of the program that they are. */
export async function ensureGoTests(tested: GoTested, progress: Progress = silent): Promise<string> {
  const { sources, package: packagePath } = TESTED[tested];
  const name = `${tested}-tests`;
  const dir = await cached(
    { name, version: `${await hashOfGoTests(sources)}-linux-${hostArch()}` },
    async (work) => {
      progress(`Building the tests of ${path.relative(PROJECT, sources)} (about a minute)`);
      await buildGoTests(sources, { package: packagePath, output: path.join(work, name) }, progress);
    },
    progress,
  );
  return path.join(dir, name);
}

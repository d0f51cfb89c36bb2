import { attempt } from "../../lab/tools/command";
import { ensureGoTests, type GoTested } from "../../lab/tools/go-tests";

/** Runs these tests to their end, and returns what they said; fails with that if one of them does. */
export async function passGoTests(tested: GoTested, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { status, stdout, stderr } = await attempt([await ensureGoTests(tested), "-test.v"], { env });
  if (status !== 0) throw new Error(stdout + stderr);
  return stdout;
}

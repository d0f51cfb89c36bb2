import { attempt } from "../../lab/tools/command";
import { ensureGoTests, type GoTests } from "../../lab/tools/go-tests";

/** Runs all of these tests, and returns what they printed; throws that if one of them fails. */
export async function passGoTests(tests: GoTests, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { status, stdout, stderr } = await attempt([await ensureGoTests(tests), "-test.v"], { env });
  if (status !== 0) throw new Error(stdout + stderr);
  return stdout;
}

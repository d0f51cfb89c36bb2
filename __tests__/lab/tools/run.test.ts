import { CommandError, run } from "../../../lab/tools/run";

test("resolves with what the command wrote, and gives it its input", async () => {
  expect(await run("sh", ["-c", "cat; echo warning >&2"], { input: "text" })).toEqual({
    stdout: "text",
    stderr: "warning\n",
  });
});

test("a failure carries the exit status and the end of what was said", async () => {
  const error = await run("sh", ["-c", "echo reason >&2; exit 3"]).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(CommandError);
  expect(error).toMatchObject({ exitCode: 3 });
  expect(String(error)).toContain("exit status 3\nreason");
});

test("a command that takes too long is killed", async () => {
  await expect(run("sleep", ["10"], { timeoutMs: 100 })).rejects.toThrow("ended by SIGKILL");
});

test("a command that is not there is an error too", async () => {
  await expect(run("no-such-command", [])).rejects.toThrow(/no-such-command.*ENOENT/);
});

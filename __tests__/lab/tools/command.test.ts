import { attempt, CommandError, run } from "../../../lab/tools/command";

test("is told how the command ended and what it wrote, and is given its input", async () => {
  expect(await attempt(["sh", "-c", "cat; echo warning >&2; exit 3"], { input: "text" })).toEqual({
    status: 3,
    timedOut: false,
    stdout: "text",
    stderr: "warning\n",
  });
});

test("a success is what the command wrote to its output", async () => {
  expect(await run(["sh", "-c", "echo answer; echo warning >&2"])).toBe("answer\n");
});

test("a failure carries the exit status and the end of what was said", async () => {
  const error = await run(["sh", "-c", "seq 20 >&2; echo reason >&2; exit 3"]).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(CommandError);
  expect(error).toMatchObject({ exitCode: 3 });
  expect(String(error)).toContain("exit status 3\n14\n");
  expect(String(error)).toContain("20\nreason");
});

test("a command that takes too long is killed, and the error says so", async () => {
  expect(await attempt(["sleep", "10"], { timeoutMs: 100 })).toMatchObject({ status: "SIGKILL", timedOut: true });
  const error = await run(["sleep", "10"], { timeoutMs: 100 }).catch((e: unknown) => e);
  expect(error).toMatchObject({ exitCode: undefined, message: "sleep 10: not done within 0.1 s, and killed" });
});

test("a command that somebody else killed is not said to have taken too long", async () => {
  const argv = ["sh", "-c", "kill -KILL $$"];
  expect(await attempt(argv, { timeoutMs: 10_000 })).toMatchObject({ status: "SIGKILL", timedOut: false });
  await expect(run(argv, { timeoutMs: 10_000 })).rejects.toThrow("ended by SIGKILL");
});

test.each([attempt, run])("a command that is not there is an error too (%p)", async (how) => {
  const error = await how(["no-such-command"]).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(CommandError);
  expect(String(error)).toMatch(/no-such-command.*ENOENT/);
});

test("variables are added to this process's own, or taken from them", async () => {
  const env = { ADDED: "one", HOME: undefined };
  expect(await run(["sh", "-c", 'echo "$ADDED ${HOME-none} ${PATH:+path}"'], { env })).toBe("one none path\n");
});

test("a command that ends without reading its input has not failed for that", async () => {
  expect(await run(["true"], { input: Buffer.alloc(1 << 20) })).toBe("");
});

test("a nice command gives way, and is spoken of by its own name", async () => {
  expect(Number(await run(["nice"], { nice: true }))).toBe(Math.min(19, Number(await run(["nice"])) + 10));
  await expect(run(["sh", "-c", "exit 1"], { nice: true })).rejects.toThrow(/^sh -c exit 1: exit status 1$/);
});

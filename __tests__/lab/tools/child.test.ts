import { spawn } from "node:child_process";
import { once } from "node:events";
import { endChild, hasEnded } from "../../../lab/tools/child";

test("a child is told to end, and waited for", async () => {
  const child = spawn("sh", ["-c", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done"]);
  await once(child.stdout, "data");
  expect(hasEnded(child)).toBe(false);
  expect(await endChild(child)).toBe(3);
  expect(hasEnded(child)).toBe(true);
});

test("a child that a signal ended has no exit status", async () => {
  expect(await endChild(spawn("sleep", ["60"]), "SIGKILL")).toBeNull();
});

test("a child that has ended by itself is not waited for", async () => {
  const child = spawn("sh", ["-c", "exit 4"]);
  await once(child, "exit");
  expect(await endChild(child)).toBe(4);
});

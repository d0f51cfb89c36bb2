import { spawn } from "node:child_process";
import { once } from "node:events";
import { processTree, signalTree } from "../../../lab/operations/process-tree";
import { isAlive, waitUntil } from "../../../lab/wan/process-record";

it("reaches what a process started in sessions of their own, and nothing else", async () => {
  const bystander = spawn("sleep", ["60"]);
  const root = spawn("sh", ["-c", "setsid sleep 60 & sleep 60 & wait"]);
  try {
    const tree = () => processTree(root.pid ?? 0);
    expect(await waitUntil(() => tree().length === 3, 5000)).toBe(true);
    const all = tree();
    const ended = once(root, "exit");
    signalTree(root.pid ?? 0, "SIGKILL");
    await ended;
    expect(await waitUntil(() => all.every((record) => !isAlive(record)), 5000)).toBe(true);
    expect(bystander.exitCode).toBeNull();
    expect(bystander.signalCode).toBeNull();
  } finally {
    bystander.kill("SIGKILL");
  }
});

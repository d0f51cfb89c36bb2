import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { processesNamed, processTree, signalNamed, signalTree } from "../../../lab/tools/process-tree";
import { isAlive } from "../../../lab/tools/process-record";
import { waitUntil } from "../../../lab/tools/wait";
import { useScratchDir } from "./scratch";

const scratch = useScratchDir();

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

describe("a signal to one program", () => {
  /** Terraform as far as this goes: a plugin beside it, and an end of its own making. */
  function makeTerraform(): string {
    const file = path.join(scratch(), "terraform");
    writeFileSync(file, "#!/bin/sh\ntrap 'echo interrupted; kill $!; exit 3' INT\nsleep 60 &\nwait\n", { mode: 0o755 });
    return file;
  }

  it("comes to it once, and not to who waits for it", async () => {
    const root = spawn("sh", ["-c", '"$0"; echo "ended with $?"', makeTerraform()]);
    try {
      const pid = root.pid ?? 0;
      const ready = () => processTree(pid).length === 3 && processesNamed(pid, "terraform").length === 1;
      expect(await waitUntil(ready, 5000)).toBe(true);
      expect(signalNamed(pid, "terraform", "SIGINT")).toBe(1);
      expect(await text(root.stdout)).toBe("interrupted\nended with 3\n");
    } finally {
      signalTree(root.pid ?? 0, "SIGKILL");
    }
  });

  it("comes to the first process too, and tells when there is none of that name", async () => {
    const root = spawn(makeTerraform());
    try {
      const pid = root.pid ?? 0;
      const ready = () => processTree(pid).length === 2 && processesNamed(pid, "terraform").length === 1;
      expect(await waitUntil(ready, 5000)).toBe(true);
      expect(signalNamed(pid, "terra", "SIGINT")).toBe(0);
      const ended = once(root, "exit");
      expect(signalNamed(pid, "terraform", "SIGINT")).toBe(1);
      expect(await ended).toEqual([3, null]);
    } finally {
      signalTree(root.pid ?? 0, "SIGKILL");
    }
  });
});

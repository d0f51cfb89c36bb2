import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readJson, writeAtomically } from "../tools/files";
import { isAlive, processesWith, recordOf, signal, type ProcessRecord } from "../tools/process-record";
import { waitUntil } from "../tools/wait";
import type { WanBinary } from "./build";
import { WanError } from "./protocol";

/** The switch's process of a state directory. */
export class SwitchProcess {
  private readonly recordFile: string;

  constructor(
    private readonly stateDir: string,
    /** Path of its control socket. */
    private readonly socket: string,
    /** Prefix for commands, to run them in the switch's network namespace. */
    private readonly prefix: readonly string[],
  ) {
    this.recordFile = join(stateDir, "wan-process.json");
  }

  /** Whether it runs, even if it does not answer. */
  isRunning(): boolean {
    return this.all().length > 0;
  }

  /** Starts it, and waits until it answers. */
  async start({ path, build }: WanBinary, answers: () => Promise<boolean>): Promise<void> {
    mkdirSync(this.stateDir, { recursive: true });
    const log = openSync(join(this.stateDir, "wan.log"), "a");
    try {
      const argv: readonly string[] = [...this.prefix, path, "-socket", this.socket, "-build", build];
      const [command = "", ...args] = argv;
      const child = spawn(command, args, { detached: true, stdio: ["ignore", log, log] });
      let failure: string | undefined;
      child.once("error", (error) => (failure = error.message));
      child.once("exit", (code, name) => (failure = `it ended at once (${code ?? name ?? "unknown"})`));
      child.unref();
      const record = child.pid === undefined ? undefined : recordOf(child.pid);
      if (record) {
        writeAtomically(this.recordFile, JSON.stringify(record));
      }
      const up = await waitUntil(async () => failure !== undefined || (await answers()), 10_000, 5);
      if (!up || failure !== undefined) {
        const why = failure ?? "no answer within 10 s";
        throw new WanError("not-running", `${path} did not start: ${why}; see ${this.stateDir}/wan.log`);
      }
    } finally {
      closeSync(log);
    }
  }

  /** Waits for its end and kills it after `graceMs`. */
  async end(graceMs = 0): Promise<void> {
    await waitUntil(() => !this.isRunning(), graceMs);
    for (const process of this.all()) {
      signal(process, "SIGKILL");
    }
    if (!(await waitUntil(() => !this.isRunning(), 5000))) {
      throw new WanError("system", "the switch cannot be killed");
    }
  }

  /** Removes its files, once it has ended. */
  forget(): void {
    for (const file of [this.recordFile, this.socket, `${this.socket}.lock`]) {
      rmSync(file, { force: true });
    }
  }

  /**
   * The process on record, and any other of this state directory: if the directory was removed, the switch has neither
   * record nor socket but still holds the devices.
   */
  private all(): ProcessRecord[] {
    const recorded = readJson(this.recordFile) as ProcessRecord | undefined;
    const found = processesWith((argv) => argv[1] === "-socket" && argv[2] === this.socket);
    return [...(isAlive(recorded) ? [recorded] : []), ...found];
  }
}

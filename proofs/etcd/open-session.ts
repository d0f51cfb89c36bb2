import { type ChildProcess, spawn } from "node:child_process";
import { endChild, hasEnded } from "terraform-lab";

/** An etcdctl that keeps something open: a watch, a lease that it keeps alive, a lock. */
export class OpenSession {
  /** All that it has printed. */
  public heard = "";
  private readonly child: ChildProcess;
  private endedAtMs?: number;

  /**
   * @param argv etcdctl and its arguments
   * @param env whom it asks, and as whom
   */
  public constructor(argv: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(argv[0], argv.slice(1), {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "ignore"],
    });
    child.stdout.on("data", (data: Buffer) => (this.heard += data.toString()));
    child.once("exit", () => (this.endedAtMs = Date.now()));
    this.child = child;
  }

  /** When it ended by itself, in milliseconds since the epoch; undefined while it goes on. */
  public get ended(): number | undefined {
    return this.endedAtMs;
  }

  public async end(): Promise<void> {
    if (!hasEnded(this.child)) await endChild(this.child);
  }
}

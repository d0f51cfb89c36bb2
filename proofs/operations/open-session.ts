import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { endChild, hasEnded } from "terraform-lab";

/** An etcdctl that keeps something open: a watch, a lease that it keeps alive, a lock. */
export class OpenSession {
  private readonly lines: string[] = [];
  private readonly child: ChildProcess;
  private endedAtMs?: number;

  /**
   * @param name for messages
   * @param argv etcdctl and its arguments
   * @param env whom it asks, and as whom
   */
  public constructor(
    public readonly name: string,
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    this.child = spawn(argv[0], argv.slice(1), { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream !== null) createInterface(stream).on("line", (line) => this.lines.push(line));
    }
    this.child.once("exit", () => (this.endedAtMs = Date.now()));
  }

  /** All that it has printed. */
  public get said(): string {
    return this.lines.join("\n");
  }

  /** When it ended by itself, in milliseconds since the epoch; undefined while it goes on. */
  public get ended(): number | undefined {
    return this.endedAtMs;
  }

  public async end(): Promise<void> {
    if (!hasEnded(this.child)) await endChild(this.child);
  }
}

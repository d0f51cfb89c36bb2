import type { ChildProcess } from "node:child_process";
import { endChild, hasEnded, type OutputFiles, type Sites } from "terraform-lab";

/** A program that runs at a site until it is told to stop. */
export class SiteProgram {
  private readonly child: ChildProcess;

  /** @param name of the program in errors, for example "the observer" */
  public constructor(
    sites: Sites,
    location: string,
    argv: readonly string[],
    private readonly name: string,
    private readonly files: OutputFiles,
  ) {
    this.child = sites.spawn(location, argv, files);
  }

  public signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Ends it. @throws Error if it has failed or ended by itself */
  public async stop(): Promise<void> {
    this.mustRun();
    if ((await endChild(this.child)) !== 0) throw new Error(`${this.name} failed; see ${this.files.stderr}`);
  }

  /** @throws Error if it has ended by itself */
  public mustRun(): void {
    if (hasEnded(this.child)) throw new Error(`${this.name} ended by itself; see ${this.files.stderr}`);
  }
}

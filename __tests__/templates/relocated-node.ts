import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { type Outcome, runCommand } from "../tools";
import { plain, templateNames } from "./render";

/** Where the node scripts look. */
const ON_NODE = /(?<![\w/])\/(?:etc\/etcd|usr\/local\/lib\/cdktf-etcd|var\/lib\/(?:cdktf-)?etcd|run\/(?:cdktf-)?etcd)/g;

/**
 * A directory that stands for a node's root: the node scripts as they are, but that they look here, and commands that play what
 * is around them.
 */
export class RelocatedNode {
  public constructor(private readonly directory: string) {
    const scripts = path.join(directory, "usr/local/lib/cdktf-etcd");
    for (const name of templateNames().filter((one) => one.endsWith(".sh"))) {
      const text = this.here(plain(name)).replace(/^PATH=.*$/m, `PATH=${this.path("bin")}:${process.env.PATH ?? ""}`);
      // Those that are sourced keep their suffix.
      for (const file of [path.basename(name), path.basename(name, ".sh")])
        this.executable(path.join(scripts, file), text);
    }
  }

  /** A text with the node's paths in it, as it is here. */
  public here(text: string): string {
    return (
      text
        .replace(ON_NODE, (found) => this.directory + found)
        // What is laid down, as opposed to what is staged.
        .replace(/\b(declared|setting_of|quota_of) ""/g, `$1 "${this.directory}"`)
    );
  }

  /** Where a file of the node is. */
  public path(file: string): string {
    return path.join(this.directory, file);
  }

  public write(file: string, text: string): void {
    mkdirSync(path.dirname(this.path(file)), { recursive: true });
    writeFileSync(this.path(file), text);
  }

  public read(file: string): string {
    return readFileSync(this.path(file), "utf8");
  }

  /** Has a shell script play that command. */
  public play(command: string, text: string): void {
    this.executable(this.path(`bin/${command}`), `#!/bin/sh\n${text}`);
  }

  /** Has one of the node scripts do that instead. */
  public replace(script: string, text: string): void {
    this.executable(this.path(`usr/local/lib/cdktf-etcd/${script}`), `#!/bin/sh\n${text}\n`);
  }

  /** Writes a file of variables, as the node scripts source it. */
  public variables(file: string, values: Readonly<Record<string, string | number>>): void {
    const lines = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`);
    this.write(file, this.here(lines.join("")));
  }

  public run(script: string, ...args: string[]): Outcome {
    return runCommand(this.path(`usr/local/lib/cdktf-etcd/${script}`), args);
  }

  private executable(file: string, text: string): void {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, 0o755);
  }
}

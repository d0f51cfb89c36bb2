import { createHash } from "node:crypto";
import * as path from "node:path";

/** The files of a lab. All are below one directory, so that `down` can remove them. */
export class LabPaths {
  /** The paths of the lab at $TERRAFORM_LAB, by default `.lab` in the working directory. */
  public static here(env: NodeJS.ProcessEnv = process.env): LabPaths {
    return new LabPaths(path.resolve(env.TERRAFORM_LAB ?? ".lab"));
  }

  public constructor(public readonly root: string) {}

  /** The control group of the lab's machines. Control groups are not namespaced, so each lab on a host has its own name. */
  public get controlGroup(): string {
    return `lab-${createHash("sha256").update(this.root).digest("hex").slice(0, 8)}`;
  }
  /** The lab's settings: port, token, tools; see LabConfig. */
  public get config(): string {
    return path.join(this.root, "lab.json");
  }
  public get daemonRecord(): string {
    return path.join(this.root, "daemon.json");
  }
  public get daemonLog(): string {
    return path.join(this.root, "daemon.log");
  }
  /** The API server's state. */
  public get apiState(): string {
    return path.join(this.root, "digitalocean.json");
  }
  public get machines(): string {
    return path.join(this.root, "machines");
  }
  public get wan(): string {
    return path.join(this.root, "wan");
  }
  /** Files that the project adds to the mirror, at the paths that the mirror serves. */
  public get files(): string {
    return path.join(this.root, "files");
  }
  /** Links to the Debian archives that the mirror serves, by suite; see mirror/archives.ts. */
  public get archives(): string {
    return path.join(this.root, "archives");
  }
  /** Record of the machines without a cloud; see BareMachines. */
  public get bareMachines(): string {
    return path.join(this.root, "bare.json");
  }
  /** Record of the sites; see Sites. */
  public get sites(): string {
    return path.join(this.root, "sites.json");
  }
  public get terraformrc(): string {
    return path.join(this.root, "terraformrc");
  }
  /** CDKTF's output directory for deploys into the lab. */
  public get synthesized(): string {
    return path.join(this.root, "cdktf.out");
  }
  /** Terraform's state of deploys into the lab; removed with the lab. */
  public get terraformState(): string {
    return path.join(this.root, "terraform");
  }
  /** Files that deploys write for clients of what they deploy: certificates, say. */
  public get access(): string {
    return path.join(this.root, "access");
  }
  /** Terraform's output in tests and benches, one file per run. */
  public get runs(): string {
    return path.join(this.root, "runs");
  }
}

import { createHash } from "node:crypto";
import * as path from "node:path";

/** Where a lab keeps what it knows. Everything lies below one directory, so that `down` can remove it. */
export class LabPaths {
  /** The lab of a working directory: `.lab` in it, or $TERRAFORM_LAB. */
  public static here(env: NodeJS.ProcessEnv = process.env): LabPaths {
    return new LabPaths(path.resolve(env.TERRAFORM_LAB ?? ".lab"));
  }

  public constructor(public readonly root: string) {}

  /** The control group of its machines. The host has them all in one place: other labs, in namespaces of their own, have theirs there too. */
  public get controlGroup(): string {
    return `lab-${createHash("sha256").update(this.root).digest("hex").slice(0, 8)}`;
  }
  /** What `up` settled: port, token, tools; see LabConfig. */
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
  /** Files of the lab's owner, laid out as the mirror serves them. */
  public get files(): string {
    return path.join(this.root, "files");
  }
  /** Which sites there are; see Sites. */
  public get sites(): string {
    return path.join(this.root, "sites.json");
  }
  public get terraformrc(): string {
    return path.join(this.root, "terraformrc");
  }
  /** What CDKTF synthesizes when it deploys into the lab. */
  public get synthesized(): string {
    return path.join(this.root, "cdktf.out");
  }
  /** Terraform state of what is deployed into the lab: it goes with the lab. */
  public get terraformState(): string {
    return path.join(this.root, "terraform");
  }
  /** Files that what is deployed into the lab writes for those who use it: certificates, say. */
  public get access(): string {
    return path.join(this.root, "access");
  }
  /** What Terraform printed, run by run, where tests and benches run it. */
  public get runs(): string {
    return path.join(this.root, "runs");
  }
}

import { Lazy, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { Templates } from "../terraform/templates";
import { asItIs } from "../terraform/writers";
import { DeclaredAccess } from "./declared-access";

/** What a machine does to make users, roles and permissions what is declared, and to end its sessions after that. */
export class AuthorizeTask {
  private readonly lines: string;
  private readonly templates: Templates;

  public constructor(
    scope: Construct,
    private readonly declared: DeclaredAccess,
  ) {
    this.templates = Templates.of(scope);
    // A local, because a lazy value can't be among a function's arguments.
    this.lines = new TerraformLocal(
      scope,
      "declared-access",
      Lazy.stringValue({ produce: () => declared.lines().join("\n") }),
    ).asString;
  }

  /** Changes if and only if who may do what does; known once the app is synthesized. */
  public get digest(): string {
    return Lazy.stringValue({ produce: () => this.declared.digest() });
  }

  /** @param cut whether sessions with this machine's member end afterwards, if something was taken away */
  public script(cut: boolean): string {
    return this.templates.render("authorization/task.sh.tftpl", { declared: asItIs(this.lines), cut });
  }
}

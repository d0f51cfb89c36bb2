import { ITerraformDependable, TerraformStack, Token } from "cdktf";
import { SshStep } from "./node/ssh-step";
import { LateExpression } from "./terraform/late-expression";

/**
 * The last step of a deploy, as others may depend on it: in its own stack by its address; in another one by the state that
 * it is in, since addresses end at a stack. CDKTF then deploys the cluster's stack first.
 */
export function readyAfter(last: SshStep): ITerraformDependable {
  const own = TerraformStack.of(last);
  // One reference: it remembers its name in other stacks.
  const { id } = last;
  const fqn = new LateExpression((context) => {
    if (TerraformStack.of(context.scope) === own) return `${last.terraformResourceType}.${last.friendlyUniqueId}`;
    // data.terraform_remote_state.<name>.outputs.<name>, of which a dependency may name the first part alone.
    context.suppressBraces = true;
    return String(context.resolve(id)).split(".").slice(0, 3).join(".");
  });
  // CDKTF resolves it without braces where it stands among dependencies.
  return { fqn: Token.asString(fqn) };
}

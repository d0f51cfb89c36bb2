import { commands, libraries, NodePart } from "../node/node-part";
import { Templates } from "../terraform/templates";

/** What edits etcd's users and roles on a machine. Whom they are for is told by a step of its own. */
export function authorizationPart(templates: Templates): NodePart {
  return {
    files: {
      ...commands(templates, "authorization/authorize.sh"),
      ...libraries(templates, "authorization/auth-calls.sh"),
    },
  };
}

import { commands, libraries, NodePart } from "../node/node-part";
import { Templates } from "../terraform/templates";

/** What edits etcd's users and roles, and ends sessions, on a machine. Who may do what is told by a step of its own. */
export function authorizationPart(templates: Templates): NodePart {
  return {
    files: {
      ...commands(
        templates,
        "authorization/authorize.sh",
        "authorization/cut-sessions.sh",
        "authorization/tell-authorization.sh",
      ),
      ...libraries(
        templates,
        "authorization/auth-calls.sh",
        "authorization/auth-edits.sh",
        "authorization/sessions.sh",
      ),
    },
  };
}

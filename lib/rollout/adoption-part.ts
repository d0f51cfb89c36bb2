import { commands, NodePart } from "../node/node-part";
import { Templates } from "../terraform/templates";

/** What the takeover of a cluster needs on every node. */
export function adoptionPart(templates: Templates): NodePart {
  return { files: commands(templates, "adoption/check-adoption.sh") };
}

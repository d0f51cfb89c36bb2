import { commands, NodePart } from "./node-part";
import { Templates } from "./templates";

/** What the takeover of a cluster needs on every node. */
export function adoptionPart(templates: Templates): NodePart {
  return { files: commands(templates, "adoption/check-adoption.sh") };
}

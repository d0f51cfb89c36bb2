import { commands, NodePart } from "../node/node-part";
import { Templates } from "../terraform/templates";

/** What founding the cluster anew from one member's data needs on every node. */
export function recoveryPart(templates: Templates): NodePart {
  return { files: commands(templates, "recovery/recover.sh") };
}

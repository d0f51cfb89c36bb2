import { TerraformResource } from "cdktf";
import type { EtcdCluster } from "../../lib";

/**
 * Has the steps of a cluster, which is synthesized without machines, run here: they do nothing.
 *
 * @param failing whose steps fail: the name of a member; nobody's unless told
 */
export function haveStepsRunHere(cluster: EtcdCluster, failing?: string): void {
  const resources = cluster.node.findAll().filter((one) => one instanceof TerraformResource);
  for (const step of resources.filter(({ provisioners = [] }) => provisioners.length > 0)) {
    step.provisioners = [{ type: "local-exec", command: step.node.path.includes(`${failing}/`) ? "false" : "true" }];
  }
}

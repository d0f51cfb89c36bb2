import { TerraformResource } from "cdktf";
import { IEtcdHost } from "../etcd-host";

/** Has Terraform make the hosts' `madeWhenReady` only after the last step of a deploy. */
export function makeWhenReady(hosts: readonly IEtcdHost[], last: TerraformResource): void {
  for (const resource of new Set(hosts.flatMap((host) => host.madeWhenReady ?? []))) {
    // CDKTF makes bare addresses of what is given to a constructor; this is one already.
    resource.dependsOn = [...(resource.dependsOn ?? []), `${last.terraformResourceType}.${last.friendlyUniqueId}`];
  }
}

import { TerraformResource } from "cdktf";
import { IEtcdHost } from "../etcd-host";

/** Makes the hosts' `madeWhenReady` resources depend on the last step of a deploy. */
export function makeWhenReady(hosts: readonly IEtcdHost[], last: TerraformResource): void {
  for (const resource of new Set(hosts.flatMap((host) => host.madeWhenReady ?? []))) {
    // Constructors take resources here; the property takes Terraform's addresses of them.
    resource.dependsOn = [...(resource.dependsOn ?? []), `${last.terraformResourceType}.${last.friendlyUniqueId}`];
  }
}

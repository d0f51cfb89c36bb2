import { flag, instance, list, ShapeOf } from "../validation";
import { EtcdRole } from "./etcd-role";
import { EtcdPermissionProps, PERMISSION_READERS } from "./permission-props";

/** What a client may do, in a cluster with authorization. */
export interface EtcdClientPermissionProps extends EtcdPermissionProps {
  /**
   * Roles that it shares with other clients.
   * @default - none
   */
  readonly roles?: EtcdRole[];
  /**
   * Whether it may read and write every key. It may not do what is an administrator's: compact, defragment, take snapshots,
   * move the leader, edit users and roles.
   * @default false
   */
  readonly everything?: boolean;
  /**
   * Whether it may do all that etcd can, the editing of users and roles included: etcd's role `root`. kube-apiserver needs it to
   * compact, unless it runs with `--etcd-compaction-interval=0`.
   * @default false
   */
  readonly administrator?: boolean;
}

/** The readers of {@link EtcdClientPermissionProps}, for interfaces that extend it. */
export const CLIENT_PERMISSION_READERS: ShapeOf<EtcdClientPermissionProps> = {
  ...PERMISSION_READERS,
  roles: list(instance(EtcdRole, 'cluster.addRole("readers", { read: ["/app/"] })')),
  everything: flag,
  administrator: flag,
};

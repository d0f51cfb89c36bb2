/** Permissions under a name, which several clients may share. Made by {@link EtcdCluster.addRole}. */
export class EtcdRole {
  /** @internal */
  public static _of(roleName: string, owner: object): EtcdRole {
    return new EtcdRole(roleName, owner);
  }

  private constructor(
    /** The role's name in the app; in etcd it is `cdktf-etcd/role/<name>`. */
    public readonly roleName: string,
    private readonly owner: object,
  ) {}

  /**
   * Whether it is a role of this cluster.
   *
   * @internal
   */
  public _isOf(cluster: object): boolean {
    return this.owner === cluster;
  }
}

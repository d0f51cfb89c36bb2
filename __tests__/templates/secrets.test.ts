import { describeAsRoot, NODE_SCRIPTS, freshNodes, NodeRoot } from "./node-root";

jest.setTimeout(60_000);

/** Notes what it is told in its arguments, which anybody may read, and in its environment, which is its user's alone. */
const RCLONE = `
printf '%s\\n' "$@" >>/run/arguments
if [ "$1" = obscure ]; then
  printf 'obscured: '
  cat
else
  printf '%s\\n' "$RCLONE_CONFIG_BACKUP_PASSWORD" >/run/password
fi`;

describeAsRoot("the backup storage's secrets", () => {
  const freshNode = freshNodes();
  let node: NodeRoot;

  beforeEach(() => {
    node = freshNode();
    node.scripts("backups.sh");
    node.put("/etc/etcd/upkeep.env", "CLUSTER=etcd\n");
    node.put("/etc/etcd/backup.env", "STORED=yes\n");
    node.put("/etc/etcd/rclone.conf", "");
    node.put("/etc/etcd/backup.passphrase", "the one on the disk");
    node.stub("rclone", RCLONE);
  });

  /** Uploads something, as the scripts do; says what rclone was told. */
  function upload(env: Readonly<Record<string, string>>): { readonly password: string; readonly args: string[] } {
    const { status, output } = node.run(`. ${NODE_SCRIPTS}/backups.sh; storage copyto /file backup:file`, env);
    expect([status, output]).toEqual([0, ""]);
    return { password: node.read("/run/password").trim(), args: node.read("/run/arguments").trim().split("\n") };
  }

  it("are those on the disk for root's own shell, and in nobody's arguments", () => {
    const { password, args } = upload({});
    expect(password).toBe("obscured: the one on the disk");
    expect(args).toEqual(expect.arrayContaining(["obscure", "-", "--config", "/etc/etcd/rclone.conf", "backup:file"]));
    expect(args.join("\n")).not.toContain("the one");
  });

  it("are those that systemd has handed to the unit", () => {
    const directory = "/run/credentials/etcd-backup.service";
    node.put(`${directory}/rclone.conf`, "");
    node.put(`${directory}/backup.passphrase`, "the one of the unit");
    const { password, args } = upload({ CREDENTIALS_DIRECTORY: directory });
    expect(password).toBe("obscured: the one of the unit");
    expect(args).toContain(`${directory}/rclone.conf`);
  });

  it("are those on the disk where what was handed over is somebody else's", () => {
    node.put("/run/credentials/ssh.service/other", "");
    expect(upload({ CREDENTIALS_DIRECTORY: "/run/credentials/ssh.service" }).args).toContain("/etc/etcd/rclone.conf");
  });
});

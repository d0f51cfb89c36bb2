import { TerraformVariable } from "cdktf";
import { ClusterOrigin, EtcdClusterProps } from "../../lib";
import { BACKUP, cluster, resources, Synthesized, synth } from "../synth";

/** A part of the bundle of a member's node, in Terraform expressions. */
function part(synthesized: Synthesized, name: "files" | "secrets" | "stage"): unknown {
  const prefix = `etcd_etcd-lon1_bundle_${name}_`;
  return Object.entries(synthesized.locals).find(([local]) => local.startsWith(prefix))?.[1];
}

function bundle(
  synthesized: Synthesized,
  name: "files" | "secrets",
): Record<string, { content: string; mode: string }> {
  return part(synthesized, name) as Record<string, { content: string; mode: string }>;
}

describe("backups", () => {
  it("have their script on every node, and a timer that runs only where they are asked for", () => {
    const timers = (props: object): string =>
      bundle(
        synth((s) => cluster(s, undefined, props)),
        "files",
      )["/etc/etcd/timers"].content;
    expect(timers({})).toMatch(/"etcd-backup\.timer" = false/);
    expect(timers({ backup: {} })).toMatch(/"etcd-backup\.timer" = true/);
    expect(
      bundle(
        synth((s) => cluster(s)),
        "files",
      )["/usr/local/lib/cdktf-etcd/backup"].mode,
    ).toBe("0755");
  });

  it.each([
    [undefined, "[0, 6, 12, 18]", 43_800],
    [8, "[0, 8, 16]", 58_200],
    [24, "[0]", 173_400],
  ])(
    "every %p hours fall on the same hours of the day, and are overdue after two of them",
    (hours, calendar, overdue) => {
      const files = bundle(
        synth((s) => cluster(s, undefined, { backup: { intervalHours: hours } })),
        "files",
      );
      expect(files["/etc/systemd/system/etcd-backup.timer"].content).toContain(`"hours" = ${calendar}`);
      expect(files["/etc/etcd/backup.env"].content).toContain(`"overdue_seconds" = ${overdue}`);
    },
  );

  it("install rclone only where there is a storage", () => {
    const stage = (backup: object): unknown =>
      part(
        synth((s) => cluster(s, undefined, { backup })),
        "stage",
      );
    expect(stage({})).toContain('"packages" = []');
    expect(stage(BACKUP)).toContain('"packages" = ["rclone"]');
  });

  it("take the storage's secrets from variables, into files of root alone and no trigger but a sensitive hash", () => {
    const synthesized = synth((s) => {
      const secret = (name: string): string => new TerraformVariable(s, name, { sensitive: true }).stringValue;
      const storage = { ...BACKUP.storage, secretAccessKey: secret("key"), passphrase: secret("passphrase") };
      cluster(s, undefined, { backup: { storage: storage as Required<typeof BACKUP>["storage"] } });
    });
    const secrets = bundle(synthesized, "secrets");
    expect([secrets["/etc/etcd/rclone.conf"], secrets["/etc/etcd/backup.passphrase"]]).toMatchObject([
      { mode: "0600", owner: "root:root", content: expect.stringContaining("var.key") as unknown },
      { mode: "0400", owner: "root:root", content: expect.stringContaining("var.passphrase") as unknown },
    ]);
    expect(JSON.stringify(bundle(synthesized, "files"))).not.toMatch(/var\.(key|passphrase)/);
    const { triggers_replace: triggers } = resources(synthesized, "terraform_data")["etcd/etcd-lon1/install"];
    expect(triggers).toMatchObject({
      secrets: expect.stringMatching(/^\$\{sensitive\(sha256\(jsonencode\(/) as unknown,
    });
  });

  it("leave nothing of a storage behind that is not given any more", () => {
    const secrets = bundle(
      synth((s) => cluster(s)),
      "secrets",
    );
    expect(secrets["/etc/etcd/rclone.conf"].content).toContain("backups go to no storage");
    expect(secrets["/etc/etcd/backup.passphrase"].content).toBe('${nonsensitive(sensitive(""))}');
  });
});

describe("a restore", () => {
  const declared = (props: Partial<EtcdClusterProps>): string =>
    bundle(
      synth((s) => cluster(s, undefined, props)),
      "files",
    )["/etc/etcd/declared.env"].content;

  it("tells the nodes the snapshot's name, or that there is none", () => {
    expect(declared({})).toContain(`"restore" = "''"`);
    expect(declared({ origin: ClusterOrigin.fromBackup({ snapshot: "etcd-20261122T180000Z-4711.db" }) })).toContain(
      `"restore" = "'etcd-20261122T180000Z-4711.db'"`,
    );
  });

  it("is noted in the genesis record, without which the plan refuses it", () => {
    const genesis = (props: Partial<EtcdClusterProps>): unknown =>
      resources(
        synth((s) => cluster(s, undefined, props)),
        "terraform_data",
      )["etcd/genesis"];
    const founder = { machine_id: expect.any(String) as unknown, peer_url: expect.any(String) as unknown };
    expect(genesis({})).toMatchObject({ input: { "etcd-lon1": founder }, lifecycle: { ignore_changes: ["input"] } });
    expect(JSON.stringify(genesis({}))).not.toContain("postcondition");
    const snapshot = "etcd-20261122T180000Z-4711.db";
    expect(genesis({ origin: ClusterOrigin.fromBackup({ snapshot }) })).toMatchObject({
      input: { "etcd-lon1": { ...founder, snapshot } },
      lifecycle: {
        postcondition: [
          {
            condition: '${alltrue([for founder in values(self.output) : try(founder.snapshot, "") != ""])}',
            error_message: expect.stringContaining(`would not be now from ${snapshot}`) as unknown,
          },
        ],
      },
    });
  });
});

import * as path from "node:path";
import { environmentValue, rcloneValue } from "../../lib/terraform/writers";
import { BACKUP, cluster, resources, synth } from "../synth";
import { scratchDirectory } from "../templates/render";
import { runCommand } from "../tools";
import { workOut } from "./work-out";

jest.setTimeout(120_000);

/** With what each language on the way to a machine takes for syntax. */
const NASTY = ` "q" 'a' \`id\` $(touch x) \${x} %{y} \\n \\\\ {"j": 1} #;= é😀\t`;
const KEY = `x${NASTY}`;
const MIRROR = `https://user:p%40$(id)'"\`\${x}%{y}@mirror.example/$(touch%20x)'"\\z`;

interface Bundle {
  readonly files: Readonly<Record<string, { readonly content: string }>>;
  readonly secrets: Readonly<Record<string, { readonly content: string }>>;
  readonly stage: string;
}

describe("what is typed", () => {
  const storage = { ...(BACKUP.storage as object), accessKeyId: KEY, secretAccessKey: NASTY, passphrase: NASTY };
  const props = {
    backup: { storage },
    settings: { extra: { ETCD_DISTRIBUTED_TRACING_INSTANCE_ID: NASTY.replace("\t", "") } },
    download: { mirror: MIRROR },
    accessDirectory: `/keys/\${x} %{y} "q" $(id)`,
  } as object;
  const printed = (["log", "warn", "error"] as const).map((method) => jest.spyOn(console, method).mockReturnValue());
  const { files, secrets, stage } = workOut(
    path.join(scratchDirectory(), "stack"),
    (stack) => cluster(stack, undefined, props),
    (locals) => {
      const of = (what: string): string =>
        `local.${locals.find((local) => local.includes(`_etcd-lon1_bundle_${what}_`)) ?? ""}`;
      return `{ files = ${of("files")}, secrets = ${of("secrets")}, stage = ${of("stage")} }`;
    },
  ) as Bundle;
  const said = printed.flatMap(({ mock }) => mock.calls.map((call) => call.join(" "))).join("\n");

  it("is the passphrase's file to the byte", () => {
    expect(secrets["/etc/etcd/backup.passphrase"].content).toBe(NASTY);
  });

  it("is in the storage's configuration as rclone reads it", () => {
    const lines = secrets["/etc/etcd/rclone.conf"].content.split("\n");
    expect(lines).toContain(`access_key_id = ${rcloneValue(KEY)}`);
    expect(lines).toContain(`secret_access_key = ${rcloneValue(NASTY)}`);
    expect(lines).toContain("remote = store:backups/etcd");
  });

  it("is among etcd's variables as systemd reads them, in one line", () => {
    const lines = files["/etc/etcd/etcd.env"].content.split("\n");
    expect(lines).toContain(`ETCD_DISTRIBUTED_TRACING_INSTANCE_ID=${environmentValue(NASTY.replace("\t", ""))}`);
  });

  it("is the mirror's URL for the machine's shell, and runs nothing there", () => {
    const [, said] = /^(printf '%s\\n' '.*) \| "\$stage\/\S+get-etcd" "\$version" '[0-9a-f]+' \|\|/m.exec(stage) ?? [];
    const { stdout } = runCommand("sh", ["-eu"], { input: said });
    expect(stdout).toBe(`${MIRROR}/v3.6.14/etcd-v3.6.14-linux-amd64.tar.gz\n`);
  });

  it("is the directory of the clients' files, without a template in it", () => {
    const synthesized = synth((stack) => {
      cluster(stack, undefined, props).addClient("operator");
    });
    expect(resources(synthesized, "local_sensitive_file")["etcd/client-operator/access/client.key"].filename).toBe(
      `/keys/$\${x} %%{y} "q" $(id)/operator/client.key`,
    );
  });

  it("is printed nowhere on the way", () => {
    expect(said).not.toContain("(touch x)");
  });
});

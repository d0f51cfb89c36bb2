import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { App, TerraformStack } from "cdktf";
import { shellWord } from "../../lib/terraform/writers";
import { cluster } from "../synth";
import { render, scratchDirectory } from "../templates/render";
import { runCommand } from "../tools";
import { cli } from "./run-cli";

jest.setTimeout(60_000);

const scratch = scratchDirectory();
let count = 0;
const fresh = (name: string): string => path.join(scratch, `${count++}`, name);

/** As Terraform renders them where deploys write none. */
const { env } = render({
  env: {
    template: "access/client.env.tftpl",
    variables: {
      client: "billing",
      env_file: shellWord("@DIRECTORY@/etcd.env"),
      ca: shellWord("@DIRECTORY@/ca.crt"),
      certificate: shellWord("@DIRECTORY@/client.crt"),
      key: shellWord("@DIRECTORY@/client.key"),
      own_key: false,
      own_certificate: false,
      order: "the preferred leader first",
      endpoints: shellWord("https://192.0.2.1:2379"),
      dial_timeout_ms: 1,
      keepalive_time_ms: 2,
      keepalive_timeout_ms: 3,
      command_timeout_ms: 4,
      attempt_timeout_ms: 5,
      total_timeout_ms: 6,
    },
  },
});
const FILES = { "ca.crt": "CA\n", "client.crt": "CERT\n", "client.key": "KEY\n", "etcd.env": env };

function outputsFile(content: unknown): string {
  const file = fresh("outputs.json");
  mkdirSync(path.dirname(file));
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const mode = (file: string): number => statSync(file).mode & 0o777;

describe("cdktf-etcd access", () => {
  it.each([
    ["that output alone", FILES],
    ["all outputs of Terraform's", { etcd_client_billing_files: { sensitive: true, value: FILES } }],
    ["cdktf's", { stack: { etcd_client_billing_files: FILES } }],
  ])("writes a client's files for their owner alone, from %s", (_name, outputs) => {
    const out = fresh("jo's files");
    const { status, stdout, stderr } = cli(
      ...["access", "--client", "billing", "--cluster", "etcd", "--outputs", outputsFile(outputs), "--out", out],
    );
    expect([status, stderr]).toEqual([0, ""]);
    const folder = path.join(out, "billing");
    expect(stdout.trim().split("\n")).toEqual(Object.keys(FILES).map((name) => path.join(folder, name)));
    expect([mode(out), mode(folder)]).toEqual([0o700, 0o700]);
    expect(readdirSync(folder).map((name) => [name, mode(path.join(folder, name))])).toEqual(
      Object.keys(FILES)
        .sort()
        .map((name) => [name, 0o600]),
    );
    // What the shell finds by sourcing them, whatever the folder is called.
    const sourced = runCommand("sh", ["-euc", '. "$1/etcd.env"; cat "$ETCDCTL_KEY" "$ETCDCTL_CACERT"', "sh", folder]);
    expect([sourced.status, sourced.output]).toEqual([0, "KEY\nCA"]);
  });

  it("replaces files that are there, closes what others could read, and leaves none half-written", () => {
    const out = fresh("access");
    const folder = path.join(out, "billing");
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "client.key"), "old");
    chmodSync(path.join(folder, "client.key"), 0o644);
    chmodSync(folder, 0o755);
    const write = (files: object) =>
      cli(
        "access",
        "--client",
        "billing",
        "--cluster",
        "etcd",
        "--outputs",
        outputsFile(files),
        "--out",
        out,
        "--json",
      );
    expect(JSON.parse(write(FILES).stdout)).toEqual({
      client: "billing",
      files: Object.keys(FILES).map((name) => path.join(folder, name)),
    });
    expect([mode(folder), mode(path.join(folder, "client.key"))]).toEqual([0o700, 0o600]);
    // The second one can't be written, so that the first one stays what it was.
    mkdirSync(path.join(folder, `client.crt.${process.pid}.tmp`, "x"), { recursive: true });
    expect(write({ "client.key": "NEW\n", "client.crt": "NEW\n" }).status).toBe(2);
    expect(readFileSync(path.join(folder, "client.key"), "utf8")).toBe("KEY\n");
    expect(readdirSync(folder).filter((name) => name.startsWith("client.key"))).toEqual(["client.key"]);
  });

  it.each([
    ["etcd", undefined],
    ["main_store", "main-store"],
  ])("asks Terraform for that one output of the stack, whose outputs begin with %s", (prefix, outputPrefix) => {
    const outdir = fresh("cdktf.out");
    mkdirSync(path.dirname(outdir));
    const app = new App({ outdir, skipValidation: true });
    const stack = new TerraformStack(app, "store");
    cluster(stack, undefined, { clientFiles: false, outputPrefix }).addClient("billing");
    app.synth();
    const terraform = path.join(path.dirname(app.outdir), "terraform");
    writeFileSync(
      terraform,
      `#!/bin/sh\necho "$@" >&2\n[ "$4" = ${prefix}_client_billing_files ] || exit 1\ncat <<'END'\n${JSON.stringify(FILES)}\nEND\n`,
    );
    chmodSync(terraform, 0o755);
    const before = process.env.TERRAFORM_BINARY_NAME;
    process.env.TERRAFORM_BINARY_NAME = terraform;
    try {
      const at = path.join(app.outdir, "stacks", "store");
      const out = fresh("access");
      expect(cli("access", "--client", "billing", "--stack", at, "--out", out)).toMatchObject({
        status: 0,
        stderr: "",
      });
      expect(existsSync(path.join(out, "billing", "client.key"))).toBe(true);
      expect(cli("access", "--client", "audit", "--stack", at, "--out", out).stderr).toMatch(
        new RegExp(
          `^--client: given no output ${prefix}_client_audit_files from .*, expected the files of audit, deployed with clientFiles: false; deploy first`,
        ),
      );
    } finally {
      if (before === undefined) delete process.env.TERRAFORM_BINARY_NAME;
      else process.env.TERRAFORM_BINARY_NAME = before;
    }
  });

  it.each([
    [["--out", "x"], /^--client: given nothing, and --out, expected the name of a client/],
    [["--outputs", "x"], /^--client: given nothing, and --outputs/],
    [["billing"], /^--client: given billing, expected the name of a client.*--client operator/],
    [["--client", "../x"], /^--client: given "\.\.\/x"/],
    [["--client", "billing", "--outputs", "x"], /^--outputs: given without --cluster/],
    [["--client", "billing", "--cluster", "etcd", "--outputs", "/nowhere"], /^--outputs: .*ENOENT/],
    [
      ["--client", "billing", "--cluster", "etcd", "--outputs", outputsFile({ ...FILES, "../x": "" })],
      /with etcd_client_billing_files in them; .*terraform output -json etcd_client_billing_files/,
    ],
    [
      ["--client", "billing", "--cluster", "etcd", "--outputs", outputsFile(FILES), "--out", "a\nb"],
      /^--out: given "a\\nb", expected a folder, without control characters/,
    ],
  ])("refuses %j", (args, message) => {
    const { status, stdout, stderr } = cli("access", ...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });

  it("has help, which asks for no more than is needed", () => {
    expect(cli("access", "--help").stdout).toContain("terraform output -json <cluster>_client_<client>_files |");
  });
});

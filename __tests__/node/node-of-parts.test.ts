import * as path from "node:path";
import { Fn, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { NodeBundle } from "../../lib/node/node-bundle";
import { NodePart, secret, text } from "../../lib/node/node-part";
import { sshAccessPart } from "../../lib/node/ssh-access-part";
import { Templates } from "../../lib/terraform/templates";
import { describeAsRoot, freshNodes } from "../templates/node-root";
import { scratchDirectory } from "../templates/render";
import { HOST_PUBLIC_KEY } from "../templates/samples";
import { workOut } from "./work-out";

const SHA256 = "ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5";

/** What a shell might take for something else. */
const HUSH = "it's 'hush' \\ \\n %s $(id) `id` ÁÉ🦉\u0081, and no line break";

/** A feature that no member has: one file, one secret, a timer, and something to do at each point of staging. */
const PROXY: NodePart = {
  files: { "/etc/proxy.conf": text("listen 23790\n") },
  secrets: { "/etc/proxy.token": secret("etcd:etcd", HUSH) },
  timers: { "proxy.timer": true },
  packages: ["openssl"],
  staging: {
    check: Fn.rawString('[ -s "$stage/etc/proxy.conf" ] || fail "there is nothing to listen on"\n'),
    prepare: "say prepared\n",
    end: "say 'it is all there'\n",
  },
};

interface Staging {
  readonly script: string;
  readonly digest: string;
}

/** The script that stages a node of two parts, by Terraform, and what Terraform makes of the files' digest. */
function stageScript(outdir: string, proxy: NodePart): Staging {
  const build = (stack: TerraformStack): void => {
    const connection = { host: "192.0.2.9", user: "root", privateKey: "no key", hostKeys: [HOST_PUBLIC_KEY] };
    new NodeBundle(new Construct(new Construct(stack, "proxy-1"), "bundle"), {
      name: "proxy-1",
      parts: [sshAccessPart(Templates.of(stack), { ...connection, configureSshd: false }), proxy],
      download: { version: "3.6.14", url: "https://mirror.example/etcd.tar.gz", sha256: SHA256 },
      bootTimeoutSeconds: 300,
      validFrom: "2026-11-22T15:00:00Z",
    });
  };
  return workOut(outdir, build, (locals) => {
    const of = (what: string): string => `local.${locals.find((one) => one.includes(`_bundle_${what}_`)) ?? ""}`;
    return `{ script = ${of("stage")}, digest = sha256(jsonencode(${of("files")})) }`;
  }) as Staging;
}

/** What a script stages: path -> its mode, its owner and its content. */
function staged(script: string): Record<string, readonly [mode: string, owner: string, content: string]> {
  const files = [...script.matchAll(/^printf %s '((?:[^']|'\\'')*)' >"\$stage"(\S+)$/gm)];
  const setBy = (command: string, file: string): string => {
    const lines = [...script.matchAll(new RegExp(`^${command} (\\S+)((?: "\\$stage"\\S+)+)$`, "gm"))];
    const [line] = lines.filter(([, , paths]) => paths.split(' "$stage"').includes(file));
    return line[1];
  };
  return Object.fromEntries(
    files.map(([, content, file]) => [
      file,
      [setBy("chmod", file), setBy("chown", file), content.replace(/'\\''/g, "'")] as const,
    ]),
  );
}

describe("a node that is no member", () => {
  const scratch = scratchDirectory();
  const { script, digest } = stageScript(path.join(scratch, "node"), PROXY);

  it("has what its parts put there, what its script calls, and nothing else", () => {
    expect(Object.keys(staged(script)).sort()).toEqual([
      "/etc/etcd/files",
      "/etc/etcd/node.env",
      "/etc/etcd/ssh/access.env",
      "/etc/etcd/ssh/authorized_keys",
      "/etc/etcd/ssh/sshd.conf",
      "/etc/etcd/timers",
      "/etc/proxy.conf",
      "/etc/proxy.token",
      "/usr/local/lib/cdktf-etcd/authorize-keys",
      "/usr/local/lib/cdktf-etcd/configure-sshd",
      "/usr/local/lib/cdktf-etcd/get-etcd",
      "/usr/local/lib/cdktf-etcd/get-packages",
      "/usr/local/sbin/cdktf-etcd-uninstall",
    ]);
    expect(
      staged(script)
        ["/etc/etcd/files"][2].split("\n")
        .filter((line) => line !== ""),
    ).toEqual(Object.keys(staged(script)).sort());
    expect(staged(script)).toMatchObject({
      "/etc/etcd/node.env": ["0644", "root:root", expect.stringMatching(/^NODE='proxy-1'$/m)],
      "/etc/etcd/timers": ["0644", "root:root", expect.stringMatching(/^enable proxy\.timer$/m)],
      "/etc/proxy.conf": ["0644", "root:root", "listen 23790\n"],
      "/etc/proxy.token": ["0400", "etcd:etcd", HUSH],
    });
  });

  it("does nothing that only a member does", () => {
    expect(script).not.toMatch(/check-change|migrate|\bborn\b|pki|admin|activate|etcd-streams|peer/);
  });

  it("does what its parts do, each at its point", () => {
    const points = [
      `get-etcd" "$version"`,
      "nothing to listen on",
      "authorize-keys; do",
      "say prepared",
      "/etc/etcd/staged",
    ];
    const places = [...points, "it is all there", "is staged"].map((point) => script.lastIndexOf(point));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it("has a digest of its files that no secret goes into", () => {
    const file = (name: string, part: NodePart): string => stageScript(path.join(scratch, name), part).digest;
    expect(file("secret", { ...PROXY, secrets: { "/etc/proxy.token": secret("etcd:etcd", "other\n") } })).toBe(digest);
    expect(file("file", { ...PROXY, files: { "/etc/proxy.conf": text("listen 1\n") } })).not.toBe(digest);
  });

  describeAsRoot("as root", () => {
    const freshNode = freshNodes();

    it("stages all of it on a machine", () => {
      const node = freshNode();
      for (const command of ["chronyc", "chronyd", "curl"]) node.stub(command, "exit 0");
      // etcd's programs are there.
      node.put("/opt/etcd/3.6.14/tarball.sha256", `${SHA256}\n`);
      node.put("/opt/etcd/3.6.14/etcd", "");
      node.put(
        "/opt/etcd/3.6.14/binaries.sha256",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  etcd\n",
      );
      node.put("/run/cloud-init/result.json", "");
      node.put("/tmp/stage.sh", script);
      expect(node.run("sh /tmp/stage.sh")).toMatchObject({
        output: "proxy-1: prepared\nproxy-1: it is all there\nproxy-1: etcd 3.6.14 is staged",
        status: 0,
      });
      for (const [file, [, , content]] of Object.entries(staged(script)))
        expect([file, node.read(`/etc/etcd/staged${file}`)]).toEqual([file, content]);
    });
  });
});

import { Fn, IResolvable, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { BootDownload } from "../etcd-host";
import { commands, NodePart, NodeStaging, notSensitive, text } from "./node-part";
import { literals } from "../terraform/literal";
import { Templates } from "../terraform/templates";
import { asItIs, comment, shellWord } from "../terraform/writers";

/** Paths of all files that are laid down, this one's among them. */
const MANIFEST = "/etc/etcd/files";

/** Removes all of it again. */
const UNINSTALL = "/usr/local/sbin/cdktf-etcd-uninstall";

/** What a node is made of. */
export interface NodeBundleProps {
  /** The node's name, which its messages begin with. */
  readonly name: string;
  /** What each feature puts on it. */
  readonly parts: readonly NodePart[];
  /** etcd's programs. */
  readonly download: BootDownload;
  /** How long the machine's first boot may take. */
  readonly bootTimeoutSeconds: number;
  /** From when its certificates are valid, RFC 3339. */
  readonly validFrom: string;
}

/**
 * Everything that is laid down on a node, and the hashes that tell whether it has to be done again. All of it is in
 * Terraform locals, so that each file is rendered once, however often it is used.
 */
export class NodeBundle {
  /** Changes if and only if something of the bundle does (private keys change with their certificates). */
  public readonly digest: string;
  /** Changes if and only if a secret of the parts does. Marked sensitive, as a weak secret could be guessed from it. */
  public readonly secretsDigest: string;
  /** Of both; a node compares it with what is staged there. Not marked sensitive, as scripts contain it. */
  private readonly stageDigest: string;
  /** Script that checks and stages all of it. It contains private keys. */
  private readonly stageScript: string;
  private readonly name: string;
  private readonly templates: Templates;

  /** @param scope where the locals are made, those of the parts among them */
  public constructor(scope: Construct, props: NodeBundleProps) {
    const templates = Templates.of(scope);
    this.templates = templates;
    this.name = props.name;
    const local = (name: string, value: unknown): TerraformLocal => new TerraformLocal(scope, name, literals(value));
    const { parts } = props;
    const { version, sha256, url } = props.download;
    const staging = (when: keyof NodeStaging): string[] => parts.flatMap((part) => part.staging?.[when] ?? []);

    const laid = {
      // Commands that the staging script itself runs.
      ...commands(templates, "boot/get-etcd.sh", "boot/get-packages.sh"),
      "/etc/etcd/timers": text(
        templates.render("node/timers.tftpl", { timers: merged(parts.map((part) => part.timers)) }),
      ),
      "/etc/etcd/node.env": text(templates.render("node/node.env.tftpl", { name: shellWord(props.name) })),
      [UNINSTALL]: { mode: "0755", owner: "root:root", content: templates.file("node/uninstall.sh") },
      ...merged(parts.map((part) => part.files)),
    };
    const [ownKeys, ownSecrets] = [merged(parts.map((part) => part.keys)), merged(parts.map((part) => part.secrets))];
    const all = [laid, ownKeys, ownSecrets]
      .flatMap((some) => Object.keys(some))
      .concat(MANIFEST)
      .sort();
    const files = local("files", { ...laid, [MANIFEST]: text(`${all.join("\n")}\n`) });
    // Locals, because CDKTF resolves the arguments of a function twice per level of nesting.
    const keys = local("keys", ownKeys);
    const secrets = local("secrets", ownSecrets);

    this.digest = Fn.sha256(Fn.jsonencode(files.expression));
    this.secretsDigest = Fn.sensitive(Fn.sha256(Fn.jsonencode(secrets.expression))) as string;
    // Hashed once more, it tells nothing about a secret that is hard to guess.
    const both = [this.digest, Fn.nonsensitive(this.secretsDigest) as string];
    this.stageDigest = local("stage-digest", Fn.sha256(Fn.join("", both))).asString;
    this.stageScript = local(
      "stage",
      templates.render("node/stage.sh.tftpl", {
        name: shellWord(props.name),
        boot_timeout_seconds: props.bootTimeoutSeconds,
        valid_from: shellWord(props.validFrom),
        digest: shellWord(this.stageDigest),
        // Their contents are encoded there.
        files: Fn.merge([files.expression, keys.expression, secrets.expression]) as IResolvable,
        packages: [...new Set(parts.flatMap((part) => part.packages ?? []))].map(asItIs),
        before: [...staging("check"), ...staging("prepare")].map(asItIs),
        after: staging("end").map(asItIs),
        version: shellWord(version),
        sha256: shellWord(sha256),
        url: shellWord(notSensitive(url)),
      }),
    ).asString;
  }

  /**
   * The script of a step. Without a task it stages everything; with one it does so only where the step before was
   * interrupted before it had.
   *
   * @param title what the step does, for whoever reads the script
   * @param task shell commands
   */
  public step(title: string, task = ""): string {
    return this.templates.render("node/step.sh.tftpl", {
      title: comment(title),
      name: shellWord(this.name),
      session: this.templates.file("node/session.sh"),
      stage: asItIs(this.stageScript),
      digest: shellWord(this.stageDigest),
      task: asItIs(task),
    });
  }
}

function merged<T>(records: readonly (Readonly<Record<string, T>> | undefined)[]): Record<string, T> {
  return Object.assign({}, ...records) as Record<string, T>;
}

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { scratchDirectory } from "./templates/render";
import { Outcome, runCommand } from "./tools";

const REPOSITORY = path.resolve(__dirname, "..");
const NAME = "cdktf-etcd";

/** What a user writes first. */
const APP = `
import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { LocalProvider } from "@cdktf/provider-local/lib/provider";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import { App, TerraformStack } from "cdktf";
import { DigitalOceanHost, EtcdCluster, ValidationError } from "${NAME}";

const app = new App();
const stack = new TerraformStack(app, "store");
new DigitaloceanProvider(stack, "digitalocean");
new LocalProvider(stack, "local");
new TlsProvider(stack, "tls");
const hosts = DigitalOceanHost.inRegions(stack, ["lon1", "nyc3", "sgp1"], { sshFrom: ["198.51.100.7/32"] });
const cluster: EtcdCluster = new EtcdCluster(stack, "etcd", { hosts });
cluster.addClient("billing").certificatePem.trim();
app.synth();
export const failed = (error: unknown): boolean => error instanceof ValidationError;
`;

/** A link to the repository's own copy, so that nothing is downloaded. */
function link(directory: string, dependency: string): void {
  const at = path.join(directory, "node_modules", dependency);
  mkdirSync(path.dirname(at), { recursive: true });
  symlinkSync(path.join(REPOSITORY, "node_modules", dependency), at);
}

function succeed({ status, output, stdout }: Outcome): string {
  if (status !== 0) throw new Error(output);
  return stdout;
}

const scratch = scratchDirectory();
const source = path.join(scratch, "source");
const app = path.join(scratch, "app");
const installed = path.join(app, "node_modules", NAME);
let packed: string[] = [];

/** Packs what a release would be and installs it into a new app, both without a network. */
beforeAll(() => {
  // A copy: a build in the repository would get in the way of whoever works there.
  mkdirSync(source);
  for (const name of [
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "lib",
    "templates",
    "README.md",
    "LICENSE",
  ]) {
    const from = path.join(REPOSITORY, name);
    if (existsSync(from)) cpSync(from, path.join(source, name), { recursive: true });
  }
  symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(source, "node_modules"));
  const npm = {
    cwd: source,
    env: { npm_config_cache: path.join(scratch, "npm"), npm_config_update_notifier: "false" },
  };
  const report = succeed(
    runCommand("npm", ["pack", "--json", "--silent", "--offline", "--pack-destination", scratch], npm),
  );
  const [{ filename, files }] = JSON.parse(report.slice(report.indexOf("["))) as {
    filename: string;
    files: { path: string }[];
  }[];
  packed = files.map((file) => file.path);

  mkdirSync(installed, { recursive: true });
  succeed(runCommand("tar", ["-xzf", path.join(scratch, filename), "-C", installed, "--strip-components=1"]));
  for (const peer of Object.keys(manifest().peerDependencies)) link(app, peer);
  link(app, "@types/node");
  writeFileSync(path.join(app, "main.ts"), APP);
});

const manifest = () =>
  JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8")) as {
    readonly main: string;
    readonly types: string;
    readonly bin: Readonly<Record<string, string>>;
    readonly peerDependencies: Readonly<Record<string, string>>;
    readonly dependencies?: Readonly<Record<string, string>>;
  };

describe("the package", () => {
  it("holds the compiled library with its types, the templates, and nothing of the lab or the tests", () => {
    const folders = new Set(
      packed.map((file) => file.split("/")[0]).filter((name) => !/^(README\.md|LICENSE)$/.test(name)),
    );
    expect([...folders].sort()).toEqual(["dist", "package.json", "templates"]);
    expect(packed.filter((file) => /\.(test\.|map$)|(?<!\.d)\.ts$/.test(file))).toEqual([]);
    for (const file of [manifest().main, manifest().types]) expect(packed).toContain(file);
  });

  it("brings every template", () => {
    const templates = (root: string) =>
      readdirSync(path.join(root, "templates"), { recursive: true }).map(String).sort();
    expect(templates(installed)).toEqual(templates(REPOSITORY));
    expect(templates(installed)).toContain("rollout/activate.sh");
  });

  it("needs nothing but its peers, which the app has anyway: two copies of constructs do not mix", () => {
    expect(manifest().dependencies ?? {}).toEqual({});
    for (const file of packed.filter((name) => name.endsWith(".js"))) {
      const text = readFileSync(path.join(installed, file), "utf8");
      for (const [, module] of text.matchAll(/require\("([^".][^"]*)"\)/g)) {
        if (module.startsWith("node:")) continue;
        const name = module.split("/", module.startsWith("@") ? 2 : 1).join("/");
        expect([file, Object.keys(manifest().peerDependencies)]).toEqual([file, expect.arrayContaining([name])]);
      }
    }
  });

  it("has no complaint of publint's", () => {
    const publint = path.join(REPOSITORY, "node_modules", "publint", "src", "cli.js");
    const { status, output } = runCommand(process.execPath, [publint, "run", installed, "--strict", "--pack", "false"]);
    expect([status, output]).toEqual([0, expect.stringContaining("All good!")]);
  });

  it("plans from the command line", () => {
    const tool = path.join(installed, manifest().bin[NAME]);
    const output = succeed(runCommand(process.execPath, [tool, "plan", "lon1", "nyc3", "sgp1"], { cwd: app }));
    expect(output).toContain("Best leader: London (lon1), which commits in 78 ms.");
  });

  it("type-checks and synthesizes in an app that was started with it", () => {
    const tsc = path.join(REPOSITORY, "node_modules", "typescript", "bin", "tsc");
    const options = [
      "--strict",
      "--target",
      "ES2022",
      "--module",
      "CommonJS",
      "--moduleResolution",
      "node",
      "--skipLibCheck",
    ];
    const compiled = runCommand(process.execPath, [tsc, ...options, "--types", "node", "main.ts"], { cwd: app });
    expect(compiled).toMatchObject({ status: 0, output: "" });
    succeed(runCommand(process.execPath, ["main.js"], { cwd: app, env: { CHECKPOINT_DISABLE: "1" } }));

    const stack = path.join(app, "cdktf.out", "stacks", "store");
    const text = readFileSync(path.join(stack, "cdk.tf.json"), "utf8");
    const { resource } = JSON.parse(text) as { resource: Record<string, Record<string, unknown>> };
    expect(Object.keys(resource.digitalocean_droplet)).toHaveLength(3);
    // What Terraform reads when it applies lies beside the stack.
    const referred = new Set([...text.matchAll(/assets\/[\w./-]+/g)].map(([file]) => file));
    expect(referred.size).toBeGreaterThan(10);
    for (const file of referred) expect([file, existsSync(path.join(stack, file))]).toEqual([file, true]);
  });
});

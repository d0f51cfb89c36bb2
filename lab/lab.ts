import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { constants, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { copyFile, mkdir, rename } from "node:fs/promises";
import { createServer } from "node:net";
import * as path from "node:path";
import { BareMachines } from "./clouds/bare/bare-machines";
import { LabApi } from "./clouds/digitalocean/client";
import { type LabDefinition, matrixOf, type MirroredFile } from "./definition";
import { findConfig, LabConfig, readConfig, writeConfig } from "./config";
import { MachineGroups } from "./machines/control-groups";
import { machineImage } from "./machine-image";
import { NspawnMachineDriver } from "./machines/nspawn-machine-driver";
import { Sites } from "./sites";
import { LabPaths } from "./paths";
import { ensureCommands } from "./tools/apt";
import { ensureImage } from "./machines/image";
import { ensurePackageMirror } from "./mirror/package-mirror";
import { OperatorGroup } from "./terraform/operator-group";
import { Progress } from "./tools/progress";
import { ensureProviders, ProviderMirror } from "./terraform/providers";
import { findTerraform, TerraformTool } from "./terraform/find-terraform";
import { writeTerraformrc } from "./terraform/terraformrc";
import { ToolError } from "./tools/tool-error";
import { buildWan } from "./wan/build";
import { regionsOf } from "./wan/matrix";
import { WanClient } from "./wan/client";
import { readJson, writeAtomically } from "./tools/files";
import { isAlive, ProcessRecord, recordOf, signal } from "./tools/process-record";
import { waitUntil } from "./tools/wait";

const DEFAULT_PORT = 18180;
const DEFAULT_IMAGE = "debian-13-x64";

/** Names the lab that is up on this machine. There is one at a time, as all labs use the same addresses. */
export const OWNER_FILE = "/run/terraform-lab.json";

interface Owner {
  readonly root: string;
  /** The process that brings the lab up or down, during which neither its API server nor its WAN need run. */
  readonly process?: ProcessRecord;
}

/** A lab: several regions of a cloud on one machine. Its methods are the verbs of the command line. */
export class Lab {
  /** @param definition for `up`; a lab that is up already keeps the definition it was brought up with */
  public constructor(
    private readonly definition: LabDefinition,
    public readonly paths: LabPaths,
    private readonly progress: Progress,
  ) {}

  /** The lab's directory. */
  public get root(): string {
    return this.paths.root;
  }

  /**
   * Brings the lab up, continuing and repairing one that crashed; does nothing if it is up.
   *
   * @param changes to the definition, for this lab only
   */
  public async up(changes: Pick<LabDefinition, "imagePackages" | "operator"> = {}): Promise<LabConfig> {
    requireRootOnLinux(this.command);
    await this.takeOwnership();
    const running = findConfig(this.paths);
    if (running !== undefined && isAlive(this.daemon()) && (await LabApi.of(running).answers())) {
      await this.wan().start();
      this.progress("The lab is up already");
      return running;
    }

    const definition = { ...this.definition, ...changes };
    const imagePackages = running?.imagePackages ?? definition.imagePackages ?? [];
    const { terraform, providers } = await this.prepare({ imagePackages });
    if (running !== undefined && running.mirrorDir !== providers.mirrorDir) {
      // Terraform's lock file has checksums of the earlier providers.
      rmSync(this.paths.synthesized, { recursive: true, force: true });
    }
    const port = running?.port ?? (Number(process.env.TERRAFORM_LAB_PORT) || DEFAULT_PORT);
    await endDaemon(this.daemon());
    await requireFreePort(port, this.command);
    mkdirSync(this.paths.root, { recursive: true });
    await writeTerraformrc({
      file: this.paths.terraformrc,
      mirrorDir: providers.mirrorDir,
      registryReachable: providers.registryReachable,
    });
    const supplies = (await definition.supplies?.(this.paths, this.progress)) ?? {};
    const config: LabConfig = {
      port,
      token: running?.token ?? randomBytes(24).toString("hex"),
      terraform,
      providers: providers.providers,
      mirrorDir: providers.mirrorDir,
      matrix: running?.matrix ?? matrixOf(definition),
      image: running?.image ?? definition.image,
      imagePackages,
      packages: definition.packages ?? [],
      environment: supplies.environment ?? {},
      programs: supplies.programs ?? [],
      standIns: supplies.standIns ?? [],
    };
    writeConfig(this.paths, config);
    for (const file of supplies.files ?? []) await this.publish(file);
    this.progress("Starting the WAN, the API server and the package mirror");
    // Machines that a crash left unfinished are removed; those that still run stay.
    await this.wan().start();
    const report = await this.driver().reconcile();
    if (report.removed.length > 0) this.progress(`Removed what was left of ${report.removed.length} machine(s)`);
    await this.startDaemon(config);
    return config;
  }

  /** Gets the programs and images that `up` needs: takes minutes on a bare machine, and no time if the cache has them. */
  public async prepare(
    changes: Pick<LabDefinition, "imagePackages"> = {},
  ): Promise<{ terraform: TerraformTool; providers: ProviderMirror }> {
    const { image: slug = DEFAULT_IMAGE, imagePackages = [], packages = [] } = { ...this.definition, ...changes };
    requireRootOnLinux(this.command);
    await ensureCommands(undefined, this.progress);
    const terraform = await findTerraform();
    const providers = await ensureProviders(terraform, this.progress);
    const image = await ensureImage(slug, this.progress, imagePackages);
    if (packages.length > 0) await ensurePackageMirror(image, packages, this.progress);
    await buildWan(this.progress);
    return { terraform, providers };
  }

  /** Makes the mirror serve a file, at once even if the lab is up. */
  public async publish({ path: below, source }: MirroredFile): Promise<void> {
    const file = path.join(this.paths.files, below);
    await mkdir(path.dirname(file), { recursive: true });
    // A copy, because the mirror follows no link out of its directory.
    await copyFile(source, `${file}.new`, constants.COPYFILE_FICLONE);
    await rename(`${file}.new`, file);
  }

  /** A sentence for each thing in this lab that only stands in for the real one. */
  public standIns(config: LabConfig): string[] {
    const sentences = config.providers
      .filter((provider) => provider.origin !== "registry")
      .map((provider) =>
        provider.origin === "stand-in"
          ? `the provider ${provider.address} ${provider.version} is the lab's own stand-in: the registry can't be reached`
          : `the provider ${provider.address} ${provider.version} was built here from a nearby version of its source: the registry can't be reached`,
      );
    return [
      ...sentences,
      ...config.standIns,
      "machines are containers that boot systemd, and share this machine's kernel, clock and disk",
    ];
  }

  /** The environment variables with which Terraform and CDKTF deploy into the lab. */
  public environment(config: LabConfig): Record<string, string> {
    return {
      DIGITALOCEAN_TOKEN: config.token,
      DIGITALOCEAN_API_URL: LabApi.of(config).url,
      TF_CLI_CONFIG_FILE: this.paths.terraformrc,
      TERRAFORM_BINARY_NAME: config.terraform.path,
      CHECKPOINT_DISABLE: "1",
      CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
      // Locking asks the registry for checksums, which has none for providers built here.
      ...(config.providers.every((provider) => provider.origin === "registry")
        ? {}
        : { CDKTF_SKIP_PROVIDER_LOCK: "true" }),
      // Keeps stacks synthesized for the lab, and its providers' lock file, apart from production's.
      CDKTF_OUTPUT: this.paths.synthesized,
      ...config.environment,
      PATH: [...config.programs, process.env.PATH ?? ""].join(":"),
    };
  }

  /** Ends and removes everything that `up` and deploys into the lab made, even if any part has crashed. */
  public async down(): Promise<void> {
    requireRootOnLinux(this.command);
    await this.takeOwnership();
    await this.remove();
    rmSync(OWNER_FILE, { force: true });
  }

  /**
   * Removes the directory and control groups of a lab whose namespaces are gone, and with them all its processes, mounts
   * and devices.
   */
  public async sweep(): Promise<void> {
    await this.operator().end();
    await MachineGroups.removeAll(this.paths.controlGroup);
    rmSync(this.paths.root, { recursive: true, force: true });
  }

  private async remove(): Promise<void> {
    await this.operator().end();
    this.progress("Ending the API server and the package mirror");
    await endDaemon(this.daemon());
    this.progress("Removing the machines");
    await this.driver().destroyAll();
    await Sites.removeAll(this);
    this.progress("Ending the WAN");
    if (existsSync(this.paths.wan)) await this.wan().stop();
    rmSync(this.paths.root, { recursive: true, force: true });
  }

  /** The driver of the lab's machines. */
  public driver(): NspawnMachineDriver {
    return new NspawnMachineDriver({
      stateDir: this.paths.machines,
      group: this.paths.controlGroup,
      wan: this.wan(),
      imageFor: (slug) => machineImage(slug, this.paths, this.settled(), this.progress),
    });
  }

  /** The lab's machines without a cloud. @throws ToolError if it is not up */
  public bareMachines(): BareMachines {
    const { matrix, image = DEFAULT_IMAGE } = this.config();
    return new BareMachines({
      driver: this.driver(),
      file: this.paths.bareMachines,
      locations: regionsOf(matrix),
      image,
    });
  }

  /** A client of the WAN between the lab's machines. */
  public wan(): WanClient {
    const { matrix = [] } = this.settled() ?? {};
    return new WanClient({ stateDir: this.paths.wan, matrix });
  }

  /** Moves the operator to another place on the WAN; distances between machines stay. */
  public moveOperator(operator: LabDefinition["operator"]): Promise<void> {
    return this.wan().setMatrix(matrixOf({ ...this.definition, operator }));
  }

  /** The control group in which the operator's programs run. */
  public operator(): OperatorGroup {
    return new OperatorGroup(this.paths.controlGroup);
  }

  /** The lab's settings. @throws ToolError if it is not up */
  public config(): LabConfig {
    return readConfig(this.paths);
  }

  /** A client of the lab's API server. @throws ToolError if the lab is not up */
  public api(): LabApi {
    return LabApi.of(this.config());
  }

  /** Roles of machines by name; see LabDefinition.roles. */
  public async roles(): Promise<Readonly<Partial<Record<string, string>>>> {
    return (await this.definition.roles?.(this.paths)) ?? {};
  }

  /** The lab's name. */
  public get name(): string {
    return this.definition.name ?? "lab";
  }

  /** The command that runs the lab's command line. */
  public get command(): string {
    return this.definition.command ?? "npx terraform-lab";
  }

  /** The settings, undefined if they cannot be read: `down` must work in any state. */
  private settled(): LabConfig | undefined {
    try {
      return findConfig(this.paths);
    } catch {
      return undefined;
    }
  }

  private daemon(): ProcessRecord | undefined {
    return readJson(this.paths.daemonRecord) as ProcessRecord | undefined;
  }

  /**
   * Takes this machine's lab addresses, first removing the remains of another lab that has died.
   *
   * @throws ToolError if another lab is up: both would use the same addresses and namespaces
   */
  private async takeOwnership(): Promise<void> {
    const owner = readJson(OWNER_FILE) as Owner | undefined;
    if (owner !== undefined && owner.root !== this.paths.root) {
      const other = new Lab(this.definition, new LabPaths(owner.root), this.progress);
      const there = existsSync(owner.root);
      if (there && (isAlive(owner.process) || isAlive(other.daemon()) || other.wan().isRunning())) {
        throw new ToolError(
          `Another lab has this machine's lab addresses: ${owner.root}.`,
          `End it first: TERRAFORM_LAB=${owner.root} ${this.command} down`,
        );
      }
      this.progress(`Removing what is left of the lab ${owner.root}, which ended without taking it down`);
      await other.remove();
    }
    const mine: Owner = { root: this.paths.root, process: recordOf(process.pid) };
    writeAtomically(OWNER_FILE, JSON.stringify(mine), 0o644);
  }

  private async startDaemon(config: LabConfig): Promise<void> {
    const logFile = openSync(this.paths.daemonLog, "a");
    const child = spawn(
      process.execPath,
      ["--import", require.resolve("tsx"), path.join(__dirname, "daemon.ts"), this.paths.root],
      { detached: true, stdio: ["ignore", logFile, logFile], cwd: path.join(__dirname, "..") },
    );
    child.unref();
    const record = child.pid === undefined ? undefined : recordOf(child.pid);
    if (record !== undefined) writeAtomically(this.paths.daemonRecord, JSON.stringify(record));
    const api = LabApi.of(config);
    const ready = await waitUntil(async () => !isAlive(record) || (await api.answers()), 30_000, 100);
    if (!ready || !isAlive(record)) {
      const tail = readFileSync(this.paths.daemonLog, "utf8").trim().split("\n").slice(-5).join("\n");
      throw new ToolError(`The lab's server did not start:\n${tail}\n`, `See ${this.paths.daemonLog}.`);
    }
  }
}

function requireRootOnLinux(command: string): void {
  if (process.platform !== "linux") {
    throw new ToolError(
      `The lab boots Linux machines and cannot run on ${process.platform}.`,
      "Run it on a Debian or Ubuntu machine, for example a small cloud server.",
    );
  }
  if (process.getuid?.() !== 0) {
    throw new ToolError(
      "The lab makes network namespaces and boots machines, which only root may do.",
      `Run it as root, for example: sudo -E env "PATH=$PATH" ${command} up`,
    );
  }
}

async function requireFreePort(port: number, command: string): Promise<void> {
  const free = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen(port, "127.0.0.1", () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
  if (!free) {
    throw new ToolError(
      `Port ${port} on 127.0.0.1, which the lab's API server wants, is taken by another program.`,
      `End that program or choose another port: TERRAFORM_LAB_PORT=${port + 1} ${command} up`,
    );
  }
}

async function endDaemon(record: ProcessRecord | undefined): Promise<void> {
  signal(record, "SIGTERM");
  if (!(await waitUntil(() => !isAlive(record), 5000))) {
    signal(record, "SIGKILL");
    await waitUntil(() => !isAlive(record), 2000);
  }
}

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import * as path from "node:path";
import { EtcdVersion, Architecture } from "../lib";
import { LabApi } from "./clouds/digitalocean/client";
import { findConfig, LabConfig, readConfig, writeConfig } from "./config";
import { MachineGroups } from "./machines/control-groups";
import { NspawnMachineDriver } from "./machines/nspawn-machine-driver";
import { ClientSites } from "./sites";
import { LabPaths } from "./paths";
import { publishRelease } from "../proofs/etcd/releases";
import { ensureCommands } from "./tools/apt";
import { ensureEtcd, EtcdRelease } from "../proofs/etcd/release";
import { ensureImage } from "./machines/image";
import { ensurePackageMirror } from "./mirror/package-mirror";
import { OperatorGroup } from "./terraform/operator-group";
import { Progress } from "./tools/progress";
import { ensureProviders, ProviderMirror } from "./terraform/providers";
import { findTerraform, TerraformTool } from "./terraform/find-terraform";
import { writeTerraformrc } from "./terraform/terraformrc";
import { ToolError } from "./tools/tool-error";
import { wanClient } from "./wan-client";
import { buildWan } from "./wan/build";
import { MIRROR_ADDRESS, OPERATOR_ADDRESS } from "./wan/places";
import { readJson, writeAtomically } from "./tools/files";
import { isAlive, ProcessRecord, recordOf, signal, waitUntil } from "./tools/process-record";
import { MACHINE_PACKAGES } from "../proofs/machine-packages";

const DEFAULT_PORT = 18180;
const DEFAULT_IMAGE = "debian-13-x64";
/** The library's own default. */
const ETCD = EtcdVersion.V3_6_14;

/** One lab at a time on a machine: its addresses are the machine's. This file says whose it is. */
export const OWNER_FILE = "/run/cdktf-etcd-lab.json";

interface Owner {
  readonly root: string;
  /** Who brings the lab up or down, when neither its API server nor its WAN may run. */
  readonly process?: ProcessRecord;
}

/** Three continents on one machine: what the verbs of the command line do. */
export class Lab {
  public constructor(
    private readonly paths: LabPaths,
    private readonly progress: Progress,
  ) {}

  /** Its directory. */
  public get root(): string {
    return this.paths.root;
  }

  /**
   * Brings the lab up, repairing what an earlier one left; does nothing that is done already.
   *
   * @param imagePackages packages that machines have from the start, besides those of a fresh droplet; where there is a lab already, its stay
   */
  public async up(imagePackages: readonly string[] = []): Promise<LabConfig> {
    requireRootOnLinux();
    await this.takeOwnership();
    const running = findConfig(this.paths);
    if (running !== undefined && isAlive(this.daemon()) && (await LabApi.of(running).answers())) {
      await wanClient(this.paths).start();
      this.progress("The lab is up already");
      return running;
    }

    const inImages = running?.imagePackages ?? imagePackages;
    const { terraform, etcd, providers } = await this.prepare(inImages);
    if (running !== undefined && running.mirrorDir !== providers.mirrorDir) {
      // Terraform holds on to the checksums of providers; these are others.
      rmSync(this.paths.synthesized, { recursive: true, force: true });
    }
    const port = running?.port ?? (Number(process.env.CDKTF_ETCD_LAB_PORT) || DEFAULT_PORT);
    await endDaemon(this.daemon());
    await requireFreePort(port);
    mkdirSync(this.paths.root, { recursive: true });
    await writeTerraformrc({
      file: this.paths.terraformrc,
      mirrorDir: providers.mirrorDir,
      registryReachable: providers.registryReachable,
    });
    const config: LabConfig = {
      port,
      token: running?.token ?? randomBytes(24).toString("hex"),
      terraform,
      providers: providers.providers,
      mirrorDir: providers.mirrorDir,
      imagePackages: inImages,
      etcd: { version: ETCD.version, ...etcd },
    };
    writeConfig(this.paths, config);
    await publishRelease(this.paths, ETCD.version, etcd);
    this.progress("Starting the WAN, the API server and the package mirror");
    // Whatever a crash left half-made goes; machines that still run stay.
    await wanClient(this.paths).start();
    const report = await this.driver().reconcile();
    if (report.removed.length > 0) this.progress(`Removed what was left of ${report.removed.length} machine(s)`);
    await this.startDaemon(config);
    return config;
  }

  /** Gets what `up` needs: minutes on a bare machine, next to nothing where the cache has it. */
  public async prepare(
    imagePackages: readonly string[] = [],
  ): Promise<{ terraform: TerraformTool; etcd: EtcdRelease; providers: ProviderMirror }> {
    requireRootOnLinux();
    await ensureCommands(undefined, this.progress);
    const terraform = await findTerraform();
    const etcd = await ensureEtcd({ version: ETCD.version, sha256: ETCD.sha256(Architecture.AMD64) }, this.progress);
    const providers = await ensureProviders(terraform, this.progress);
    const image = await ensureImage(DEFAULT_IMAGE, this.progress, imagePackages);
    await ensurePackageMirror(image, MACHINE_PACKAGES, this.progress);
    await buildWan(this.progress);
    return { terraform, etcd, providers };
  }

  /** What is not the real thing in this lab, in a sentence each. */
  public standIns(config: LabConfig): string[] {
    const sentences = config.providers
      .filter((provider) => provider.origin !== "registry")
      .map((provider) =>
        provider.origin === "stand-in"
          ? `the provider ${provider.address} ${provider.version} is the lab's own stand-in: the registry can't be reached`
          : `the provider ${provider.address} ${provider.version} was built here from a nearby version of its source: the registry can't be reached`,
      );
    if (config.etcd.origin === "built") {
      sentences.push(`etcd ${config.etcd.version} was built here from its Go modules: its release can't be reached`);
    }
    sentences.push("machines are containers that boot systemd, and share this machine's kernel, clock and disk");
    return sentences;
  }

  /** The environment in which `npx cdktf deploy` deploys into the lab. */
  public environment(config: LabConfig): Record<string, string> {
    return {
      DIGITALOCEAN_TOKEN: config.token,
      DIGITALOCEAN_API_URL: LabApi.of(config).url,
      TF_CLI_CONFIG_FILE: this.paths.terraformrc,
      TERRAFORM_BINARY_NAME: config.terraform.path,
      CHECKPOINT_DISABLE: "1",
      CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
      // Locking asks the registry for checksums, which knows nothing of providers built here.
      ...(config.providers.every((provider) => provider.origin === "registry")
        ? {}
        : { CDKTF_SKIP_PROVIDER_LOCK: "true" }),
      // What is synthesized for the lab, and the lock file for its providers, stay apart from production's.
      CDKTF_OUTPUT: this.paths.synthesized,
      ETCD_SSH_FROM: `${OPERATOR_ADDRESS}/32`,
      ETCD_CLIENTS_FROM: `${OPERATOR_ADDRESS}/32`,
      ETCD_VERSION: config.etcd.version,
      ETCD_MIRROR: `http://${MIRROR_ADDRESS}/etcd`,
      ETCD_MIRROR_INSECURE: "yes",
      ETCD_TARBALL_SHA256: config.etcd.sha256,
      ETCD_STATE_DIRECTORY: this.paths.terraformState,
      ETCD_ACCESS_DIRECTORY: this.paths.access,
      PATH: `${config.etcd.binDir}:${process.env.PATH ?? ""}`,
    };
  }

  /**
   * Gets another release of etcd and lets the mirror serve it, beside the one that `up` settled.
   *
   * @returns what a deploy of it has in its environment
   * @throws ToolError if it is no version, or the lab is not up
   */
  public async serveEtcd(
    version: string,
  ): Promise<{ readonly ETCD_VERSION: string; readonly ETCD_TARBALL_SHA256: string }> {
    this.config();
    const release = await ensureEtcd(
      { version, sha256: EtcdVersion._publishedSha256(version, Architecture.AMD64) },
      this.progress,
    );
    await publishRelease(this.paths, version, release);
    return { ETCD_VERSION: version, ETCD_TARBALL_SHA256: release.sha256 };
  }

  /** Ends and removes everything that `up` and deploys into the lab made, also after a crash of any part. */
  public async down(): Promise<void> {
    requireRootOnLinux();
    await this.takeOwnership();
    await this.remove();
    rmSync(OWNER_FILE, { force: true });
  }

  /**
   * Removes what is left of a lab whose namespaces are gone, and with them all its processes, mounts and devices: its directory and its
   * control groups.
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
    await ClientSites.removeAll(this.paths);
    this.progress("Ending the WAN");
    if (existsSync(this.paths.wan)) await wanClient(this.paths).stop();
    rmSync(this.paths.root, { recursive: true, force: true });
  }

  /** The machines. */
  public driver(): NspawnMachineDriver {
    return new NspawnMachineDriver({
      stateDir: this.paths.machines,
      group: this.paths.controlGroup,
      wan: wanClient(this.paths),
      imageFor: async (slug) => (await ensureImage(slug, this.progress, findConfig(this.paths)?.imagePackages)).rootfs,
    });
  }

  /** Where the programs of the operator run. */
  public operator(): OperatorGroup {
    return new OperatorGroup(this.paths.controlGroup);
  }

  /** @throws ToolError if there is no lab */
  public config(): LabConfig {
    return readConfig(this.paths);
  }

  public api(): LabApi {
    return LabApi.of(this.config());
  }

  private daemon(): ProcessRecord | undefined {
    return readJson(this.paths.daemonRecord) as ProcessRecord | undefined;
  }

  /** Another checkout's lab on this machine would fight over addresses and namespaces; of one that died, what is left goes. */
  private async takeOwnership(): Promise<void> {
    const owner = readJson(OWNER_FILE) as Owner | undefined;
    if (owner !== undefined && owner.root !== this.paths.root) {
      const other = new Lab(new LabPaths(owner.root), this.progress);
      const there = existsSync(owner.root);
      if (there && (isAlive(owner.process) || isAlive(other.daemon()) || wanClient(other.paths).isRunning())) {
        throw new ToolError(
          `Another lab has this machine's lab addresses: ${owner.root}.`,
          `End it first: CDKTF_ETCD_LAB=${owner.root} npm run lab -- down`,
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

function requireRootOnLinux(): void {
  if (process.platform !== "linux") {
    throw new ToolError(
      `The lab boots Linux machines and cannot run on ${process.platform}.`,
      "Run it on a Debian or Ubuntu machine, for example a small cloud server.",
    );
  }
  if (process.getuid?.() !== 0) {
    throw new ToolError(
      "The lab makes network namespaces and boots machines, which only root may do.",
      'Run it as root, for example: sudo -E env "PATH=$PATH" npm run lab -- up',
    );
  }
}

async function requireFreePort(port: number): Promise<void> {
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
      `End that program or choose another port: CDKTF_ETCD_LAB_PORT=${port + 1} npm run lab -- up`,
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

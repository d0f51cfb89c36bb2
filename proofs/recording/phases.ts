/** The phases of a deploy, in order; they add up to its duration. */
export const PHASES = ["synth", "plan", "boot", "install", "activate", "rest"] as const;
export type Phase = (typeof PHASES)[number];
export type PhaseSeconds = Readonly<Record<Phase, number>>;

const TERRAFORM_BEGINS = /^Initializing |^Terraform used |^No changes\.|: (Refreshing state|Reading)\.\.\./;
const APPLY_BEGINS = /: (Creating|Modifying|Destroying)\.\.\./;
const DROPLET_CREATING = /^digitalocean_droplet\.\w+?_([a-z0-9-]+)_droplet_\w+: Creating\.\.\./;
/** A step's name in Terraform is its construct path and a hash of that. */
const STEP = /^(\S+_(install|activate-\d+|converge)_\w+): (Creating\.\.\.|Creation complete)/;
const LOGGED_IN = /^\S+_([a-z0-9-]+)_install_\w+ \(remote-exec\): Connected/;

/** A span of time. */
interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Tracks some steps, from the start of the first to the end of the last. A step that fails never completes. */
class Steps {
  private firstMs?: number;
  private lastCompleteMs?: number;
  private readonly open = new Set<string>();

  public take(address: string, complete: boolean, atMs: number): void {
    if (!complete) {
      this.firstMs ??= atMs;
      this.open.add(address);
    } else if (this.open.delete(address)) {
      this.lastCompleteMs = atMs;
    }
  }

  /** The span of these steps; until `endMs` if some have not completed. */
  public span(endMs: number): Span | undefined {
    if (this.firstMs === undefined) return undefined;
    return { fromMs: this.firstMs, untilMs: this.open.size > 0 ? endMs : (this.lastCompleteMs ?? endMs) };
  }
}

/** Measures the phases of a deploy by Terraform's output, as it is printed. */
export class DeployPhases {
  private terraformMs?: number;
  private applyMs?: number;
  private bootFromMs?: number;
  private bootUntilMs?: number;
  /** Locations of new machines without a login yet. */
  private readonly booting = new Set<string>();
  private readonly installs = new Steps();
  private readonly activations = new Steps();

  /**
   * @param beganMs when cdktf or Terraform was started
   * @param synthSeconds duration of a synthesis before that, without cdktf
   */
  public constructor(
    private readonly beganMs: number,
    private readonly synthSeconds?: number,
  ) {
    if (synthSeconds !== undefined) this.terraformMs = beganMs;
  }

  /** Takes a line, without colours and the name of the stack. */
  public take(line: string, atMs: number): void {
    if (TERRAFORM_BEGINS.test(line)) this.terraformMs ??= atMs;
    if (APPLY_BEGINS.test(line)) this.applyMs ??= atMs;
    const location = DROPLET_CREATING.exec(line)?.[1];
    if (location !== undefined) {
      this.bootFromMs ??= atMs;
      this.booting.add(location);
    }
    const member = LOGGED_IN.exec(line)?.[1];
    if (member !== undefined) this.loggedIn(member, atMs);
    const step = STEP.exec(line);
    if (step === null) return;
    const [, address, name, said] = step;
    (name === "install" ? this.installs : this.activations).take(address, said === "Creation complete", atMs);
  }

  /** The durations of the phases, once the deploy has ended, successfully or not. */
  public end(endMs: number): PhaseSeconds {
    const terraformMs = this.terraformMs ?? endMs;
    const applyMs = Math.max(this.applyMs ?? endMs, terraformMs);
    const installs = this.installs.span(endMs);
    const activations = this.activations.span(endMs);
    // Terraform installs on existing machines while others boot, and activates once all are installed.
    const boot = this.boot(activations?.fromMs ?? endMs);
    const installFromMs = Math.max(installs?.fromMs ?? applyMs, boot.untilMs);
    const installUntilMs = Math.max(installs?.untilMs ?? installFromMs, installFromMs);
    const activateFromMs = installs === undefined ? (activations?.fromMs ?? installUntilMs) : installUntilMs;
    const activateUntilMs = Math.max(activations?.untilMs ?? activateFromMs, activateFromMs);
    const ms = {
      synth: terraformMs - this.beganMs,
      plan: applyMs - terraformMs,
      boot: boot.untilMs - boot.fromMs,
      install: installUntilMs - installFromMs,
      activate: activateUntilMs - activateFromMs,
    };
    const rest = endMs - this.beganMs - Object.values(ms).reduce((sum, one) => sum + one, 0);
    return {
      synth: this.synthSeconds ?? ms.synth / 1000,
      plan: ms.plan / 1000,
      boot: ms.boot / 1000,
      install: ms.install / 1000,
      activate: ms.activate / 1000,
      rest: rest / 1000,
    };
  }

  private loggedIn(member: string, atMs: number): void {
    // A host's name ends in its construct's id, which is in the droplet's address.
    const location = [...this.booting].find((one) => member === one || member.endsWith(`-${one}`));
    if (location === undefined) return;
    this.booting.delete(location);
    this.bootUntilMs = atMs;
  }

  /**
   * The span in which new machines boot; empty without any.
   *
   * @param latestMs its end if a machine never gets ready
   */
  private boot(latestMs: number): Span {
    if (this.bootFromMs === undefined) return { fromMs: this.beganMs, untilMs: this.beganMs };
    const untilMs = this.booting.size > 0 ? latestMs : (this.bootUntilMs ?? latestMs);
    return { fromMs: this.bootFromMs, untilMs };
  }
}

/** The duration of a deploy. */
export function totalSeconds(phases: PhaseSeconds): number {
  return PHASES.reduce((sum, phase) => sum + phases[phase], 0);
}

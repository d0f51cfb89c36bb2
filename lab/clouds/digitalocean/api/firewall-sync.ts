import type { MachineDriver } from "../../../machines/machine-driver";
import { resolveFirewall } from "./firewall-resolver";
import type { Droplet, State } from "./model";
import { pause, within } from "./waiting";

const TRIES = 3;

/** Keeps the packet filter in front of every machine equal to what the account's firewalls say. */
export class FirewallSync {
  /** What the driver was last told, as JSON; nothing is known after a restart, so everything is told once more. */
  private readonly applied = new Map<number, string>();
  private readonly running = new Map<number, Promise<void>>();

  constructor(
    private readonly state: State,
    private readonly driver: MachineDriver,
    private readonly log: (line: string) => void,
  ) {}

  /**
   * Brings the machines that are behind up to date. Resolves when all are, or when a slow one has had its chance: a
   * request should not hang for ever on a machine.
   */
  async sync(): Promise<void> {
    await within(
      15_000,
      Promise.all(this.state.droplets.filter((droplet) => droplet.made).map((droplet) => this.bring(droplet))),
    );
  }

  isCurrent(droplet: Droplet): boolean {
    return this.applied.get(droplet.id) === this.wanted(droplet);
  }

  /** To be called when the machine is new, or has lost its filter. */
  forget(id: number): void {
    this.applied.delete(id);
  }

  private bring(droplet: Droplet): Promise<void> {
    const before = this.running.get(droplet.id);
    if (before) return before;
    const work = this.apply(droplet).finally(() => this.running.delete(droplet.id));
    this.running.set(droplet.id, work);
    return work;
  }

  private async apply(droplet: Droplet): Promise<void> {
    let failures = 0;
    // Rules may change while the driver works: go on until what it was told is what is wanted.
    while (!droplet.destroying && !this.isCurrent(droplet)) {
      const wanted = this.wanted(droplet);
      try {
        await this.driver.setFirewall(droplet.id, resolveFirewall(this.state, droplet));
        this.applied.set(droplet.id, wanted);
      } catch (error) {
        failures += 1;
        this.log(`firewall of droplet ${droplet.id} (${droplet.name}) not set: ${String(error)}`);
        if (failures === TRIES) return;
        await pause(100 * failures);
      }
    }
  }

  private wanted(droplet: Droplet): string {
    return JSON.stringify(resolveFirewall(this.state, droplet) ?? null);
  }
}

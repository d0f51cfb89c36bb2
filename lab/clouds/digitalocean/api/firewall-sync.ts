import type { MachineDriver } from "../../../machines/machine-driver";
import { resolveFirewall } from "./firewall-resolver";
import type { Droplet, State } from "./model";
import { pause, within } from "./waiting";

const TRIES = 3;

/** Keeps every machine's packet filter equal to the account's firewalls. */
export class FirewallSync {
  /** The rules last given to the driver, as JSON; empty after a restart, so that all are given again. */
  private readonly applied = new Map<number, string>();
  private readonly running = new Map<number, Promise<void>>();

  constructor(
    private readonly state: State,
    private readonly driver: MachineDriver,
    private readonly log: (line: string) => void,
  ) {}

  /**
   * Updates the machines whose filter is out of date. Resolves when all are done, or after 15 s: a request should not
   * hang on a slow machine.
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

  /** To be called when the machine is new or has lost its filter. */
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
    // Rules may change while the driver works: repeat until the applied rules are the wanted ones.
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

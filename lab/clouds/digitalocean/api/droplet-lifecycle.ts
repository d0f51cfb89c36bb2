import type { MachineDriver, MachineSpec } from "../../../machines/machine-driver";
import type { Actions } from "./actions";
import { image, size } from "./catalog";
import type { FirewallSync } from "./firewall-sync";
import { vpcRange } from "./ipam";
import type { Action, Droplet, State } from "./model";
import type { Store } from "./store";
import { pause, within } from "./waiting";

/** Actions that the machine has to carry out. All others only change the record. */
const MACHINE_ACTIONS = ["power_on", "power_off", "shutdown", "reboot", "power_cycle", "rebuild"] as const;
export type MachineAction = (typeof MACHINE_ACTIONS)[number];

export function isMachineAction(type: string): type is MachineAction {
  return (MACHINE_ACTIONS as readonly string[]).includes(type);
}

/** How long a destroy waits for a boot in progress before it goes ahead. */
const BOOT_PATIENCE_MS = 30_000;
const FIREWALL_ROUNDS = 2;

/** Creates, changes and destroys the droplets' machines through the driver, after the request has been answered. */
export class DropletLifecycle {
  private readonly state: State;
  private readonly boots = new Map<number, Promise<void>>();
  private closed = false;

  constructor(
    private readonly store: Store,
    private readonly driver: MachineDriver,
    private readonly actions: Actions,
    private readonly firewalls: FirewallSync,
    private readonly log: (line: string) => void,
  ) {
    this.state = store.state;
  }

  /** Continues what a stopped server left unfinished. */
  async resume(): Promise<void> {
    for (const droplet of this.state.droplets) {
      if (droplet.destroying) this.destroy(droplet);
      else if (droplet.status === "new") this.create(droplet);
    }
    for (const action of this.state.actions.filter((one) => one.status === "in-progress")) {
      const droplet = this.state.droplets.find(
        (one) => action.resourceType === "droplet" && String(one.id) === action.resource && !one.destroying,
      );
      if (!droplet || droplet.createActionId !== action.id) {
        if (droplet && isMachineAction(action.type)) this.run(action, action.type, droplet);
        else this.actions.complete(action);
      }
    }
    await this.reconcile();
    void this.firewalls.sync();
  }

  close(): void {
    this.closed = true;
  }

  create(droplet: Droplet): void {
    const boot = this.background(this.drive(droplet)).finally(() => this.boots.delete(droplet.id));
    this.boots.set(droplet.id, boot);
  }

  /** Detaches firewalls, reserved IPs and volumes at once; the droplet stays visible, locked, until its machine is gone. */
  destroy(droplet: Droplet): void {
    droplet.destroying = true;
    for (const firewall of this.state.firewalls) {
      firewall.dropletIds = firewall.dropletIds.filter((id) => id !== droplet.id);
    }
    for (const holder of [...this.state.reservedIps, ...this.state.volumes]) {
      if (holder.dropletId === droplet.id) delete holder.dropletId;
    }
    for (const action of this.actions.of("droplet", String(droplet.id))) this.actions.fail(action);
    this.store.changed();
    void this.background(this.remove(droplet));
  }

  /** Carries out an action of one of the types above. */
  run(action: Action, type: MachineAction, droplet: Droplet): void {
    if (type === "power_off" || type === "power_cycle") this.preemptShutdown(action, droplet);
    void this.background(this.perform(action, type, droplet));
  }

  /** Whether a pending action blocks this one. A shutdown that hangs must not prevent a power-off. */
  blocks(droplet: Droplet, type: string): boolean {
    const pending = this.actions.inProgress("droplet", String(droplet.id));
    if (!pending) return false;
    return !(pending.type === "shutdown" && (type === "power_off" || type === "power_cycle"));
  }

  /** Updates the status of droplets whose machines were powered off, or on, from inside. */
  async reconcile(): Promise<void> {
    const idle = (droplet: Droplet): boolean =>
      droplet.made &&
      !droplet.destroying &&
      (droplet.status === "active" || droplet.status === "off") &&
      !this.actions.inProgress("droplet", String(droplet.id));
    await Promise.all(
      this.state.droplets.filter(idle).map(async (droplet) => {
        const actionsBefore = this.actions.of("droplet", String(droplet.id)).length;
        const running = (await this.driver.state(droplet.id)) === "running";
        const status = running ? "active" : "off";
        const untouched = actionsBefore === this.actions.of("droplet", String(droplet.id)).length;
        if (this.closed || !untouched || !idle(droplet) || droplet.status === status) return;
        this.log(`droplet ${droplet.id} (${droplet.name}) was ${droplet.status}, is ${status}`);
        droplet.status = status;
        this.store.changed();
      }),
    );
    await this.store.flush();
  }

  private async drive(droplet: Droplet): Promise<void> {
    // Saved before the machine is made: a machine without a record could never be destroyed.
    await this.store.flush();
    if (droplet.faults.staysNew === true) return;
    const action = this.state.actions.find((one) => one.id === droplet.createActionId);
    try {
      if (droplet.faults.slowSeconds !== undefined) await pause(droplet.faults.slowSeconds * 1000);
      if (droplet.faults.errored === true) throw new Error("fault injected");
      if (this.gone(droplet)) return;
      await this.driver.create(this.spec(droplet));
      if (this.gone(droplet)) return;
      await this.closeGates(droplet);
      if (this.gone(droplet)) return;
      droplet.status = "active";
      if (action) this.actions.complete(action);
    } catch (error) {
      if (this.gone(droplet)) return;
      this.log(`droplet ${droplet.id} (${droplet.name}) could not be created: ${String(error)}`);
      droplet.status = "archive";
      if (action) this.actions.fail(action);
    }
    this.store.changed();
    await this.store.flush();
  }

  private async perform(action: Action, type: MachineAction, droplet: Droplet): Promise<void> {
    await this.store.flush();
    const { id } = droplet;
    try {
      if (type === "shutdown" || type === "reboot") await this.driver.shutdown(id);
      if (type === "power_off" || type === "power_cycle") await this.driver.powerOff(id);
      if (type === "rebuild") {
        droplet.imageId = action.imageId ?? droplet.imageId;
        await this.driver.destroy(id);
        await this.driver.create(this.spec(droplet));
      }
      const on = type !== "shutdown" && type !== "power_off";
      if (type === "power_on" || type === "reboot" || type === "power_cycle") await this.driver.powerOn(id);
      if (on) await this.closeGates(droplet);
      if (this.gone(droplet) || action.status !== "in-progress") return;
      droplet.status = on ? "active" : "off";
      this.actions.complete(action);
    } catch (error) {
      if (this.gone(droplet)) return;
      this.log(`${type} of droplet ${id} (${droplet.name}) failed: ${String(error)}`);
      this.actions.fail(action);
    }
    await this.store.flush();
  }

  /** Sets the firewall, without which no droplet may be shown as active. */
  private async closeGates(droplet: Droplet): Promise<void> {
    droplet.made = true;
    this.firewalls.forget(droplet.id);
    for (let round = 0; round < FIREWALL_ROUNDS; round += 1) {
      await this.firewalls.sync();
      if (this.gone(droplet) || this.firewalls.isCurrent(droplet)) return;
    }
    throw new Error("its firewall could not be set");
  }

  private async remove(droplet: Droplet): Promise<void> {
    await this.store.flush();
    const boot = this.boots.get(droplet.id);
    if (boot) await within(BOOT_PATIENCE_MS, boot);
    for (let failures = 0; !this.closed;) {
      try {
        await this.driver.destroy(droplet.id);
        break;
      } catch (error) {
        failures += 1;
        this.log(`droplet ${droplet.id} (${droplet.name}) not destroyed yet: ${String(error)}`);
        await pause(Math.min(10_000, 250 * 2 ** failures));
      }
    }
    if (this.closed) return;
    this.firewalls.forget(droplet.id);
    this.state.droplets = this.state.droplets.filter((one) => one !== droplet);
    this.store.changed();
    await this.store.flush();
  }

  private preemptShutdown(action: Action, droplet: Droplet): void {
    for (const other of this.actions.of("droplet", String(droplet.id))) {
      if (other !== action && other.type === "shutdown") this.actions.complete(other);
    }
  }

  private spec(droplet: Droplet): MachineSpec {
    const itsSize = size(droplet.size);
    const vpc = this.state.vpcs.find((one) => one.id === droplet.vpcId);
    return {
      id: droplet.id,
      name: droplet.name,
      region: droplet.region,
      image: image(droplet.imageId).slug,
      vcpus: itsSize.vcpus,
      memoryMiB: itsSize.memoryMiB,
      publicIpv4: droplet.publicIpv4,
      ...(vpc ? { privateIpv4: droplet.privateIpv4, privatePrefix: vpcRange(vpc).prefix } : {}),
      sshKeys: droplet.sshKeys,
      ...(droplet.userData === undefined ? {} : { userData: droplet.userData }),
      ...(droplet.faults.sshNotReadySeconds === undefined
        ? {}
        : { sshNotReadySeconds: droplet.faults.sshNotReadySeconds }),
    };
  }

  private gone(droplet: Droplet): boolean {
    return this.closed || droplet.destroying;
  }

  private async background(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      // No caller waits for this work, so the error can only be logged.
      this.log(String(error));
    }
  }
}

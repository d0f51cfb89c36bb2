import type { MachineDriver, MachineSpec, MachineState, ResolvedFirewall } from "../../../machines/machine-driver";
import { pause } from "./waiting";

interface VirtualMachine {
  state: MachineState;
  spec?: MachineSpec;
  firewall?: ResolvedFirewall;
}

/** Machines that exist in memory only, for using the API without root: nothing boots. */
export class VirtualMachineDriver implements MachineDriver {
  readonly machines = new Map<number, VirtualMachine>();

  /** @param bootSeconds Duration of a boot or a shutdown. */
  constructor(private readonly bootSeconds = 0) {}

  /** Takes over a machine of an earlier process. */
  adopt(id: number, state: MachineState): void {
    this.machines.set(id, { state });
  }

  async create(spec: MachineSpec): Promise<void> {
    const machine: VirtualMachine = { ...this.machines.get(spec.id), state: "stopped", spec };
    this.machines.set(spec.id, machine);
    await this.delay();
    machine.state = "running";
  }

  async powerOn(id: number): Promise<void> {
    const machine = this.machine(id);
    await this.delay();
    machine.state = "running";
  }

  powerOff(id: number): Promise<void> {
    this.machine(id).state = "stopped";
    return Promise.resolve();
  }

  async shutdown(id: number): Promise<void> {
    const machine = this.machine(id);
    await this.delay();
    machine.state = "stopped";
  }

  destroy(id: number): Promise<void> {
    this.machines.delete(id);
    return Promise.resolve();
  }

  state(id: number): Promise<MachineState> {
    return Promise.resolve(this.machines.get(id)?.state ?? "absent");
  }

  setFirewall(id: number, firewall: ResolvedFirewall | undefined): Promise<void> {
    this.machine(id).firewall = firewall;
    return Promise.resolve();
  }

  private machine(id: number): VirtualMachine {
    const machine = this.machines.get(id);
    if (!machine) throw new Error(`machine ${id} does not exist`);
    return machine;
  }

  private async delay(): Promise<void> {
    if (this.bootSeconds > 0) await pause(this.bootSeconds * 1000);
  }
}

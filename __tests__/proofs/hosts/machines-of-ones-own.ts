import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { type BareMachine, type BareMachineProps, type CommandResult, run, waitUntil } from "terraform-lab";
import type { ExistingHostProps } from "../../../lib";
import type { LabHarness } from "../../../proofs/harness";

/** Machines in the lab that no cloud has made: they are there before Terraform runs, and after. */
export class MachinesOfOnesOwn {
  /** Makes the key that opens them all. */
  public static async of(harness: LabHarness): Promise<MachinesOfOnesOwn> {
    const directory = path.join(harness.paths.root, "login");
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = path.join(directory, "login.key");
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "login", "-f", file]);
    chmodSync(file, 0o600);
    return new MachinesOfOnesOwn(harness, file, readFileSync(`${file}.pub`, "utf8").trim());
  }

  private constructor(
    private readonly harness: LabHarness,
    /** File with the private key. */
    public readonly keyFile: string,
    private readonly publicKey: string,
  ) {}

  /** Boots one, until it can be logged in to. */
  public async boot(props: Omit<BareMachineProps, "sshKeys">): Promise<BareMachine> {
    const machine = await this.harness.lab.bareMachines().add({ ...props, sshKeys: [this.publicKey] });
    const ready = async (): Promise<boolean> => (await this.tried(machine, "systemctl is-active ssh")).status === 0;
    if (!(await waitUntil(ready, 60_000))) throw new Error(`${machine.name} did not boot`);
    return machine;
  }

  /** What root's shell there prints. */
  public async on(machine: BareMachine, command: string): Promise<string> {
    return (await this.tried(machine, command)).stdout;
  }

  /** The same with its status and what it complained of. */
  public tried({ id }: BareMachine, command: string): Promise<CommandResult> {
    return this.harness.lab.driver().exec(id, ["/bin/bash", "-lc", command], { timeoutMs: 60_000 });
  }

  /** It as a host of a cluster. */
  public host({ location, publicAddress, privateAddress, user, hostKeys }: BareMachine): ExistingHostProps {
    return { location, publicAddress, privateAddress, user, privateKeyFile: this.keyFile, hostKeys: [...hostKeys] };
  }
}

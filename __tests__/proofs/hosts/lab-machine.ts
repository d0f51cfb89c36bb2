import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { type Lab, run, waitUntil } from "terraform-lab";

/** A machine to boot that no cloud has made. */
export interface LabMachineProps {
  /** Where it is on the WAN, for example "lon1". */
  readonly location: string;
  readonly address: string;
  /** A user with passwordless sudo, in the place of root, who can't log in then. @default - root */
  readonly user?: string;
  /** More users, who may log in, and have no rights. @default - none */
  readonly others?: readonly string[];
  /** Debian's image. @default "debian-13-x64" */
  readonly image?: string;
}

/** A machine in the lab of which no cloud's API knows: it is there before Terraform runs, and after. */
export class LabMachine {
  private static lastId = 900_000;

  /** Boots one, as an installer would leave it: users, their keys, and host keys of all types. */
  public static async boot(lab: Lab, name: string, props: LabMachineProps, publicKey: string): Promise<LabMachine> {
    const id = (this.lastId += 1);
    const { location, address, user, others = [], image = "debian-13-x64" } = props;
    const sudoer = { name: user, ssh_authorized_keys: [publicKey], sudo: "ALL=(ALL) NOPASSWD:ALL", shell: "/bin/bash" };
    const users = [
      ...(user === undefined ? [] : [sudoer]),
      ...others.map((one) => ({ ...sudoer, name: one, sudo: false })),
    ];
    await lab.driver().create({
      ...{ id, name, region: location, image, vcpus: 2, memoryMiB: 2048, publicIpv4: address },
      sshKeys: user === undefined ? [publicKey] : [],
      userData: `#cloud-config\n${JSON.stringify({ users, disable_root: user !== undefined })}\n`,
    });
    const machine = new LabMachine(lab, id, name, props);
    const ready = async (): Promise<boolean> =>
      (await machine.on("cloud-init status --wait >/dev/null; systemctl is-active ssh")).trim() === "active";
    if (!(await waitUntil(ready, 120_000))) throw new Error(`${name} did not boot`);
    return machine;
  }

  private constructor(
    private readonly lab: Lab,
    public readonly id: number,
    public readonly name: string,
    public readonly props: LabMachineProps,
  ) {}

  /** What root's shell there prints; empty if the command failed. */
  public async on(command: string): Promise<string> {
    const { stdout } = await this.tried(command);
    return stdout;
  }

  /** The same with its status and what it complained of. */
  public tried(command: string): ReturnType<ReturnType<Lab["driver"]>["exec"]> {
    return this.lab.driver().exec(this.id, ["/bin/bash", "-lc", command], { timeoutMs: 60_000 });
  }

  /** Its public host keys, as ssh-keyscan prints them. */
  public async hostKeys(): Promise<string[]> {
    const keys = await this.on("cat /etc/ssh/ssh_host_*_key.pub");
    return keys
      .trim()
      .split("\n")
      .map((line) => `${this.props.address} ${line.split(" ").slice(0, 2).join(" ")}`);
  }

  public destroy(): Promise<void> {
    return this.lab.driver().destroy(this.id);
  }
}

/** A key pair for logging in, of which the private half is a file. */
export async function loginKey(directory: string): Promise<{ readonly file: string; readonly publicKey: string }> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = path.join(directory, "login.key");
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "login", "-f", file]);
  chmodSync(file, 0o600);
  return { file, publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
}

import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import type { BareMachine } from "../clouds/bare/bare-machines";
import type { Lab } from "../lab";
import { HOST_KEY_TYPES } from "../machines/installation";
import type { HostKeyType } from "../machines/machine-driver";
import { ToolError } from "../tools/tool-error";
import { number } from "./arguments";

interface AddOptions {
  readonly location: string;
  readonly key: readonly string[];
  readonly image?: string;
  readonly vcpus?: number;
  readonly memory?: number;
  readonly user?: string;
  readonly sudo: boolean;
  readonly otherUser?: string;
  readonly hostKeys?: readonly HostKeyType[];
  readonly network?: string;
  readonly bastion?: true;
  readonly behind?: string;
  readonly sshFrom?: readonly string[];
  readonly json?: true;
}

/** `machine` and its verbs: machines without a cloud. */
export function addBareMachineVerbs(program: Command, lab: Lab): void {
  const machine = program
    .command("machine")
    .description("machines without a cloud, which only those know who look after them: add, list, remove them");

  machine
    .command("add")
    .description("install a machine, and print its addresses and host keys")
    .argument("<name>", "its name, and host name")
    .requiredOption("--location <region>", "region that it is in, for example lon1")
    .requiredOption("--key <file...>", "files of SSH public keys that may log in")
    .option("--image <slug>", "image (default: the lab's)")
    .option("--vcpus <number>", "virtual processors (default: 1)", number(1, 64))
    .option("--memory <MiB>", "memory (default: 1024)", number(128, 1 << 20))
    .option("--user <name>", "user to log in as, in place of root")
    .option("--no-sudo", "without sudo for that user")
    .option("--other-user <name>", "a second user, with the same keys and no sudo")
    .addOption(new Option("--host-keys <type...>", "SSH host keys (default: all)").choices(HOST_KEY_TYPES))
    .option("--network <name>", "private network that it has an address in, besides the public one")
    .option("--bastion", "have it forward packets of that network to anywhere else, under its own address")
    .option("--behind <bastion>", "put it into that bastion's network, without a public address")
    .option("--ssh-from <cidr...>", "put a packet filter in front of it: SSH from there, all from its network, no more")
    .option("--json", "for programs")
    .action(async (name: string, { location, key, image, json, ...options }: AddOptions) => {
      const added = await lab.bareMachines().add({
        name,
        location,
        sshKeys: key.flatMap(publicKeysIn),
        image,
        vcpus: options.vcpus,
        memoryMiB: options.memory,
        user: options.user === undefined ? undefined : { name: options.user, sudo: options.sudo },
        otherUser: options.otherUser,
        hostKeyTypes: options.hostKeys,
        network: options.network,
        bastion: options.bastion,
        behind: options.behind,
        sshFrom: options.sshFrom,
      });
      console.log(json === true ? JSON.stringify(added, null, 2) : renderWithKeys(added));
    });

  machine
    .command("list")
    .description("machines without a cloud: state, place, addresses and host keys")
    .option("--json", "for programs")
    .action(async ({ json }: { json?: boolean }) => {
      const machines = await lab.bareMachines().list();
      if (json === true) console.log(JSON.stringify(machines, null, 2));
      else console.log(machines.length === 0 ? "No machines yet." : machines.map(renderWithKeys).join("\n"));
    });

  machine
    .command("remove")
    .description("remove a machine; another of this name gets its addresses")
    .argument("<name>", "name of the machine")
    .action((name: string) => lab.bareMachines().remove(name));

  machine
    .command("reinstall")
    .description("empty a machine's disk and install it anew: same name and addresses, other host keys")
    .argument("<name>", "name of the machine")
    .option("--json", "for programs")
    .action(async (name: string, { json }: { json?: boolean }) => {
      const installed = await lab.bareMachines().reinstall(name);
      console.log(json === true ? JSON.stringify(installed, null, 2) : renderWithKeys(installed));
    });
}

/** One line about a machine. */
export function renderBareMachine(machine: BareMachine): string {
  const { name, state, location, publicAddress, privateAddress, image, user, behind } = machine;
  return [
    name.padEnd(16),
    state.padEnd(7),
    location.padEnd(6),
    (publicAddress ?? "-").padEnd(15),
    (privateAddress ?? "-").padEnd(15),
    image.padEnd(14),
    `as ${user}${behind === undefined ? "" : `, behind ${behind}`}`,
  ].join(" ");
}

function renderWithKeys(machine: BareMachine): string {
  return [renderBareMachine(machine), ...machine.hostKeys.map((key) => `  ${key}`)].join("\n");
}

function publicKeysIn(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ToolError(
      `The public keys in ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      "Give the name of a .pub file.",
    );
  }
  return text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
}

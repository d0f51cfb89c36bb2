import { isDeepStrictEqual } from "node:util";
import { HOST_KEY_TYPES } from "../../machines/installation";
import type { MachineSpec, MachineState, ResolvedFirewall } from "../../machines/machine-driver";
import type { NspawnMachineDriver } from "../../machines/nspawn-machine-driver";
import { withLock } from "../../tools/file-lock";
import { readJson, writeAtomically } from "../../tools/files";
import { ToolError } from "../../tools/tool-error";
import { type BareLedger, type BareRecord, EMPTY_LEDGER, machineOf, withMachine, withoutMachine } from "./ledger";
import { type BareMachineProps, checkProps } from "./props";

/** A machine without a cloud, as whoever looks after it knows it. */
export interface BareMachine {
  readonly id: number;
  readonly name: string;
  readonly location: string;
  readonly image: string;
  /** "absent" if making it has failed. */
  readonly state: MachineState;
  /** The user to log in as. */
  readonly user: string;
  readonly publicAddress?: string;
  readonly privateAddress?: string;
  /** Name of the private network. */
  readonly network?: string;
  /** CIDR of the private network. */
  readonly privateRange?: string;
  /** Name of the bastion through which it is reached. */
  readonly behind?: string;
  /** Public halves of its SSH host keys as `ssh-keyscan` prints them, without the address: "ssh-ed25519 AAAA...". */
  readonly hostKeys: readonly string[];
}

/** What bare machines need of a lab. */
export interface BareMachinesOptions {
  readonly driver: NspawnMachineDriver;
  /** File of their record. */
  readonly file: string;
  /** Where they may be. */
  readonly locations: readonly string[];
  /** Image slug for those that name none. */
  readonly image: string;
}

/**
 * Machines without a cloud: there is no API that makes them, only somebody who installed them and gives out addresses, host
 * keys and users. All are recorded before they exist. Addresses stay with names, so that another machine can take the place
 * of one.
 */
export class BareMachines {
  public constructor(private readonly options: BareMachinesOptions) {}

  /**
   * Makes a machine; resolves once its init runs, before SSH is ready. Goes on with one that was half made.
   *
   * @throws ToolError if there is another of that name, or the properties are wrong
   */
  public async add(props: BareMachineProps): Promise<BareMachine> {
    checkProps(props, this.options.locations);
    await this.update((ledger) => {
      const known = machineOf(ledger, props.name);
      if (known === undefined) return withMachine(ledger, props);
      if (isDeepStrictEqual(known.props, settled(props))) return ledger;
      throw new ToolError(`There is a machine "${props.name}" already, which is another.`, "Remove it first.");
    });
    const record = this.record(props.name);
    await this.create(record);
    return this.describe(record);
  }

  /** All machines. */
  public list(): Promise<BareMachine[]> {
    return Promise.all(this.ledger().machines.map((record) => this.describe(record)));
  }

  /** @throws ToolError if there is none of that name */
  public find(name: string): Promise<BareMachine> {
    return this.describe(this.record(name));
  }

  public has(name: string): boolean {
    return machineOf(this.ledger(), name) !== undefined;
  }

  /** Removes a machine with all that is on it. The name keeps its addresses. */
  public async remove(name: string): Promise<void> {
    await this.options.driver.destroy(this.record(name).id);
    await this.update((ledger) => withoutMachine(ledger, name));
  }

  /** Installs a machine anew: an empty disk, other host keys, the same name and addresses. */
  public async reinstall(name: string): Promise<BareMachine> {
    const record = this.record(name);
    await this.options.driver.destroy(record.id);
    await this.create(record);
    return this.describe(record);
  }

  public async powerOn(name: string): Promise<void> {
    await this.options.driver.powerOn(this.record(name).id);
  }

  /** Pulls the plug: packets stop at once, nothing is shut down. */
  public async powerOff(name: string): Promise<void> {
    await this.options.driver.powerOff(this.record(name).id);
  }

  /** Has the machine shut down by itself. */
  public async shutdown(name: string): Promise<void> {
    await this.options.driver.shutdown(this.record(name).id);
  }

  private async create(record: BareRecord): Promise<void> {
    const { driver, image } = this.options;
    await driver.create(specOf(record, image));
    await driver.setFirewall(record.id, firewallOf(record));
  }

  private async describe(record: BareRecord): Promise<BareMachine> {
    const { id, props, publicAddress, privateAddress, network, privateRange } = record;
    return {
      id,
      name: props.name,
      location: props.location,
      image: props.image ?? this.options.image,
      state: await this.options.driver.state(id),
      user: props.user?.name ?? "root",
      publicAddress,
      privateAddress,
      network,
      privateRange,
      behind: props.behind,
      hostKeys: this.options.driver.hostKeys(id),
    };
  }

  private record(name: string): BareRecord {
    const ledger = this.ledger();
    const record = machineOf(ledger, name);
    if (record !== undefined) return record;
    const names = ledger.machines.map(({ props }) => props.name);
    throw new ToolError(
      `There is no machine "${name}" without a cloud.`,
      names.length === 0 ? "There are none; add one." : `There are: ${names.join(", ")}.`,
    );
  }

  private ledger(): BareLedger {
    return (readJson(this.options.file) as BareLedger | undefined) ?? EMPTY_LEDGER;
  }

  private update(change: (ledger: BareLedger) => BareLedger): Promise<void> {
    return withLock(`${this.options.file}.lock`, () => {
      writeAtomically(this.options.file, JSON.stringify(change(this.ledger()), undefined, 1));
      return Promise.resolve();
    });
  }
}

/** As they are once they were on record: without what is undefined. */
function settled(props: BareMachineProps): unknown {
  return JSON.parse(JSON.stringify(props));
}

/** The machine that the driver is to make. */
export function specOf(record: BareRecord, image: string): MachineSpec {
  const { id, props, publicAddress, privateAddress, privateRange, gateway } = record;
  const { user, otherUser, sshKeys } = props;
  return {
    id,
    name: props.name,
    region: props.location,
    image: props.image ?? image,
    vcpus: props.vcpus ?? 1,
    memoryMiB: props.memoryMiB ?? 1024,
    publicIpv4: publicAddress,
    ...(privateAddress === undefined
      ? {}
      : { privateIpv4: privateAddress, privatePrefix: Number(privateRange?.split("/")[1]), privateGateway: gateway }),
    sshKeys,
    installation: {
      login: user?.name,
      users: [
        ...(user === undefined ? [] : [{ name: user.name, sudo: user.sudo ?? true, sshKeys }]),
        ...(otherUser === undefined ? [] : [{ name: otherUser, sudo: false, sshKeys }]),
      ],
      hostKeyTypes: props.hostKeyTypes ?? HOST_KEY_TYPES,
      ...(props.bastion === true ? { forwardsFor: privateRange } : {}),
    },
  };
}

/** The packet filter in front of a machine; undefined for none. */
export function firewallOf({ props, privateRange }: BareRecord): ResolvedFirewall | undefined {
  if (props.sshFrom === undefined) return undefined;
  const protocols = ["tcp", "udp", "icmp"] as const;
  const everything = (...addresses: string[]): ResolvedFirewall["inbound"] =>
    protocols.map((protocol) => ({ protocol, addresses }));
  return {
    inbound: [
      { protocol: "tcp", ports: { from: 22, to: 22 }, addresses: props.sshFrom },
      ...(privateRange === undefined ? [] : everything(privateRange)),
    ],
    outbound: everything("0.0.0.0/0"),
  };
}

import { ToolError } from "../../tools/tool-error";
import type { BareMachineProps } from "./props";

/** Public addresses of bare machines, wherever they are: .10 to .250. No droplet, reserved IP, VPC or site has any of them. */
export const BARE_NETWORK = "198.18.210.0/24";

/** Private networks of bare machines are 10.198.1.0/24 and so on. */
const PRIVATE_NETWORKS = "10.198";
const PRIVATE_PREFIX = 24;

/** Below those of droplets, which begin with 3000001. */
const FIRST_ID = 2_000_001;

const FIRST_HOST = 10;
const LAST_HOST = 250;

/** A bare machine on record. */
export interface BareRecord {
  readonly id: number;
  readonly props: BareMachineProps;
  readonly publicAddress?: string;
  readonly privateAddress?: string;
  /** The private network's name. */
  readonly network?: string;
  /** The private network's range. */
  readonly privateRange?: string;
  /** The address in it of the machine to which packets to anywhere else go. */
  readonly gateway?: string;
}

/** All that is known of bare machines. Names keep their addresses after their machine is removed. */
export interface BareLedger {
  readonly nextId: number;
  readonly machines: readonly BareRecord[];
  /** Names of private networks, in the order of their ranges. */
  readonly networks: readonly string[];
  /** Every address that a name has or had. */
  readonly addresses: readonly KnownAddress[];
}

/** An address that belongs to a name. */
export interface KnownAddress {
  readonly name: string;
  readonly ip: string;
  /** The range that it is in. */
  readonly range: string;
}

export const EMPTY_LEDGER: BareLedger = { nextId: FIRST_ID, machines: [], networks: [], addresses: [] };

/**
 * Enters a new machine.
 *
 * @throws ToolError if its bastion is none, or addresses have run out
 */
export function withMachine(ledger: BareLedger, props: BareMachineProps): BareLedger {
  const network = networkOf(ledger, props);
  const networks =
    network === undefined || ledger.networks.includes(network) ? ledger.networks : [...ledger.networks, network];
  const number = network === undefined ? 0 : networks.indexOf(network) + 1;
  if (number > 254) {
    throw new ToolError(`There is no room for a private network "${network}".`, "Use fewer than 255 networks.");
  }
  const range = `${PRIVATE_NETWORKS}.${number}.0/${PRIVATE_PREFIX}`;
  const publicly = props.behind === undefined ? addressFor(ledger, BARE_NETWORK, props.name) : undefined;
  const privately = network === undefined ? undefined : addressFor(ledger, range, props.name);
  const record: BareRecord = {
    id: ledger.nextId,
    props,
    publicAddress: publicly?.ip,
    ...(privately === undefined ? {} : { privateAddress: privately.ip, network, privateRange: range }),
    ...(props.behind === undefined ? {} : { gateway: machineOf(ledger, props.behind)?.privateAddress }),
  };
  const added = [publicly, privately].filter((address) => address !== undefined);
  return {
    nextId: ledger.nextId + 1,
    machines: [...ledger.machines, record],
    networks,
    addresses: [...new Set([...ledger.addresses, ...added])],
  };
}

export function withoutMachine(ledger: BareLedger, name: string): BareLedger {
  return { ...ledger, machines: ledger.machines.filter(({ props }) => props.name !== name) };
}

export function machineOf(ledger: BareLedger, name: string): BareRecord | undefined {
  return ledger.machines.find(({ props }) => props.name === name);
}

function networkOf(ledger: BareLedger, { behind, network }: BareMachineProps): string | undefined {
  if (behind === undefined) return network;
  const bastion = machineOf(ledger, behind);
  if (bastion?.props.bastion !== true) {
    const there = ledger.machines.filter(({ props }) => props.bastion === true);
    throw new ToolError(
      `A machine cannot be behind "${behind}", which is no bastion.`,
      there.length === 0
        ? "Add a bastion first, in the network that both are to be in."
        : `There are: ${there.map(({ props }) => props.name).join(", ")}.`,
    );
  }
  return bastion.props.network;
}

/** A name's address in a range: the one that it had, or the first that no name has had. */
function addressFor({ addresses }: BareLedger, range: string, name: string): KnownAddress {
  const inRange = addresses.filter((address) => address.range === range);
  const known = inRange.find((address) => address.name === name);
  if (known !== undefined) return known;
  const taken = new Set(inRange.map(({ ip }) => ip));
  for (let host = FIRST_HOST; host <= LAST_HOST; host += 1) {
    const ip = range.replace(/\.0\/\d+$/, `.${host}`);
    if (!taken.has(ip)) return { name, ip, range };
  }
  throw new ToolError(
    `${range} has no address left for "${name}": names keep theirs when a machine is removed.`,
    "Add machines under names that there were before, or take the lab down and up again.",
  );
}

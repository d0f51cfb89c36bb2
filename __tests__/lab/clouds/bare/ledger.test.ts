import { firewallOf, specOf } from "../../../../lab/clouds/bare/bare-machines";
import {
  BARE_NETWORK,
  type BareLedger,
  type BareRecord,
  EMPTY_LEDGER,
  machineOf,
  withMachine,
  withoutMachine,
} from "../../../../lab/clouds/bare/ledger";
import type { BareMachineProps } from "../../../../lab/clouds/bare/props";
import { REGIONS } from "../../../../lab/clouds/digitalocean/api/catalog";
import { parseRange4, overlap, type Range4 } from "../../../../lab/clouds/digitalocean/api/ipam";
import { SITES_NETWORK } from "../../../../lab/sites";
import { MIRROR_ADDRESS, OPERATOR_ADDRESS } from "../../../../lab/wan/places";

function props(name: string, more: Partial<BareMachineProps> = {}): BareMachineProps {
  return { name, location: "lon1", sshKeys: ["ssh-ed25519 AAAA"], ...more };
}

function ledgerOf(...all: readonly BareMachineProps[]): BareLedger {
  return all.reduce(withMachine, EMPTY_LEDGER);
}

function find(ledger: BareLedger, name: string): BareRecord {
  const record = machineOf(ledger, name);
  if (record === undefined) throw new Error(`${name} is not on record`);
  return record;
}

describe("the record of machines without a cloud", () => {
  it("gives each machine a number and a public address that nothing else in the lab has", () => {
    const range = (text: string): Range4 => {
      const parsed = parseRange4(text);
      if (parsed === undefined) throw new Error(`${text} is no range`);
      return parsed;
    };
    const others = [
      ...REGIONS.flatMap(({ index }) => [`198.18.${index}.0/24`, `198.18.${128 + index}.0/24`]),
      SITES_NETWORK,
      "198.19.0.0/16",
      `${MIRROR_ADDRESS}/32`,
      `${OPERATOR_ADDRESS}/32`,
    ];
    expect(others.filter((other) => overlap(range(other), range(BARE_NETWORK)))).toEqual([]);
    const ledger = ledgerOf(props("one"), props("two"));
    expect(ledger.machines.map(({ id, publicAddress }) => [id, publicAddress])).toEqual([
      [2_000_001, "198.18.210.10"],
      [2_000_002, "198.18.210.11"],
    ]);
  });

  it("keeps addresses for names and never gives a number twice", () => {
    const full = ledgerOf(props("one", { network: "cellar" }), props("two"));
    const without = withoutMachine(withoutMachine(full, "one"), "two");
    expect(without.machines).toEqual([]);
    const again = [props("three"), props("two"), props("one", { network: "cellar" })].reduce(withMachine, without);
    expect(again.machines.map(({ id, publicAddress, privateAddress }) => [id, publicAddress, privateAddress])).toEqual([
      [2_000_003, "198.18.210.12", undefined],
      [2_000_004, "198.18.210.11", undefined],
      [2_000_005, "198.18.210.10", "10.198.1.10"],
    ]);
    expect(again.addresses).toHaveLength(4);
  });

  it("gives each private network a range, and puts machines into that of their bastion", () => {
    const bastion = { bastion: true, network: "cellar" };
    const ledger = ledgerOf(
      props("attic-1", { network: "attic" }),
      props("bastion", bastion),
      props("inner", { behind: "bastion", location: "nyc3" }),
      props("attic-2", { network: "attic" }),
    );
    expect(find(ledger, "inner")).toMatchObject({
      privateAddress: "10.198.2.11",
      network: "cellar",
      privateRange: "10.198.2.0/24",
      gateway: "10.198.2.10",
    });
    expect(find(ledger, "inner").publicAddress).toBeUndefined();
    expect(find(ledger, "attic-2")).toMatchObject({ publicAddress: "198.18.210.12", privateAddress: "10.198.1.11" });
  });

  it("has nobody behind what is no bastion", () => {
    expect(() => ledgerOf(props("one", { behind: "two" }))).toThrow("Add a bastion first");
    const ledger = ledgerOf(props("two"), props("three", { bastion: true, network: "cellar" }));
    expect(() => withMachine(ledger, props("one", { behind: "two" }))).toThrow(
      'A machine cannot be behind "two", which is no bastion. There are: three.',
    );
  });

  it("says when addresses have run out", () => {
    const names = Array.from({ length: 241 }, (_, index) => props(`machine-${index}`));
    const full = ledgerOf(...names);
    expect(() => withMachine(full, props("one-more"))).toThrow('198.18.210.0/24 has no address left for "one-more"');
  });
});

describe("the machine that is made of a record", () => {
  it("has one that logs in and becomes root, and all host keys", () => {
    const ledger = ledgerOf(props("one", { user: { name: "admin" }, otherUser: "guest" }));
    const { installation, privateIpv4, image } = specOf(find(ledger, "one"), "debian-13-x64");
    expect(installation).toMatchObject({ login: "admin", hostKeyTypes: ["ed25519", "ecdsa", "rsa"] });
    expect(installation?.users.map(({ name, sudo }) => [name, sudo])).toEqual([
      ["admin", true],
      ["guest", false],
    ]);
    expect([privateIpv4, image]).toEqual([undefined, "debian-13-x64"]);
  });

  it("forwards for its network if it is a bastion, and else has it as its way out", () => {
    const ledger = ledgerOf(props("bastion", { bastion: true, network: "cellar" }), props("in", { behind: "bastion" }));
    expect(specOf(find(ledger, "bastion"), "x").installation?.forwardsFor).toBe("10.198.1.0/24");
    expect(specOf(find(ledger, "in"), "x")).toMatchObject({
      privateIpv4: "10.198.1.11",
      privatePrefix: 24,
      privateGateway: "10.198.1.10",
    });
    expect(specOf(find(ledger, "in"), "x").installation?.forwardsFor).toBeUndefined();
  });

  it("has a packet filter only if it is told who may log in", () => {
    const ledger = ledgerOf(
      props("open", { network: "cellar" }),
      props("shut", { network: "cellar", sshFrom: ["198.18.0.1"] }),
    );
    expect(firewallOf(find(ledger, "open"))).toBeUndefined();
    expect(firewallOf(find(ledger, "shut"))?.inbound).toEqual([
      { protocol: "tcp", ports: { from: 22, to: 22 }, addresses: ["198.18.0.1"] },
      { protocol: "tcp", addresses: ["10.198.1.0/24"] },
      { protocol: "udp", addresses: ["10.198.1.0/24"] },
      { protocol: "icmp", addresses: ["10.198.1.0/24"] },
    ]);
  });
});

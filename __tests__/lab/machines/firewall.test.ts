import { renderFirewall } from "../../../lab/machines/firewall";
import type { ResolvedRule } from "../../../lab/machines/machine-driver";

const inbound = (...rules: ResolvedRule[]): string => renderFirewall({ inbound: rules, outbound: [] });

describe("the firewall in front of a machine", () => {
  it("lets everything pass, and tracks it, while none is attached", () => {
    const script = renderFirewall(undefined);
    expect(script).toContain("policy accept;");
    expect(script).toContain("ct state established,related accept");
    expect(script).not.toContain("goto");
  });

  it("drops what no rule allows, in both directions", () => {
    const script = renderFirewall({ inbound: [], outbound: [] });
    expect(script).toContain("policy drop;");
    expect(script).toContain('iifname "wan0" goto inbound');
    expect(script).toContain('oifname "wan0" goto outbound');
  });

  it("replaces the whole table in one transaction", () => {
    const lines = renderFirewall(undefined).split("\n");
    expect(lines.slice(0, 3)).toEqual([
      "table inet cloudfirewall",
      "delete table inet cloudfirewall",
      "table inet cloudfirewall {",
    ]);
  });

  it("matches one port, a range of ports and every port", () => {
    const addresses = ["198.18.1.10"];
    expect(inbound({ protocol: "tcp", ports: { from: 22, to: 22 }, addresses })).toContain(
      "ip saddr 198.18.1.10/32 tcp dport 22 accept",
    );
    expect(inbound({ protocol: "udp", ports: { from: 2379, to: 2380 }, addresses })).toContain(
      "ip saddr 198.18.1.10/32 udp dport 2379-2380 accept",
    );
    expect(inbound({ protocol: "tcp", addresses })).toContain("ip saddr 198.18.1.10/32 meta l4proto tcp accept");
  });

  it("matches sources on the way in and destinations on the way out", () => {
    const rule: ResolvedRule = { protocol: "tcp", addresses: ["198.18.0.0/15"] };
    const script = renderFirewall({ inbound: [rule], outbound: [rule] });
    expect(script).toContain("ip saddr 198.18.0.0/15 meta l4proto tcp accept");
    expect(script).toContain("ip daddr 198.18.0.0/15 meta l4proto tcp accept");
  });

  it("knows that ICMP has a protocol number of its own in IPv6", () => {
    const script = inbound({ protocol: "icmp", addresses: ["0.0.0.0/0", "::/0", "2001:db8::/32"] });
    expect(script).toContain("meta nfproto ipv4 meta l4proto icmp accept");
    expect(script).toContain("meta nfproto ipv6 meta l4proto ipv6-icmp accept");
    expect(script).toContain("ip6 saddr 2001:db8::/32 meta l4proto ipv6-icmp accept");
  });

  it("says each thing once", () => {
    const rule: ResolvedRule = { protocol: "tcp", addresses: ["198.18.1.1", "198.18.1.1/32"] };
    expect(inbound(rule, rule).match(/198\.18\.1\.1/g)).toHaveLength(1);
  });

  it.each([
    "",
    "lon1",
    "198.18.1.1/33",
    "2001:db8::/129",
    "198.18.1.1/",
    "1.2.3.4/8/8",
    "fe80::1%eth0",
    "1.2.3.4; drop",
  ])("refuses %j as an address", (address) => {
    expect(() => inbound({ protocol: "tcp", addresses: [address] })).toThrow("neither an IP address nor a CIDR");
  });

  it.each([
    [2, 1],
    [-1, 5],
    [1, 70000],
    [1.5, 2],
  ])("refuses ports %d-%d", (from, to) => {
    expect(() => inbound({ protocol: "tcp", ports: { from, to }, addresses: ["::/0"] })).toThrow("not a range");
  });
});

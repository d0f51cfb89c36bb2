import fc from "fast-check";

import { REGIONS } from "../../../../../lab/clouds/digitalocean/api/catalog";
import { formatIpv4, netmask, overlap, parseIpv4, parseRange4 } from "../../../../../lab/clouds/digitalocean/api/ipam";

const address = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe("IPv4 arithmetic", () => {
  it("reads back what it wrote", () => {
    fc.assert(fc.property(address, (value) => parseIpv4(formatIpv4(value)) === value));
  });

  it("finds every address of a range inside it", () => {
    fc.assert(
      fc.property(address, fc.integer({ min: 0, max: 32 }), (value, prefix) => {
        const range = parseRange4(`${formatIpv4(value)}/${prefix}`);
        return (
          range !== undefined && range.first <= value && value <= range.last && range.first % 2 ** (32 - prefix) === 0
        );
      }),
    );
  });

  it("says the same of an overlap from either side", () => {
    const range = fc.tuple(address, fc.integer({ min: 8, max: 30 })).map(([value, prefix]) => {
      const parsed = parseRange4(`${formatIpv4(value)}/${prefix}`);
      if (!parsed) throw new Error("not a range");
      return parsed;
    });
    fc.assert(fc.property(range, range, (one, other) => overlap(one, other) === overlap(other, one)));
    fc.assert(fc.property(range, (one) => overlap(one, one)));
  });

  it.each(["1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", "a.b.c.d", ""])("refuses the address %j", (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  });

  it.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/0"])("refuses the range %j", (text) => {
    expect(parseRange4(text)).toBeUndefined();
  });

  it("knows netmasks", () => {
    expect([0, 16, 24, 28, 32].map(netmask)).toEqual([
      "0.0.0.0",
      "255.255.0.0",
      "255.255.255.0",
      "255.255.255.240",
      "255.255.255.255",
    ]);
  });
});

describe("regions' networks", () => {
  it("are numbered once and for ever", () => {
    expect(REGIONS.slice(0, 3).map(({ slug, index }) => [slug, index])).toEqual([
      ["lon1", 1],
      ["nyc3", 2],
      ["sgp1", 3],
    ]);
    expect(new Set(REGIONS.map(({ index }) => index)).size).toBe(REGIONS.length);
  });
});

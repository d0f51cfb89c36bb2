import * as fc from "fast-check";
import { Token } from "cdktf";
import { ValidationError } from "../../lib";
import { admitsInternet, requireCidr, requireDistinct, requireDnsLabel, requireInteger } from "../../lib/validation";

/** The error's message, or undefined where nothing is wrong. */
function problem(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof ValidationError) return error.message;
    throw error;
  }
}
const label = (value: string): string | undefined =>
  problem(() => {
    requireDnsLabel("name", value);
  });
const cidr = (value: string): string | undefined =>
  problem(() => {
    requireCidr("network", value);
  });

const inner = Array.from("abcdefghijklmnopqrstuvwxyz0123456789-");
const outer = inner.slice(0, -1);
const characters = (from: string[], length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...from), maxLength: length });
const goodLabel = fc.oneof(
  fc.constantFrom(...outer),
  fc.tuple(fc.constantFrom(...outer), characters(inner, 61), fc.constantFrom(...outer)).map((parts) => parts.join("")),
);

/** An IPv4 network: address bits, and how many of them count. */
const network = fc.tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 32 }));
const dotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
const masked = (address: number, prefix: number): number => address - (address % 2 ** (32 - prefix));

describe("DNS labels", () => {
  it("are all accepted", () => {
    fc.assert(
      fc.property(goodLabel, (value) => {
        expect(label(value)).toBeUndefined();
      }),
    );
  });

  it("are refused with a character that none may have, wherever it stands", () => {
    const foreign = fc.string({ minLength: 1, maxLength: 1, unit: "binary" }).filter((c) => !inner.includes(c));
    fc.assert(
      fc.property(goodLabel, foreign, fc.nat(), (good, bad, at) => {
        const cut = at % (good.length + 1);
        expect(label(good.slice(0, cut) + bad + good.slice(cut))).toMatch(/^name: given .*expected a DNS label/s);
      }),
    );
  });

  it("are refused with a hyphen at an end, without a character, and above 63", () => {
    fc.assert(
      fc.property(goodLabel, (good) => {
        expect(label(`-${good}`)).toBeDefined();
        expect(label(`${good}-`)).toBeDefined();
        expect(label(good.padEnd(64, "x"))).toBeDefined();
        expect(label(good.padEnd(63, "x"))).toBeUndefined();
      }),
    );
    expect(label("")).toBeDefined();
  });

  it("that only Terraform will know are refused in words: addresses in the state are made of them", () => {
    expect(label(Token.asString({ resolve: () => "etcd" }))).toMatch(
      /^name: given a value that is known only when Terraform runs, expected a name in the code; write the name/,
    );
  });
});

describe("networks", () => {
  it("of IPv4 are accepted when the bits beyond the prefix are zero", () => {
    fc.assert(
      fc.property(network, ([address, prefix]) => {
        expect(cidr(`${dotted(masked(address, prefix))}/${prefix}`)).toBeUndefined();
      }),
    );
  });

  it("of IPv4 with other bits set are refused, and the network that was meant is a valid one", () => {
    fc.assert(
      fc.property(network, ([address, prefix]) => {
        fc.pre(masked(address, prefix) !== address);
        const message = cidr(`${dotted(address)}/${prefix}`);
        const meant = /write (\S+)$/.exec(message ?? "")?.[1];
        expect(meant).toBe(`${dotted(masked(address, prefix))}/${prefix}`);
        expect(cidr(String(meant))).toBeUndefined();
      }),
    );
  });

  it("without a length are refused, and what is suggested is a valid one", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const meant = /add the prefix length: (\S+) for this address alone$/.exec(cidr(address) ?? "")?.[1];
        expect(cidr(String(meant))).toBeUndefined();
      }),
    );
  });

  it("of IPv6 are accepted when the bits beyond the prefix are zero, and else told apart", () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 0, max: 128 }), (address, prefix) => {
        const meant = /write (\S+)$/.exec(cidr(`${address}/${prefix}`) ?? "")?.[1] ?? `${address}/${prefix}`;
        expect(cidr(meant)).toBeUndefined();
        expect(meant).toMatch(new RegExp(`/${prefix}$`));
      }),
    );
    expect(cidr("2001:db8::/32")).toBeUndefined();
    expect(cidr("2001:db8::1/64")).toMatch(/write 2001:db8::\/64$/);
    expect(cidr("::ffff:192.0.2.1/120")).toMatch(/write ::ffff:c000:200\/120$/);
    expect(cidr("::1/128")).toBeUndefined();
    expect(cidr("::/129")).toBeDefined();
  });

  it("are never anything else, whatever the text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^[0-9a-f:.]+(\/\d+)?$/i.test(text));
        expect(cidr(text)).toMatch(/^network: given ".*expected a network in CIDR form/s);
      }),
    );
  });

  it.each([
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "10.0.0.0/ 8",
    "010.0.0.0/8",
    "10.0.0/8",
    "fe80::1%eth0/64",
    "/8",
    "0.0.0.0/00",
    "::/00",
  ])("are not %j", (text) => {
    expect(cidr(text)).toBeDefined();
  });

  it.each([
    [["0.0.0.0/0"]],
    [["::/0"]],
    [["0.0.0.0/1", "128.0.0.0/1"]],
    [["0.0.0.0/1"]],
    [["64.0.0.0/2", "128.0.0.0/2", "10.0.0.0/8"]],
    [["2000::/3"]],
    [["2001:db8::/64", "2000::/4"]],
    [Array.from({ length: 128 }, (_, index) => `${index}.0.0.0/8`)],
  ])("are the whole Internet where they are half of it or more, together: %j", (networks) => {
    expect(admitsInternet(networks)).toBe(true);
  });

  it.each([
    [[]],
    [["10.0.0.0/8", "198.51.100.7/32", "2001:db8::/32"]],
    // Each counts once, however often it is there, alone or in another one.
    [["64.0.0.0/2", "64.0.0.0/2", "64.0.0.0/3", "70.0.0.0/8"]],
    [Array.from({ length: 127 }, (_, index) => `${index}.0.0.0/8`)],
  ])("are not where they are less: %j", (networks) => {
    expect(admitsInternet(networks)).toBe(false);
  });

  it("are the Internet or not whatever they are cut into", () => {
    const halves = (address: number, prefix: number, depth: number): string[] =>
      depth === 0
        ? [`${dotted(address)}/${prefix}`]
        : [address, address + 2 ** (31 - prefix)].flatMap((half) => halves(half, prefix + 1, depth - 1));
    fc.assert(
      fc.property(network, fc.integer({ min: 0, max: 4 }), ([address, prefix], depth) => {
        fc.pre(prefix + depth <= 32);
        expect(admitsInternet(halves(masked(address, prefix), prefix, depth))).toBe(prefix <= 1);
      }),
    );
  });

  it("that only Terraform will know are left alone", () => {
    expect(cidr(Token.asString({ resolve: () => "nonsense" }))).toBeUndefined();
  });
});

describe("whole numbers", () => {
  const check = (value: number): string | undefined =>
    problem(() => {
      requireInteger("quota", value, 1, 8, "GiB");
    });

  it("are accepted exactly within their bounds", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: -10, max: 20 }), fc.double()), (value) => {
        expect(check(value) === undefined).toBe(Number.isInteger(value) && value >= 1 && value <= 8);
      }),
    );
  });

  it("that only Terraform will know are refused: what stands for them would be computed with", () => {
    expect(check(Token.asNumber({ resolve: () => 2 }))).toBe(
      "quota: given a value that is known only when Terraform runs, expected a number in the code; write the number, or read it " +
        "while the app runs, from its environment for example",
    );
  });

  it("are refused with what was given and what would do", () => {
    expect(check(9)).toBe(
      "quota: given 9 GiB, expected a whole number from 1 to 8 GiB; choose a value in that range, or leave it out for the default",
    );
  });
});

describe("distinct values", () => {
  it("are told from repeated ones", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c", "d")), (values) => {
        const message = problem(() => {
          requireDistinct("names", values, "rename one");
        });
        expect(message === undefined).toBe(new Set(values).size === values.length);
      }),
    );
  });
});

describe("a validation error", () => {
  it("reads as one sentence, keeps its parts, and is an Error with a stack", () => {
    const error = new ValidationError({ what: "size", given: "1", expected: "2", mend: "double it" });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "ValidationError",
      message: "size: given 1, expected 2; double it",
      what: "size",
      given: "1",
      expected: "2",
      mend: "double it",
    });
    expect(error.stack).toContain("rules.test");
  });
});

import { bareHostKeys, NOBODYS_KEY, pinnedBastionKey, pinnedHostKey } from "../../lib/ssh/host-keys";
import type { SshBastion, SshConnection } from "../../lib";

const [ED, ECDSA, RSA] = ["ssh-ed25519 AAAAC3Nz", "ecdsa-sha2-nistp256 AAAAE2Vj", "ssh-rsa AAAAB3Nz"];
const MEMBER: SshConnection = { host: "10.0.0.7", user: "debian", agent: true, hostKeys: [ED] };
const BASTION: SshBastion = { host: "bastion.example", port: 2222, user: "jump", agent: true, hostKeys: [ED, ECDSA] };

describe("host keys", () => {
  it("are taken out of what ssh-keyscan and ssh-keygen print", () => {
    const scanned = [
      "# 192.0.2.7:22 SSH-2.0-OpenSSH_10.0p2",
      `192.0.2.7 ${RSA}`,
      `[192.0.2.7]:2222 ${ECDSA}`,
      `${ED} root@vm`,
      "",
    ];
    expect(bareHostKeys(scanned)).toEqual([RSA, ECDSA, ED]);
  });

  it("are one text for Terraform: the key alone, or lines of known_hosts behind nobody's key", () => {
    expect(pinnedHostKey(MEMBER)).toBe(ED);
    expect(pinnedHostKey({ ...MEMBER, hostKeys: [] })).toBeUndefined();
    expect(pinnedHostKey({ ...MEMBER, hostKeys: [ED, RSA], port: 22 })?.split("\n")).toEqual([
      NOBODYS_KEY,
      `10.0.0.7 ${ED}`,
      `10.0.0.7 ${RSA}`,
    ]);
    expect(pinnedHostKey({ ...MEMBER, port: 2022, bastion: BASTION })?.split("\n")).toEqual([
      NOBODYS_KEY,
      `[10.0.0.7]:2022 ${ED}`,
      `[bastion.example]:2222 ${ED}`,
      `[bastion.example]:2222 ${ECDSA}`,
    ]);
    expect(pinnedBastionKey({ ...BASTION, port: undefined, hostKeys: [RSA] }).split("\n")).toEqual([
      NOBODYS_KEY,
      `bastion.example ${RSA}`,
    ]);
  });
});

describe("nobody's key", () => {
  /** Fields of a key, each after its length. */
  const fields: Buffer[] = [];
  const blob = Buffer.from(NOBODYS_KEY.split(" ")[1], "base64");
  for (let at = 0; at < blob.length;) {
    const end = at + 4 + blob.readUInt32BE(at);
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }

  it("is one that Terraform reads: the type, 32 octets, an application", () => {
    expect(fields.map((field) => field.length)).toEqual([26, 32, 4]);
    expect(fields[0].toString()).toBe(NOBODYS_KEY.split(" ")[0]);
  });

  it("is no point of edwards25519 (RFC 8032, 5.1.3), so that no signature could ever be verified by it", () => {
    const p = 2n ** 255n - 19n;
    const power = (base: bigint, exponent: bigint): bigint => {
      let [result, square] = [1n, base % p];
      for (let left = exponent; left > 0n; left >>= 1n) {
        if (left & 1n) result = (result * square) % p;
        square = (square * square) % p;
      }
      return result;
    };
    const y = BigInt(`0x${Buffer.from(fields[1]).reverse().toString("hex")}`) & (2n ** 255n - 1n);
    const d = (p - ((121665n * power(121666n, p - 2n)) % p)) % p;
    const xSquared = (((y * y - 1n + p) % p) * power((((d * y) % p) * y + 1n) % p, p - 2n)) % p;
    // Euler's criterion: no x has that square.
    expect(power(xSquared, (p - 1n) / 2n)).toBe(p - 1n);
  });
});

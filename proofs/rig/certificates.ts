import { mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { run } from "../../lab/tools/command";

/** Files of a certificate and of the authority that signed it, as etcd and its clients take them. */
export interface CertificateFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const LIFETIME_DAYS = "2";

/**
 * One authority for members, peers and clients alike: the rig measures time, and a deployed cluster's own tests prove that
 * the two authorities it really has are kept apart. TLS costs the same round trips either way.
 */
export class RigAuthority {
  private constructor(private readonly dir: string) {}

  /** Makes the authority in a directory, which it creates. */
  public static async create(dir: string): Promise<RigAuthority> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const authority = new RigAuthority(dir);
    await openssl([
      ...["req", "-x509", "-subj", "/CN=etcd rig", "-days", LIFETIME_DAYS, ...NEW_KEY],
      ...["-keyout", authority.file("ca.key"), "-out", authority.file("ca.crt")],
    ]);
    return authority;
  }

  /** A certificate for server and client use: peers are both. */
  public async issue(name: string, addresses: readonly string[]): Promise<CertificateFiles> {
    const files = { ca: this.file("ca.crt"), cert: this.file(`${name}.crt`), key: this.file(`${name}.key`) };
    const [request, extensions] = [this.file(`${name}.csr`), this.file(`${name}.ext`)];
    const names = [`DNS:${name}`, ...addresses.map((address) => `IP:${address}`)];
    await writeFile(extensions, `extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=${names.join(",")}\n`);
    await openssl(["req", "-new", "-subj", `/CN=${name}`, ...NEW_KEY, "-keyout", files.key, "-out", request]);
    await openssl([
      ...["x509", "-req", "-in", request, "-extfile", extensions, "-days", LIFETIME_DAYS, "-out", files.cert],
      ...["-CA", files.ca, "-CAkey", this.file("ca.key")],
    ]);
    return files;
  }

  private file(name: string): string {
    return path.join(this.dir, name);
  }
}

/** The library's own default: ECDSA P-256, unencrypted. */
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

async function openssl(args: readonly string[]): Promise<void> {
  await run(["openssl", ...args], { timeoutMs: 20_000 });
}

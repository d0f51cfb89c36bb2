import { mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { run } from "terraform-lab";

/** Files of a certificate, its key and the authority that signed it, for etcd and its clients. */
export interface CertificateFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The library's default: ECDSA P-256, unencrypted. */
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Extensions of an authority's certificate. */
const AN_AUTHORITY = ["basicConstraints=critical,CA:TRUE", "keyUsage=keyCertSign,cRLSign", "subjectKeyIdentifier=hash"];

/** A certificate authority of which OpenSSL has the key, for certificates that the library does not make. All its files are in one directory. */
export class ThrowAwayAuthority {
  /** Makes an authority in a directory, which is created if it does not exist. */
  public static async create(directory: string, name: string, days: number): Promise<ThrowAwayAuthority> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const authority = new ThrowAwayAuthority(directory);
    await openssl([
      ...["req", "-x509", "-subj", `/CN=${name}`, "-days", String(days), ...NEW_KEY],
      ...["-keyout", authority.key, "-out", authority.certificate],
    ]);
    return authority;
  }

  /** An authority that there is, by its certificate and its key, in a directory, which is created if it does not exist. */
  public static async of(
    directory: string,
    certificatePem: string,
    privateKeyPem: string,
  ): Promise<ThrowAwayAuthority> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const authority = new ThrowAwayAuthority(directory);
    await writeFile(authority.certificate, certificatePem);
    await writeFile(authority.key, privateKeyPem, { mode: 0o600 });
    return authority;
  }

  private constructor(private readonly directory: string) {}

  /** File of its key. */
  public get key(): string {
    return this.file("ca.key");
  }

  /** File of the authority's certificate. */
  public get certificate(): string {
    return this.file("ca.crt");
  }

  /** Makes an authority that this one vouches for, in a directory of its own. */
  public async issueAuthority(directory: string, name: string, days: number): Promise<ThrowAwayAuthority> {
    const { cert, key } = await this.issue(name, days, AN_AUTHORITY);
    return ThrowAwayAuthority.of(directory, await readFile(cert, "utf8"), await readFile(key, "utf8"));
  }

  /**
   * Makes a key and a certificate for it.
   *
   * @param extensions of the certificate, in the syntax of OpenSSL's x509v3_config, for example
   *   "extendedKeyUsage=clientAuth"
   * @param subject of the certificate; "/" for an empty one
   */
  public async issue(
    name: string,
    days: number,
    extensions: readonly string[],
    subject = `/CN=${name}`,
  ): Promise<CertificateFiles> {
    const files = { ca: this.certificate, cert: this.file(`${name}.crt`), key: this.file(`${name}.key`) };
    const [request, extensionFile] = [this.file(`${name}.csr`), this.file(`${name}.ext`)];
    await writeFile(extensionFile, extensions.map((line) => `${line}\n`).join(""));
    await openssl(["req", "-new", "-subj", subject, ...NEW_KEY, "-keyout", files.key, "-out", request]);
    await openssl([
      ...["x509", "-req", "-in", request, "-extfile", extensionFile, "-days", String(days), "-out", files.cert],
      ...["-CA", files.ca, "-CAkey", this.key],
    ]);
    return files;
  }

  private file(name: string): string {
    return path.join(this.directory, name);
  }
}

async function openssl(args: readonly string[]): Promise<void> {
  await run(["openssl", ...args], { timeoutMs: 20_000 });
}

import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { runTool } from "../tools";

/** An authority: the files with its key and its certificate. */
export interface AuthorityFiles {
  readonly key: string;
  readonly certificate: string;
}

export type Validity = "valid" | "run out";

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const VALID = ["-days", "9"];

/** Makes certificates by OpenSSL, as node scripts read them. */
export class Certificates {
  private made = 0;
  /** Making one takes two processes, and mostly it does not matter whose it is. */
  private readonly leaves = new Map<string, AuthorityFiles>();

  /** @param directory where its files go */
  public constructor(private readonly directory: string) {}

  public authority(title: string): AuthorityFiles {
    const files = this.newFiles("ca");
    mustOpenssl(
      ...["req", "-x509", ...NEW_KEY, ...VALID, "-subj", `/CN=${title}`],
      ...["-keyout", files.key, "-out", files.certificate],
    );
    return files;
  }

  /** An authority that another one has signed. */
  public intermediate(title: string, by: AuthorityFiles): AuthorityFiles {
    return this.signed("ca", title, by, "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n", "valid");
  }

  /** The authority's certificate as it was made earlier, with the same key, and has run out. */
  public before({ key, certificate }: AuthorityFiles): AuthorityFiles {
    const { certificate: old } = this.newFiles("ca");
    runOut("x509", "-in", certificate, "-signkey", key, "-out", old);
    return { key, certificate: old };
  }

  /** A certificate for a member on 127.0.0.1, and its key; the same one each time. */
  public leaf(by: AuthorityFiles, validity: Validity = "valid"): AuthorityFiles {
    const name = `${by.certificate} ${validity}`;
    const found = this.leaves.get(name) ?? this.newLeaf(by, validity);
    this.leaves.set(name, found);
    return found;
  }

  private newLeaf(by: AuthorityFiles, validity: Validity): AuthorityFiles {
    return this.signed("leaf", "etcd-lon1", by, "subjectAltName=IP:127.0.0.1\n", validity);
  }

  private signed(kind: string, name: string, by: AuthorityFiles, has: string, validity: Validity): AuthorityFiles {
    const files = this.newFiles(kind);
    const [request, extensions] = [`${files.key}.csr`, `${files.key}.ext`];
    writeFileSync(extensions, has);
    mustOpenssl("req", "-new", ...NEW_KEY, "-subj", `/CN=${name}`, "-keyout", files.key, "-out", request);
    const sign = [
      ...["x509", "-req", "-in", request, "-extfile", extensions, "-set_serial", String(this.made)],
      ...["-CA", by.certificate, "-CAkey", by.key, "-out", files.certificate],
    ];
    if (validity === "valid") mustOpenssl(...sign, ...VALID);
    else runOut(...sign);
    return files;
  }

  private newFiles(name: string): AuthorityFiles {
    const file = path.join(this.directory, `${++this.made}-${name}`);
    return { key: `${file}.key`, certificate: `${file}.crt` };
  }
}

function openssl(...args: string[]): boolean {
  return runTool("openssl", args).status === 0;
}

function mustOpenssl(...args: string[]): void {
  const { status, output } = runTool("openssl", args);
  if (status !== 0) throw new Error(`openssl ${args.join(" ")}:\n${output}`);
}

/** Signs so that it has run out: earlier releases know no such dates, and take a negative number of days. */
function runOut(...args: string[]): void {
  if (openssl(...args, "-not_before", "20250101000000Z", "-not_after", "20260101000000Z")) return;
  mustOpenssl(...args, "-days", "-1");
}

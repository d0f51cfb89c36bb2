import { App, TerraformStack } from "cdktf";
import { Construct, IConstruct } from "constructs";
import { DigitalOceanHost, EtcdBackupProps, EtcdCluster, EtcdClusterProps, ValidationError } from "../lib";

/** Certificates, as far as the library looks into them. */
export const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

/** A real one, of nobody's and without a key, with the serial number 3FA9. */
export const CERTIFICATE = [
  "-----BEGIN CERTIFICATE-----",
  "MIIBZjCCAQ2gAwIBAgICP6kwCgYIKoZIzj0EAwIwETEPMA0GA1UEAwwGbm9ib2R5",
  "MCAXDTI2MTEzMDIwNTcwNVoYDzIxMjYxMTA2MjA1NzA1WjARMQ8wDQYDVQQDDAZu",
  "b2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARrXgV5m/RPEEbtxNdHYEOT",
  "4zck9IPZiSVhqO37SXdN2cirSV02x/Dp9XyGtgCJ+IuwbarvwDqAaSnGshxrc/uJ",
  "o1MwUTAdBgNVHQ4EFgQUFlL3ct0t6VYtodhvTS2UJEzKYigwHwYDVR0jBBgwFoAU",
  "FlL3ct0t6VYtodhvTS2UJEzKYigwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQD",
  "AgNHADBEAiAeYkB0mHYn8CdPx5W4gLfjeWFRE8iLRGUWvMG8IIT5cgIgUpWmuAvP",
  "+D9TKHnMnMfxNWt2fdVwZ7U8AurLSd+R4bc=",
  "-----END CERTIFICATE-----",
  "",
].join("\n");

/** A cluster that was made by hand, to be taken over. */
export const OLD_CLUSTER = {
  clientUrls: ["https://192.0.2.7:2379"],
  peerUrls: ["https://192.0.2.7:2380"],
  clientCaPem: PEM,
  peerCaPem: PEM,
};

/** Synthesized Terraform, as far as the tests look into it. */
export interface Synthesized {
  readonly resource: Record<string, Record<string, Record<string, unknown>>>;
  readonly output: Record<string, { readonly value: unknown; readonly sensitive?: boolean }>;
  readonly locals: Record<string, unknown>;
  readonly check?: Record<
    string,
    { readonly assert: readonly { readonly condition: string; readonly error_message: string }[] }
  >;
  /** Comments, which Terraform skips. */
  readonly "//": Record<string, unknown>;
}

export const SSH_FROM = ["198.51.100.7/32"];

/** What can be said of hosts, each thing another one than its default. */
export const SAMPLE_HOSTS = {
  clientsFrom: ["203.0.113.0/24"],
  image: "debian-12-x64",
  size: "s-4vcpu-8gb",
  monitoring: false,
  tags: ["team-a"],
  generation: 2,
  bootTimeoutSeconds: 600,
};

/** Backups with a storage, which has to be told everything. */
export const BACKUP: EtcdBackupProps = {
  storage: {
    endpoint: "https://ams3.example",
    region: "ams3",
    bucket: "backups",
    accessKeyId: "NOKEY",
    secretAccessKey: "no-secret",
    passphrase: "correct horse battery staple",
  },
};

/** What a machine of somebody else's making says of itself. */
export const FOREIGN_HOST = {
  hostName: "vm",
  location: "lon1",
  publicAddress: "198.51.100.7",
  machineId: "1",
  architecture: "amd64",
  connection: { host: "198.51.100.7", user: "root", privateKey: "k", hostKeys: ["ssh-ed25519 AAAA"] },
  downloadAtBoot: (): void => undefined,
};

/** What a stack with this content synthesizes to. */
export function synth(build: (stack: TerraformStack) => void): Synthesized {
  const stack = new TerraformStack(new App(), "test");
  build(stack);
  // Not Testing.synth: that drops the construct paths.
  stack.prepareStack();
  return JSON.parse(JSON.stringify(stack.toTerraform())) as Synthesized;
}

/** The error that building such a stack is refused with. */
export function refusalOf(build: (stack: TerraformStack) => void): ValidationError {
  try {
    synth(build);
  } catch (error) {
    if (error instanceof ValidationError) return error;
    throw error;
  }
  throw new Error("it was accepted, but must be rejected at synth");
}

/** A cluster in these regions, with whatever else is given. */
export function cluster(
  scope: Construct,
  regions: string[] = ["lon1", "nyc3", "sgp1"],
  props: Partial<EtcdClusterProps> = {},
): EtcdCluster {
  const hosts = DigitalOceanHost.inRegions(scope, regions, { sshFrom: SSH_FROM });
  return new EtcdCluster(scope, "etcd", { hosts, ...props });
}

/** All resources of a type, by the last part of their construct path. */
export function resources(synthesized: Synthesized, type: string): Record<string, Record<string, unknown>> {
  const found: Record<string, Record<string, unknown>> = {};
  for (const resource of Object.values(synthesized.resource[type] ?? {})) {
    const { metadata } = resource["//"] as { metadata: { path: string } };
    found[metadata.path.replace(/^test\//, "")] = resource;
  }
  return found;
}

/** The warnings that a stack's constructs carry. */
export function warnings(build: (stack: TerraformStack) => void): string[] {
  const stack = new TerraformStack(new App(), "test");
  build(stack);
  return warningsIn(stack);
}

/** The warnings that a construct and all below it have by now. */
export function warningsIn(scope: IConstruct): string[] {
  return scope.node
    .findAll()
    .flatMap((construct) => construct.node.metadata)
    .filter((entry) => entry.type === "@cdktf/warn")
    .map((entry) => String(entry.data));
}

import { X509Certificate } from "node:crypto";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import { App, Fn, TerraformOutput, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { AuthorityGeneration } from "../../../lib";
import { ClusterPki } from "../../../lib/pki/cluster-pki";
import { TerraformData } from "../../../lib/rollout/terraform-data";
import { useCleanup } from "../../cleanup";
import { Outcome, Workspace } from "../provider/terraform-workspace";

const MINUTES = 60_000;

interface Outputs {
  readonly trust: string;
  readonly server: string;
  readonly serverKey: string;
  readonly peer: string;
  readonly peerTrust: string;
}

const atEnd = useCleanup();
let workspace: Workspace;
let current: Outputs;

/** Only the certificates of one member, and a step that stands for its rollout and fails if it is told to. */
function stack(clientAuthority: AuthorityGeneration, step: string): unknown {
  const made = new TerraformStack(new App(), "test");
  new TlsProvider(made, "tls");
  const pki = new ClusterPki(made, "pki", "etcd", { clientAuthority });
  const member = { name: "etcd-lon1", publicAddress: "198.51.100.7", peerAddress: "198.51.100.7", grpcGateway: true };
  const { server, peer } = pki.forMember(new Construct(made, "member"), member);
  const outputs = {
    trust: pki.clientAuthority.trustPem,
    server: server.certificatePem,
    serverKey: server.privateKeyPem,
    peer: peer.certificatePem,
    peerTrust: pki.peerAuthority.trustPem,
  };
  for (const [name, value] of Object.entries(outputs)) {
    new TerraformOutput(made, name, { value, sensitive: true, staticId: true });
  }
  const install = new TerraformData(made, "install", {
    triggersReplace: { bundle: Fn.sha256(Fn.join("", [outputs.trust, outputs.server])) },
    provisioners: [{ type: "local-exec", command: step }],
  });
  new TerraformData(made, "activate", { triggersReplace: { installed: install.id } });
  made.prepareStack();
  return made.toTerraform();
}

async function apply(clientAuthority: AuthorityGeneration, step = "true"): Promise<Outcome> {
  await workspace.writeStack(stack(clientAuthority, step));
  const outcome = await workspace.apply();
  const { output } = await workspace.terraformCommand(["output", "-json"]);
  const values = JSON.parse(output) as Record<keyof Outputs, { value: string }>;
  current = Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value])) as never;
  return outcome;
}

const certificates = (pem: string): X509Certificate[] =>
  pem.match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g)?.map((one) => new X509Certificate(one)) ?? [];

/** Whether whoever trusts these authorities accepts that leaf. */
const accepts = (trust: string, leaf: string): boolean =>
  certificates(trust).some(({ publicKey }) => certificates(leaf)[0].verify(publicKey));

async function authorities(): Promise<string[]> {
  const { output } = await workspace.terraformCommand(["state", "list"]);
  return [...output.matchAll(/tls_private_key\.pki_(client-ca(-\d+)?)_/g)].map(([, name]) => name).sort();
}

beforeAll(async () => {
  workspace = await Workspace.open("http://127.0.0.1:1");
  atEnd(() => workspace.close());
  await workspace.writeStack(stack(AuthorityGeneration.of(1), "true"));
  await workspace.init();
  expect(await apply(AuthorityGeneration.of(1))).toMatchObject({ ok: true });
}, 10 * MINUTES);

describe("a rotation with the real Terraform", () => {
  it(
    "can be taken back when a stage was skipped and a member refused it: the old authority is still there",
    async () => {
      const before = current;
      expect(await apply(AuthorityGeneration.of(2), "false")).toMatchObject({
        ok: false,
        output: expect.stringContaining("local-exec provisioner error") as string,
      });
      expect(await authorities()).toEqual(["client-ca", "client-ca-2"]);

      expect(await apply(AuthorityGeneration.of(1))).toMatchObject({ ok: true });
      expect(current.trust).toBe(before.trust);
      expect(accepts(before.trust, current.server)).toBe(true);
      expect(await authorities()).toEqual(["client-ca"]);
    },
    MINUTES,
  );

  it(
    "has at every stage certificates that everybody accepts, before and after it",
    async () => {
      for (const [stage, generations] of [
        [AuthorityGeneration.introducing(2), 2],
        [AuthorityGeneration.signing(2), 2],
        [AuthorityGeneration.of(2), 1],
      ] as const) {
        const before = current;
        expect(await apply(stage)).toMatchObject({ ok: true });
        expect(certificates(current.trust)).toHaveLength(generations);
        expect(accepts(before.trust, current.server)).toBe(true);
        expect(accepts(current.trust, before.server)).toBe(true);
        expect(current.serverKey).toBe(before.serverKey);
        expect([current.peer, current.peerTrust]).toEqual([before.peer, before.peerTrust]);
        expect(await workspace.plan()).toMatchObject({ output: expect.stringContaining("No changes") as unknown });
      }
      expect(await authorities()).toEqual(["client-ca-2"]);
      expect(certificates(current.trust)[0].subject).toBe("CN=etcd client authority 2");
    },
    2 * MINUTES,
  );
});

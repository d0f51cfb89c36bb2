import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { TlsProvider } from "@cdktf/provider-tls/lib/provider";
import { Fn, TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { Outcome, Workspace } from "../../lab/clouds/digitalocean/provider/terraform-workspace";
import { AuthorityGeneration } from "../../../lib";
import { ClusterPki } from "../../../lib/pki/cluster-pki";
import { resolvePki } from "../../../lib/pki/pki-props";
import { TerraformData } from "../../../lib/terraform/terraform-data";
import { useCleanup } from "../../cleanup";

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
const declare = (clientAuthority: AuthorityGeneration, step: string): Promise<void> =>
  workspace.synth((made) => {
    new TlsProvider(made, "tls");
    const pki = new ClusterPki(made, "pki", "etcd", resolvePki({ clientAuthority }));
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
  });

async function apply(clientAuthority: AuthorityGeneration, step = "true"): Promise<Outcome> {
  await declare(clientAuthority, step);
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

interface State {
  readonly resources: { type: string; name: string; instances: { attributes: { validity_end_time?: string } }[] }[];
}

/** Has Terraform's state say that an authority ends in so many days. */
function haveEnd(authority: string, days: number): string {
  const state = JSON.parse(readFileSync(workspace.stateFile, "utf8")) as State;
  const found = state.resources.find(
    ({ type, name }) => type === "tls_self_signed_cert" && name.includes(`pki_${authority}_`),
  );
  if (found === undefined) throw new Error(`no ${authority} in the state`);
  const end = new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+/, "");
  found.instances[0].attributes.validity_end_time = end;
  writeFileSync(workspace.stateFile, JSON.stringify(state, null, 2));
  return end;
}

/** What Terraform says, which wraps its lines. */
const flat = (text: string): string => text.replace(/[\s│]+/g, " ");

async function authorities(): Promise<string[]> {
  const { output } = await workspace.terraformCommand(["state", "list"]);
  return [...output.matchAll(/tls_private_key\.pki_(client-ca(-\d+)?)_/g)].map(([, name]) => name).sort();
}

beforeAll(async () => {
  workspace = await Workspace.open("http://127.0.0.1:1");
  atEnd(() => workspace.close());
  await declare(AuthorityGeneration.of(1), "true");
  await workspace.init();
  // Of a check that can't tell yet, too, Terraform would warn.
  const output = expect.not.stringContaining("Check block") as unknown;
  expect(await apply(AuthorityGeneration.of(1))).toMatchObject({ ok: true, output });
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
        const output = expect.not.stringContaining("Check block") as unknown;
        expect(await apply(stage)).toMatchObject({ ok: true, output });
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

// These go on from there: the second generation is in use.
describe("an authority's end, with the real Terraform", () => {
  it(
    "is told in the plan a year before, and changes nothing in it",
    async () => {
      haveEnd("client-ca-2", 366);
      expect((await workspace.plan()).output).not.toContain("Check block");
      const end = haveEnd("client-ca-2", 364);
      const { ok, output } = await workspace.plan();
      expect([ok, output]).toEqual([true, expect.stringContaining("No changes.")]);
      expect(flat(output)).toContain(
        `The client authority of etcd, generation 2, ends at ${end}. Rotate it before that, in three deploys: ` +
          "pki: { clientAuthority: AuthorityGeneration.introducing(3) }, then .signing(3), then .of(3)",
      );
      expect(output).not.toContain("The peer authority");
    },
    MINUTES,
  );

  it(
    "makes it anew with its key: what either has signed, whoever trusts the other one accepts",
    async () => {
      const before = current;
      haveEnd("client-ca-2", -1);
      expect(await apply(AuthorityGeneration.of(2))).toMatchObject({ ok: true });
      expect(current.trust).not.toBe(before.trust);
      expect(current.server).not.toBe(before.server);
      const [was, is] = [before, current].map(({ trust }) => certificates(trust)[0]);
      expect([is.subject, is.publicKey.equals(was.publicKey)]).toEqual(["CN=etcd client authority 2", true]);
      expect(accepts(before.trust, current.server)).toBe(true);
      expect(accepts(current.trust, before.server)).toBe(true);
      expect([current.serverKey, current.peer, current.peerTrust]).toEqual([
        before.serverKey,
        before.peer,
        before.peerTrust,
      ]);
      const { output } = await workspace.plan();
      expect(output).toContain("No changes");
      expect(output).not.toContain("Check block");
    },
    MINUTES,
  );
});

import { Construct } from "constructs";
import { Architecture, EtcdCluster, ExistingHost, ExistingHostProps } from "../../lib";
import { resources, synth } from "../synth";

const KEY = "ssh-ed25519 AAAAC3Nz";
const BASE: ExistingHostProps = {
  location: "lon1",
  publicAddress: "198.51.100.7",
  user: "root",
  agent: true,
  hostKeys: [KEY],
};

interface Connection extends Readonly<Record<string, unknown>> {
  readonly script_path: string;
}
interface Provisioner {
  readonly "remote-exec": { readonly connection: Connection; readonly inline: readonly string[] };
}

/** What each step of a cluster of one machine does over SSH, by the step's path. */
function steps(props: Partial<ExistingHostProps> = {}): Record<string, Provisioner["remote-exec"][]> {
  const stack = synth((one) => {
    new EtcdCluster(one, "etcd", { hosts: [new ExistingHost(one, "vm", { ...BASE, ...props })] });
  });
  return Object.fromEntries(
    Object.entries(resources(stack, "terraform_data")).flatMap(([path, { provisioner }]) =>
      provisioner === undefined ? [] : [[path, (provisioner as Provisioner[]).map((each) => each["remote-exec"])]],
    ),
  );
}

describe("steps on a machine of one's own", () => {
  it("have their scripts in root's own directory, for root", () => {
    for (const [path, scripts] of Object.entries(steps()))
      expect([path, scripts.map(({ connection }) => connection.script_path)]).toEqual([
        path,
        [expect.stringMatching(/^\/root\/\.cdktf-etcd-[a-z0-9-]+\.sh$/)],
      ]);
  });

  it("have them in the user's own directory for another one, which the first step makes by a script without keys", () => {
    const all = steps({ user: "debian" });
    const [first, second] = all["etcd/vm/install"];
    expect(first.connection).toMatchObject({ user: "debian", script_path: "./.cdktf-etcd-begin.sh" });
    expect(first.inline).toEqual([expect.stringContaining("install -d -m 0700 .cdktf-etcd\n")]);
    expect(first.inline[0]).toMatch(/sudo -n true .*error: vm: \$\(id -un\) has no root's rights there/s);
    expect(first.inline[0]).not.toMatch(/\$\{/);
    expect(second.connection.script_path).toBe(".cdktf-etcd/install.sh");
    for (const [path, scripts] of Object.entries(all)) {
      expect([path, scripts.at(-1)?.connection.script_path]).toEqual([
        path,
        expect.stringMatching(/^\.cdktf-etcd\/[a-z0-9-]+\.sh$/),
      ]);
      expect(scripts).toHaveLength(path.endsWith("/install") ? 2 : 1);
    }
  });

  it("log in by one key, wherever it is", () => {
    const connection = (props: Partial<ExistingHostProps>): Connection =>
      steps({ agent: undefined, ...props })["etcd/vm/install"][0].connection;
    expect(connection({ agent: true })).toMatchObject({ agent: "true" });
    expect(connection({ agent: true })).not.toHaveProperty("private_key");
    expect(connection({ privateKey: "k" })).toMatchObject({ agent: "false", private_key: "k" });
    expect(connection({ privateKeyFile: "/keys/a" })).toMatchObject({ private_key: '${file("/keys/a")}' });
    expect(connection({ privateKeyFile: "~/.ssh/a" })).toMatchObject({
      private_key: '${file(pathexpand("~/.ssh/a"))}',
    });
    // Terraform runs in the stack's folder.
    expect(connection({ privateKeyFile: "keys/a" })).toMatchObject({
      private_key: expect.stringMatching(/^\$\{file\("(\.\.\/)+.*keys\/a"\)\}$/) as unknown,
    });
  });

  it("go through a bastion, pinned along with the machine", () => {
    const bastion = { host: "bastion.example", user: "jump", privateKeyFile: "/keys/b", hostKeys: [KEY] };
    const all = steps({ bastion, privateKeyFile: "/keys/a", agent: undefined });
    for (const [path, scripts] of Object.entries(all))
      for (const { connection } of scripts)
        expect([path, connection]).toEqual([
          path,
          expect.objectContaining({
            host: "198.51.100.7",
            host_key: expect.stringContaining(`198.51.100.7 ${KEY}\nbastion.example ${KEY}`) as unknown,
            bastion_host: "bastion.example",
            bastion_port: 22,
            bastion_user: "jump",
            bastion_private_key: '${file("/keys/b")}',
            bastion_host_key: expect.stringContaining(`\nbastion.example ${KEY}`) as unknown,
          }),
        ]);
  });
});

describe("a machine of one's own", () => {
  /** One that is not in a stack's synthesis, for its properties. */
  function host(props: Partial<ExistingHostProps> = {}): ExistingHost {
    let made: ExistingHost | undefined;
    synth((stack) => {
      made = new ExistingHost(new Construct(stack, "of"), "vm", { ...BASE, ...props });
    });
    if (made === undefined) throw new Error("no host");
    return made;
  }

  it("is told by its Ed25519 key, whichever others are named", () => {
    const rsa = "ssh-rsa AAAAB3Nz";
    expect(host({ hostKeys: [rsa, `198.51.100.7 ${KEY}`] }).machineId).toBe(KEY);
    expect(host({ hostKeys: [rsa] }).machineId).toBe(rsa);
    expect(host({ hostKeys: [], acceptAnyHostKey: true }).machineId).toBe("198.51.100.7");
    expect(host({ machineId: "serial 7" }).machineId).toBe("serial 7");
  });

  it("is its owner's: sshd and keys are left alone", () => {
    expect(host()).toMatchObject({
      hostName: "vm",
      architecture: Architecture.AMD64,
      connection: { configureSshd: false, authorizedKeys: undefined, host: "198.51.100.7", timeoutSeconds: 60 },
    });
  });

  it("warns where any machine could answer in its place", () => {
    const warned = host({ hostKeys: [], acceptAnyHostKey: true }).node.metadata.map(({ data }) => String(data));
    expect(warned).toEqual([expect.stringMatching(/^vm is logged in to whatever host key it shows .*Give hostKeys/)]);
  });

  it("may be in a private network alone", () => {
    const stack = synth((one) => {
      const at = (id: string, privateAddress: string) =>
        new ExistingHost(one, id, { ...BASE, publicAddress: undefined, privateAddress, privateNetwork: "rack" });
      new EtcdCluster(one, "etcd", { hosts: [at("a", "10.0.0.1"), at("b", "10.0.0.2"), at("c", "10.0.0.3")] });
    });
    expect(stack.output.etcd_endpoints.value).toEqual(
      expect.arrayContaining(["https://10.0.0.1:2379", "https://10.0.0.2:2379", "https://10.0.0.3:2379"]),
    );
    const { ip_addresses } = resources(stack, "tls_cert_request")["etcd/a/peer/request"];
    expect(ip_addresses).toEqual(["10.0.0.1"]);
  });
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { attempt, type CommandResult, type LabDroplet, writeAtomically } from "terraform-lab";
import { declareExample, exampleIn } from "../../proofs/apps/documented";
import type { Knobs } from "../../proofs/apps/cluster-stack";
import { LabHarness, NO_CHANGES, said } from "../../proofs/harness";
import type { EtcdctlResult, LabCluster } from "../../proofs/lab-cluster";
import { type Answer, answersTo, Verdict, verdictOf } from "../../proofs/permissions/answers";
import { everybody, filesOf, type Identity, NO_ROLE } from "../../proofs/permissions/identities";
import { openTo, tables, WrittenPart } from "../../proofs/permissions/table";
import { onNodesOf } from "./on-nodes";
import { PERMISSION_DENIED } from "./sessions";

jest.setTimeout(1_200_000);

const ROOT = path.resolve(__dirname, "..", "..");
const DOCUMENT = path.join(ROOT, "docs", "permissions.md");
/** Has the table in the document written anew instead of compared. */
const WRITES = process.env.CDKTF_ETCD_WRITE_TABLES === "yes";

const KNOBS: Knobs = {
  authorization: true,
  clients: {
    billing: { readWrite: ["/billing/"], read: ["/shared/"] },
    app: { readWrite: ["/app/"], read: ["/shared/"] },
    reader: { read: ["/app/"] },
    admin: { administrator: true },
  },
  grpcGateway: false,
};
/** Heads of their columns. */
const TRIED = { reader: "reader", app: "writer", operator: "everything", admin: "administrator" };
/** They delete what the calls of others need: one after the other. */
const WRITERS = ["writer", "everything", "administrator", "root"];

const harness = new LabHarness();
const directory = mkdtempSync(path.join(os.tmpdir(), "cdktf-etcd-permissions-"));
const { on } = onNodesOf(() => cluster);
let cluster: LabCluster;
let identities: Identity[];

/** etcdctl with a client's files. */
const as = (client: string, ...args: string[]): Promise<EtcdctlResult> => cluster.as(client, args);

/** The real command line, as the operator runs it beside the stack. */
function access(...args: string[]): Promise<CommandResult> {
  const tool = [process.execPath, "--require", "tsx/cjs", path.join(ROOT, "lib", "cli", "main.ts")];
  return attempt([...tool, "access", "--stack", harness.stackDirectory, ...args], { cwd: ROOT });
}

/** Has Terraform run the step that writes users, roles and permissions, by the command of docs/permissions.md. */
async function authorizeAgain(): Promise<string[]> {
  const document = readFileSync(DOCUMENT, "utf8");
  expect(document).toMatch(/^terraform apply -replace="\$\(terraform state list \| grep _authorize_\)"$/m);
  const list = await harness.terraform(["state", "list"]);
  const addresses = list.output.split("\n").filter((line) => line.includes("_authorize_"));
  const { exitCode, output } = await harness.terraform([
    ...["apply", `-replace=${addresses.join("\n")}`, "-auto-approve", "-input=false", "-no-color"],
  ]);
  expect([exitCode, output]).toEqual([0, expect.stringContaining("Apply complete")]);
  return said(output);
}

/** The one whose column has this head. */
function one(title: string): Identity {
  const found = identities.find((identity) => identity.title === title);
  if (found === undefined) throw new Error(`nobody is ${title}`);
  return found;
}

/** What each member answers to each call of somebody: they have to agree. */
async function answersOfAll(identity: Identity, gateway = false): Promise<Answer[]> {
  const administrator = filesOf(harness, "admin");
  const answers: Answer[][] = [];
  const ask = async (machine: LabDroplet): Promise<void> => {
    answers.push(await answersTo({ endpoint: cluster.clientUrl(machine), identity, administrator, gateway }));
  };
  if (!gateway && WRITERS.includes(identity.title)) for (const machine of cluster.machines) await ask(machine);
  else await Promise.all(cluster.machines.map(ask));
  const verdicts = answers.map((each) => each.map((answer) => [answer.call, answer.case, verdictOf(answer)]));
  for (const other of verdicts.slice(1)) expect([identity.title, other]).toEqual([identity.title, verdicts[0]]);
  return answers[0];
}

/** What each member answers to each of these people, by their titles. */
async function answersToEverybody(everyone: readonly Identity[], gateway = false): Promise<Map<string, Answer[]>> {
  const answers = new Map<string, Answer[]>();
  const ask = async (identity: Identity): Promise<void> => {
    answers.set(identity.title, await answersOfAll(identity, gateway));
  };
  const writes = ({ title }: Identity): boolean => !gateway && WRITERS.includes(title);
  await Promise.all(everyone.filter((one) => !writes(one)).map(ask));
  for (const one of everyone.filter(writes)) await ask(one);
  // In the order of their columns.
  return new Map(everyone.map(({ title }) => [title, answers.get(title) ?? []]));
}

beforeAll(async () => {
  await harness.up();
});
afterAll(async () => {
  await harness.down();
  rmSync(directory, { recursive: true, force: true });
});

// One story, in order.
describe("permissions", () => {
  it("are what the document's shortest example says, deployed as it stands there", async () => {
    const example = exampleIn("docs/permissions.md");
    await harness.deploy(
      {},
      {
        declare: (app, _knobs, env) => {
          declareExample(example, app, env);
        },
      },
    );
    cluster = await harness.cluster();
    expect(await as("billing", "put", "/billing/x", "1")).toMatchObject({ ok: true });
    expect(await as("billing", "get", "/shared/x")).toMatchObject({ ok: true });
    expect(await as("billing", "put", "/shared/x", "1")).toMatchObject(PERMISSION_DENIED);
    expect(await as("billing", "get", "--prefix", "/")).toMatchObject(PERMISSION_DENIED);
    expect(await access()).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("authorization is on, as declared") as string,
    });
  });

  describe("tried by everybody", () => {
    let columns: Map<string, Answer[]>;

    beforeAll(async () => {
      await harness.deploy(KNOBS);
      // Someone whom nobody declared.
      await on(cluster.machines[0], `etcdctl user add --no-password ${NO_ROLE}`);
      identities = await everybody(harness, directory, TRIED);
    });

    it("are the same through each member", async () => {
      columns = await answersToEverybody(identities);
    });

    it("are an administrator's for the machines' own certificate", () => {
      const verdicts = (title: string): Verdict[] | undefined => columns.get(title)?.map(verdictOf);
      expect(verdicts("root")).toEqual(verdicts("administrator"));
      columns.delete("root");
    });

    it("are those of the document's table", () => {
      const text = readFileSync(DOCUMENT, "utf8");
      const part = new WrittenPart(text, "who may call what");
      if (WRITES) writeAtomically(DOCUMENT, part.with(tables(columns)), 0o644);
      else expect(part.text).toBe(tables(columns));
    });

    it("leave open to any certificate what the document names, and nothing else", () => {
      const [, open] = readFileSync(DOCUMENT, "utf8").split("## What etcd leaves open");
      const rows = [...open.split("\n## ")[0].matchAll(/^\| ((`\w+`(, )?)+)/gm)];
      const named = rows.flatMap(([, names]) => [...names.matchAll(/\w+/g)].map(([name]) => name));
      for (const title of ["no name", "no user"]) {
        expect([title, openTo(columns.get(title) ?? [])]).toEqual([title, [...new Set(named)].sort()]);
      }
    });
  });

  describe("shown by cdktf-etcd access", () => {
    it("are as declared, with what was made by hand", async () => {
      const { status, stdout } = await access();
      expect([status, stdout]).toEqual([0, expect.not.stringContaining("DRIFT")]);
      expect(stdout).toMatch(/^ +app +\/app\/ +cdktf-etcd\/client\/app +read, write +read, write$/m);
      expect(stdout).toMatch(/^ +no-role .* by hand$/m);
    });

    it("have drifted once a hand gave more, and no longer once it was taken back", async () => {
      const [machine] = cluster.machines;
      await on(
        machine,
        "etcdctl role add extra && etcdctl role grant-permission extra read --prefix $'/x\\x1b\\xff' && etcdctl user grant-role app extra",
      );
      const { status, stdout } = await access("--json");
      const { drifted, rights } = JSON.parse(stdout) as { drifted: boolean; rights: { drift: boolean }[] };
      expect([status, drifted]).toEqual([1, true]);
      expect(rights.filter(({ drift }) => drift)).toEqual([
        expect.objectContaining({ client: "app", role: "extra", keys: "/x\\x1b\\xff", declared: null, actual: "read" }),
      ]);
      await on(machine, "etcdctl user revoke-role app extra && etcdctl role delete extra");
      expect(await access()).toMatchObject({ status: 0 });
    });
  });

  describe("after a hand", () => {
    const members = (): readonly LabDroplet[] => cluster.machines;

    it("can't be taken from root while authorization is on", async () => {
      const [machine] = members();
      for (const command of ["user revoke-role root root", "user delete root", "role delete root"]) {
        const { ok, stderr } = await cluster.on(machine, `etcdctl ${command}`);
        expect([command, ok, stderr]).toEqual([command, false, expect.stringContaining("invalid auth management")]);
      }
    });

    it("turned authorization off and broke root, are brought back by the step alone, with nobody locked out", async () => {
      const [machine] = members();
      await on(machine, "etcdctl auth disable && etcdctl user revoke-role root root && etcdctl user delete app");
      expect(await as("reader", "put", "/anything", "1")).toMatchObject({ ok: true });
      expect(await access()).toMatchObject({
        status: 1,
        stdout: expect.stringContaining("authorization is OFF") as string,
      });
      // Nothing in the code has changed, so that a plain deploy has nothing to do.
      expect((await harness.run("diff", KNOBS)).output).toContain(NO_CHANGES);
      expect(await authorizeAgain()).toContainEqual(expect.stringContaining("turns authorization on"));
      expect(await access()).toMatchObject({ status: 0 });
      expect(await as("reader", "put", "/anything", "1")).toMatchObject(PERMISSION_DENIED);
      expect(await as("app", "put", "/app/x", "1")).toMatchObject({ ok: true });
      for (const each of members()) expect(await on(each, "etcdctl user get root")).toMatch(/Roles: root/);
    });

    it("turned authorization off, are brought back by the next change of permissions, too", async () => {
      await on(members()[0], "etcdctl auth disable && etcdctl user delete root && etcdctl role delete root");
      const changed = { ...KNOBS, clients: { ...KNOBS.clients, reader: { read: ["/app/", "/shared/"] } } };
      expect(said(await harness.deploy(changed))).toContainEqual(expect.stringContaining("turns authorization on"));
      expect(await access()).toMatchObject({ status: 0 });
      expect(await as("reader", "get", "/shared/x")).toMatchObject({ ok: true });
      expect(await as("reader", "put", "/shared/x", "1")).toMatchObject(PERMISSION_DENIED);
      await harness.deploy(KNOBS);
    });
  });

  describe("through the JSON gateway", () => {
    beforeAll(async () => {
      // The roll hands leadership over, and a transfer drops the requests that it meets: it is back by the end of the deploy.
      await harness.deploy({ ...KNOBS, grpcGateway: true, leader: { automatic: false } });
    });

    it("let nobody in who shows a name, and who shows none do what etcd leaves open", async () => {
      identities = await everybody(harness, directory, TRIED);
      const answers = await answersToEverybody(identities, true);
      const letIn = (title: string): boolean => !["no certificate", "foreign authority's", "peer's"].includes(title);
      for (const [title, each] of answers) {
        const verdicts = each.map(verdictOf);
        const expected = letIn(title) ? Verdict.BAD_REQUEST : Verdict.NOT_LET_IN;
        if (title === "no name") expect(verdicts).toEqual((await answersOfAll(one(title))).map(verdictOf));
        else expect([title, ...new Set(verdicts)]).toEqual([title, expected]);
      }
    });

    it("make of a member's own certificate a client like any that has no user", async () => {
      const verdicts = async (title: string): Promise<Verdict[]> => (await answersOfAll(one(title))).map(verdictOf);
      expect(await verdicts("server's")).toEqual(await verdicts("no user"));
    });
  });
});

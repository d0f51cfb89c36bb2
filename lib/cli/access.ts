import { compareAccess } from "../authorization/compared-access";
import { machinesOf, type Machine } from "../machines/machines";
import { withSsh } from "../machines/ssh";
import { ValidationError } from "../validation-error";
import { accessJson, accessText } from "./access-text";
import { writeClientFiles } from "./access-files";
import { jsonText } from "./json-text";
import { chosenCluster, outputPrefixOf, stackOf, STACKS } from "./stack-option";
import { untilInterrupted } from "./until-interrupted";
import type { Command, Console, Typed } from "./usage";

const OPTIONS = { values: ["client", "cluster", "stack", "outputs", "out"], flags: ["json", "help"] };

/** Exit code where what is there is not what is declared. */
const DRIFTED = 1;
/** Exit code where it was interrupted: as shells report SIGINT. */
const INTERRUPTED = 130;

const HELP = `cdktf-etcd access: who may do what; or, with --client, a client's files

Usage:
  cdktf-etcd access [--stack <folder>] [--cluster <path>] [--json]
  cdktf-etcd access --client <name> [--stack <folder>] [options]
  cdktf-etcd access --client <name> --cluster <id> --outputs <file> [options]

Without --client it shows what each client may do, as the code declares it beside what is so in etcd: which needs
\`authorization\` in the code, and the way to log in to the machines that deploys take. It changes nothing. Users and roles
that were made by hand are shown, and are no drift; what declared clients have besides is.

With --client it writes that client's files, where deploys do not (clientFiles: false). Without --outputs it asks
Terraform for the one output that it needs, whatever backend the state is in. Elsewhere, hand that output over without a
file of it in between:
  terraform output -json <cluster>_client_<client>_files |
    ssh laptop npx cdktf-etcd access --client <client> --cluster <cluster> --outputs -

Options:
  --stack <folder>    the stack's folder, after cdktf synth (default: the only one in ${STACKS})
  --cluster <id>      which cluster, where the stack has several; with --outputs its outputPrefix, if it has one
  --json              print data
  --client <name>     the client, as cluster.addClient names it
  --outputs <file>    with --client: the output from a file instead; - for standard input
  --out <folder>      with --client: where its folder is made (default: etcd-access); files are 0600, folders 0700
  --help              this text

Exit codes: 0 done, ${DRIFTED} what is there is not what is declared, 2 something to mend in what was typed, ${INTERRUPTED} interrupted.
`;

/** `cdktf-etcd access`: who may do what, or a client's files. */
export const accessCommand: Command = {
  name: "access",
  summary: "who may do what, declared beside actual; or a client's files, from the outputs of a deployed stack",
  help: HELP,
  options: OPTIONS,
  run(typed, console) {
    const client = clientOf(typed);
    if (client === undefined) return show(typed, console);
    writeClientFiles(typed, client, console);
    return undefined;
  },
};

function clientOf(typed: Typed): string | undefined {
  const client = typed.value("client");
  const needs = ["outputs", "out"].find((option) => typed.value(option) !== undefined);
  if (client === undefined && typed.positionals.length === 0 && needs === undefined) return undefined;
  if (typed.positionals.length === 0 && client !== undefined && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(client))
    return client;
  throw new ValidationError({
    what: "--client",
    given: client === undefined ? (typed.positionals.at(0) ?? `nothing, and --${needs}`) : JSON.stringify(client),
    expected: "the name of a client, as cluster.addClient has it",
    mend: "name one: --client operator; or give no more than --stack and --cluster to see who may do what",
  });
}

async function show(typed: Typed, console: Console): Promise<number> {
  const stack = stackOf(typed);
  const cluster = chosenCluster(stack, typed.value("cluster"));
  const machines = machinesOf(stack, outputPrefixOf(cluster), "access", process.env);
  const found = await untilInterrupted((signal) => actualAccess(machines, signal, console));
  if (found === undefined) return INTERRUPTED;
  const compared = compareAccess(cluster.record.access, found.lines);
  const shown = { cluster: cluster.name, asked: found.name, compared };
  console.out(typed.flag("json") ? jsonText(accessJson(shown)) : accessText(shown));
  return compared.drifted ? DRIFTED : 0;
}

/** A command on each machine, by templates/authorization/authorize.sh. */
const SHOW = ["/usr/local/lib/cdktf-etcd/authorize", "--show"];

/** What the first machine that answers says of users, roles and permissions. */
function actualAccess(
  machines: ReadonlyMap<string, Machine>,
  signal: AbortSignal,
  console: Console,
): Promise<{ name: string; lines: string[] }> {
  return withSsh(process.env, async (run) => {
    const failures: string[] = [];
    for (const [name, machine] of machines) {
      const lines: string[] = [];
      const failure = await run({ name, machine, command: SHOW, signal, onLine: (line) => lines.push(line) });
      signal.throwIfAborted();
      if (failure === undefined) {
        for (const one of failures) console.error(`${one}\n`);
        return { name, lines };
      }
      failures.push(`${name}: ${failure}`);
    }
    throw new ValidationError({
      what: "access",
      given: `no answer from any machine (${failures.join("; ")})`,
      expected: "one that can be logged in to, and whose etcd answers",
      mend: "run it from a network in sshFrom, once the cluster was deployed with this version of cdktf-etcd",
    });
  });
}

import { cpSync, existsSync } from "node:fs";
import * as path from "node:path";
import type { AuthorityStage } from "../../apps/cluster-stack";
import { ageLeaves } from "../aging";
import { mustAllVote } from "../declared-members";
import { ROLL, UNNOTICED, type Operation } from "../operation";
import { mustHave, type Stage } from "../stage";

function mustNotRestart(lines: readonly string[]): void {
  const restarts = lines.filter((line) => line.endsWith(": restarting"));
  mustHave("nobody restarts", restarts.length === 0, restarts);
}

/** Less than the 90 days before the end at which the library renews them by default. */
const DAYS_LEFT = 80;

/** A deploy without an edit renews all leaf certificates, as the first one in their renewal window does. */
export const LEAVES_RENEWED: Operation = {
  name: "leaf certificates renewed",
  bars: UNNOTICED,
  perform: async (stage) => {
    const before = await serials(stage);
    ageLeaves(stage, DAYS_LEFT);
    const lines = await stage.deploy();
    const after = await serials(stage);
    const kept = after.filter((serial) => before.includes(serial));
    mustHave("every member has new certificates", kept.length === 0, { before, after });
    await mustAllVote(stage);
    return lines;
  },
  expectSaid: mustNotRestart,
};

/** Serial numbers of the members' server and peer certificates, by member, as etcd itself presents them. */
async function serials(stage: Stage): Promise<string[]> {
  const cluster = await stage.cluster();
  return Promise.all(
    cluster.machines.flatMap((machine) =>
      [2379, 2380].map(async (port) => {
        const { stdout } = await cluster.on(
          machine,
          `echo | openssl s_client -connect 127.0.0.1:${port} 2>/dev/null | openssl x509 -noout -serial`,
        );
        mustHave(`${machine.name} shows a certificate at port ${port}`, stdout.startsWith("serial="), stdout);
        return stdout.trim();
      }),
    ),
  );
}

export const SERVER_NAME_ADDED: Operation = {
  name: "name added to server certificates",
  bars: UNNOTICED,
  perform: async (stage) => {
    const name = `n${(stage.knobs.serverNames ?? []).length + 1}.etcd.example.com`;
    const lines = await stage.deploy({ serverNames: [...(stage.knobs.serverNames ?? []), name] });
    const cluster = await stage.cluster();
    for (const machine of cluster.machines) {
      const { stdout } = await cluster.on(
        machine,
        "openssl x509 -noout -ext subjectAltName -in /etc/etcd/pki/server.crt",
      );
      mustHave(`${machine.name} has ${name}`, stdout.includes(`DNS:${name}`), stdout);
    }
    await mustAllVote(stage);
    return lines;
  },
  expectSaid: mustNotRestart,
};

/** The knob of one of the authorities. */
type AuthorityKnob = "clientAuthority" | "peerAuthority";

/** The three stages of an authority's rotation, each an operation, possible after the one before. */
function rotation(knob: AuthorityKnob, whose: string): readonly Operation[] {
  const at = (stage: Stage): AuthorityStage => stage.knobs[knob] ?? { stage: "of", generation: 1 };
  const deployed = async (stage: Stage, to: AuthorityStage): Promise<string[]> => {
    const lines = await stage.deploy({ [knob]: to });
    await mustAllVote(stage);
    return lines;
  };
  return [
    {
      name: `${whose} authority: new one introduced`,
      bars: ROLL,
      applySeconds: (members) => 15 * members,
      keptCertificates: true,
      possible: (stage) => at(stage).stage === "of",
      perform: async (stage) => {
        keepOperator(stage);
        return deployed(stage, { stage: "introducing", generation: at(stage).generation + 1 });
      },
    },
    {
      name: `${whose} authority: new one signs`,
      bars: UNNOTICED,
      applySeconds: (members) => 10 * members,
      keptCertificates: true,
      possible: (stage) => at(stage).stage === "introducing",
      perform: async (stage) => {
        const lines = await deployed(stage, { ...at(stage), stage: "signing" });
        mustHave("the operator's old certificate is still good", await oldOperatorIsAdmitted(stage), knob);
        return lines;
      },
      expectSaid: mustNotRestart,
    },
    {
      name: `${whose} authority: old one forgotten`,
      bars: ROLL,
      applySeconds: (members) => 15 * members,
      possible: (stage) => at(stage).stage === "signing",
      perform: async (stage) => {
        const lines = await deployed(stage, { ...at(stage), stage: "of" });
        const refused = !(await oldOperatorIsAdmitted(stage));
        const expected = knob === "clientAuthority";
        mustHave(
          `the operator's old certificate is ${expected ? "refused" : "still good"}`,
          refused === expected,
          knob,
        );
        return lines;
      },
    },
  ];
}

export const ROTATIONS: readonly Operation[] = [
  ...rotation("clientAuthority", "clients'"),
  ...rotation("peerAuthority", "peers'"),
];

function oldOperator(stage: Stage): string {
  return path.join(stage.directory, "operator-before-rotation");
}

/** Keeps a copy of the operator's files from before a rotation. */
function keepOperator(stage: Stage): void {
  cpSync(path.join(stage.harness.paths.access, "operator"), oldOperator(stage), { recursive: true });
}

/** Whether the operator's certificate from before the rotation is still accepted, with the current authority's. */
async function oldOperatorIsAdmitted(stage: Stage): Promise<boolean> {
  const directory = oldOperator(stage);
  if (!existsSync(directory)) throw new Error(`the operator's files were not kept in ${directory}`);
  const cluster = await stage.cluster();
  const old = { ETCDCTL_CERT: path.join(directory, "client.crt"), ETCDCTL_KEY: path.join(directory, "client.key") };
  return (await cluster.etcdctl(["get", "/"], { ...cluster.environment(), ...old })).ok;
}

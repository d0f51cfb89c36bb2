import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { TEMPLATES } from "../../templates/render";

/** A fault that was in the node scripts once, or never should be, and how it's put back. */
export interface Fault {
  /** The name of the history that is kept for it. */
  readonly name: string;
  /** What the exploration has to find violated. */
  readonly invariant: string;
  /** The script, and the text in it that is replaced. */
  readonly script: string;
  readonly text: string;
  readonly faulty: string;
}

const LIVING_VOTER = "never a voter removed that lives";

export const FAULTS: readonly Fault[] = [
  {
    name: "dead after one probe",
    invariant: LIVING_VOTER,
    script: "rollout/liveness.sh",
    text: '  while [ -n "$_suspects" ]; do\n',
    faulty: '  while [ -n "$_suspects" ]; do\n    _judged=$(echo "$_suspects" | sed \'s/^./dead &/\')\n    break\n',
  },
  {
    name: "founding with a rebuilt disk",
    invariant: "nobody founds in the place of a member that was part of a quorum",
    script: "rollout/activate.sh",
    text: 'if recorded && [ "$(cat "$MAY_FOUND" 2>/dev/null)" = "$GENESIS" ]; then founder=yes; fi',
    faulty: "if recorded; then founder=yes; fi",
  },
  {
    name: "a stranger removed on the word of one",
    invariant: LIVING_VOTER,
    script: "rollout/liveness.sh",
    text: 'heard ? "heard" : (2 * silent > voters - 1 ? "dead" : "unknown")',
    faulty: 'silent ? "dead" : "heard"',
  },
  {
    name: "the join that goes on beside a new founding",
    invariant: LIVING_VOTER,
    script: "rollout/common.sh",
    text: "  systemctl is-enabled --quiet etcd-join.service || return 0\n",
    faulty: "  return 0\n",
  },
  {
    name: "the predecessor retired before the learner votes",
    invariant: LIVING_VOTER,
    script: "rollout/join.sh",
    text: 'until [ -n "$(own_entry | voters)" ]; do\n',
    faulty: '/usr/local/lib/cdktf-etcd/retire-predecessor\nuntil [ -n "$(own_entry | voters)" ]; do\n',
  },
  {
    name: "founding with nothing while a machine that may hold the data does not tell",
    invariant: "no acknowledged write dropped",
    script: "rollout/activate.sh",
    text: "  silent=$(each_leaving is_silent)\n",
    faulty: "  silent=\n",
  },
];

/** Runs `use` with a copy of templates/ that has the fault. */
export async function withFault<T>(fault: Fault, use: (templates: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(path.join(tmpdir(), "cdktf-etcd-fault-"));
  try {
    cpSync(TEMPLATES, directory, { recursive: true });
    const file = path.join(directory, fault.script);
    const parts = readFileSync(file, "utf8").split(fault.text);
    if (parts.length !== 2) {
      throw new Error(`"${fault.name}" can't be put back: ${fault.script} has its text ${parts.length - 1} times`);
    }
    writeFileSync(file, parts.join(fault.faulty));
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { BareEtcd } from "../../../proofs/etcd/bare-etcd";

const directory = mkdtempSync(path.join(tmpdir(), "bare-etcd-"));
const log = path.join(directory, "etcd.log");
const never = (): Promise<boolean> => Promise.resolve(false);

/** A program in the place of etcd that does this. */
function standIn(script: string): string {
  const file = path.join(directory, "etcd");
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

afterAll(() => {
  rmSync(directory, { recursive: true });
});

it("is given its flags and environment, and is asked until it answers", async () => {
  let asked = 0;
  const etcd = BareEtcd.start({
    program: standIn('echo "$1 $ETCD_NAME"; exec sleep 60'),
    flags: { "data-dir": "/data" },
    environment: { ETCD_NAME: "a" },
    log,
    answers: () => Promise.resolve(++asked === 2),
  });
  await etcd.untilAnswers();
  expect(asked).toBe(2);
  await etcd.kill();
  await expect(etcd.untilAnswers()).rejects.toThrow(`etcd was ended by SIGKILL; ${log} ends:\n--data-dir=/data a`);
  await etcd.kill();
});

it("that does not answer in time is an error with the end of its log", async () => {
  const etcd = BareEtcd.start({ program: standIn("echo waiting >&2; exec sleep 60"), log, answers: never });
  await expect(etcd.untilAnswers(500)).rejects.toThrow(/^etcd does not answer within 0\.5 s; [^]*\nwaiting$/);
  await etcd.kill();
});

it("that ends by itself is an error at once", async () => {
  const etcd = BareEtcd.start({ program: standIn("echo broken >&2; exit 3"), log, answers: never });
  await expect(etcd.untilAnswers()).rejects.toThrow(/^etcd ended by itself with status 3; [^]*\nbroken$/);
});

it("that is not there is an error, and nothing to kill", async () => {
  const program = path.join(directory, "none");
  const etcd = BareEtcd.start({ program, log, answers: never });
  await expect(etcd.untilAnswers()).rejects.toThrow(`etcd could not be started from ${program}; `);
  await etcd.kill();
});

import { mustHave, nameAt, type Stage } from "./stage";

/** So many fit into the time that a command on a machine has. */
const BATCH = 100;

/** Has the first member write so many values of 1 MiB each. A key's "N" is replaced by their numbers from 1 on. */
export async function putMebibytes(stage: Stage, key: string, count: number): Promise<void> {
  // One that meets a transfer of leadership hangs and fails; repeated, it is the same.
  const put = `etcdctl put ${key} </tmp/value >/dev/null`;
  const cluster = await stage.cluster();
  const machine = cluster.machine(nameAt(stage.regions[0]));
  for (let first = 1; first <= count; first += BATCH) {
    const last = Math.min(first + BATCH - 1, count);
    const { ok, stderr } = await cluster.on(
      machine,
      "head -c 1000000 /dev/urandom | base64 -w 0 | head -c 1048576 >/tmp/value; " +
        `seq ${first} ${last} | xargs -P 4 -I N sh -c '${put} || ${put}'`,
    );
    mustHave(`values ${first} to ${last} are written`, ok, stderr);
  }
}
